import { closeSync, openSync } from 'node:fs';
import { sha256 } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import { readFully } from '../base/read-fully.js';
import { directoryEntries } from './directory.js';
import type { KindName } from './kind.js';
import { pieces, Turn } from './pieces.js';
import { sqliteTables } from './sqlite-digest.js';

/** Where two artifacts of one kind differ, in the units people know them by. Rows count from 1, as lines do. */
export type ContentDifference =
  | {
      readonly unit: 'bytes';
      /** The first byte that differs, from 0. */
      readonly offset: number;
      readonly sizes: readonly [before: number, now: number];
    }
  | {
      readonly unit: 'rows';
      readonly counts: readonly [before: number, now: number];
      /** Row numbers of the earlier file that are not in the present one, and the other way round. */
      readonly removed: Numbers;
      readonly added: Numbers;
      /** Rows at the same number in both, with another content. */
      readonly changed: Numbers;
      /** The same rows in another order. */
      readonly reordered: boolean;
    }
  | { readonly unit: 'entries'; readonly removed: Names; readonly added: Names; readonly changed: Names }
  | {
      readonly unit: 'tables';
      readonly removed: Names;
      readonly added: Names;
      /** The first of them. */
      readonly changed: readonly { readonly name: string; readonly rows: readonly [before: number, now: number] }[];
      readonly changedCount: number;
      /** Columns, indexes or views differ, and no row does. */
      readonly shape: boolean;
    };

/** The first of them, and how many there are. */
export interface Numbers {
  readonly first: readonly number[];
  readonly count: number;
}
export interface Names {
  readonly first: readonly string[];
  readonly count: number;
}

const SHOWN = 20;

/** Compares what is at two absolute paths, both of the kind. @throws UserFacingError where one is not. */
export async function compareContent(kind: KindName, before: string, now: string): Promise<ContentDifference> {
  switch (kind) {
    case 'file':
      return compareBytewise(before, now);
    case 'jsonl':
      return compareRows(await rowHashes(before), await rowHashes(now));
    case 'directory':
      return compareEntries(before, now);
    case 'sqlite':
      return compareTables(before, now);
  }
}

function compareBytewise(before: string, now: string): ContentDifference {
  const files = [openSync(before, 'r'), openSync(now, 'r')] as const;
  const buffers = [Buffer.allocUnsafe(1 << 20), Buffer.allocUnsafe(1 << 20)] as const;
  const sizes: [number, number] = [0, 0];
  let offset = -1;
  try {
    for (;;) {
      const lengths = [readFully(files[0], buffers[0], null), readFully(files[1], buffers[1], null)] as const;
      const [a, b] = [buffers[0].subarray(0, lengths[0]), buffers[1].subarray(0, lengths[1])];
      if (offset < 0 && !a.equals(b)) offset = sizes[0] + firstDifference(a, b);
      sizes[0] += a.length;
      sizes[1] += b.length;
      if (a.length + b.length === 0) return { unit: 'bytes', offset: Math.max(0, offset), sizes };
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

function firstDifference(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return at;
}

/** A row as 16 hex digits of its SHA-256: what is kept of a file of millions of rows. */
async function rowHashes(path: string): Promise<string[]> {
  const hashes: string[] = [];
  const turn = new Turn();
  let begun: Buffer[] = [];
  const end = (rest: Buffer): void => {
    hashes.push(sha256(begun.length === 0 ? rest : Buffer.concat([...begun, rest])).slice(7, 23));
    begun = [];
  };
  for (const piece of pieces(path)) {
    let start = 0;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, start)) {
      end(piece.subarray(start, at));
      start = at + 1;
    }
    if (start < piece.length) begun.push(Buffer.from(piece.subarray(start)));
    if (turn.due(piece.length)) await turn.pass();
  }
  // A last row without an end is another one than the same with it: the files' bytes differ.
  if (begun.length > 0) end(Buffer.from('\0no end of line'));
  return hashes;
}

/**
 * Rows that both have in front and behind are put aside. Of as many rows between, those that differ at their number have
 * changed; otherwise rows were added and removed, which is told by their content, wherever they stand.
 */
export function compareRows(before: readonly string[], now: readonly string[]): ContentDifference {
  let start = 0;
  while (start < before.length && start < now.length && before[start] === now[start]) start++;
  let tail = 0;
  const shorter = Math.min(before.length, now.length) - start;
  while (tail < shorter && before[before.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  const [a, b] = [before.slice(start, before.length - tail), now.slice(start, now.length - tail)];
  const counts = [before.length, now.length] as const;
  const common = { unit: 'rows', counts } as const;
  const none: Numbers = { first: [], count: 0 };
  const [removed, added] = [without(a, b, start), without(b, a, start)];
  if (removed.count + added.count === 0)
    return { ...common, removed: none, added: none, changed: none, reordered: true };
  if (a.length !== b.length) return { ...common, removed, added, changed: none, reordered: false };
  const changed = collect(
    a.flatMap((row, i) => (row === b[i] ? [] : [start + i + 1])),
    SHOWN,
  );
  // What moved as well looks changed at every number: then content tells more.
  if (changed.count > removed.count) return { ...common, removed, added, changed: none, reordered: false };
  return { ...common, removed: none, added: none, changed, reordered: false };
}

/** The numbers of the rows of `rows` that `others` does not have, or has fewer of. */
function without(rows: readonly string[], others: readonly string[], start: number): Numbers {
  const there = new Map<string, number>();
  for (const row of others) there.set(row, (there.get(row) ?? 0) + 1);
  const missing: number[] = [];
  for (const [i, row] of rows.entries()) {
    const left = there.get(row) ?? 0;
    if (left > 0) there.set(row, left - 1);
    else missing.push(start + i + 1);
  }
  return collect(missing, SHOWN);
}

function collect<T>(all: readonly T[], most: number): { readonly first: readonly T[]; readonly count: number } {
  return { first: all.slice(0, most), count: all.length };
}

async function compareEntries(before: string, now: string): Promise<ContentDifference> {
  const [a, b] = [await directoryEntries(before), await directoryEntries(now)].map(
    (entries) => new Map(entries.map((entry) => [entry.name, `${entry.sha256} ${entry.executable}`])),
  ) as [Map<string, string>, Map<string, string>];
  return { unit: 'entries', ...namedDifferences(a, b) };
}

async function compareTables(before: string, now: string): Promise<ContentDifference> {
  const [a, b] = [(await sqliteTables(before)).tables, (await sqliteTables(now)).tables];
  const rows = (tables: typeof a): Map<string, number> => new Map(tables.map((table) => [table.name, table.rows]));
  const digests = (tables: typeof a): Map<string, string> =>
    new Map(tables.map((table) => [table.name, `${table.rows} ${table.digest}`]));
  const { removed, added, changed } = namedDifferences(digests(a), digests(b));
  const [rowsBefore, rowsNow] = [rows(a), rows(b)];
  return {
    unit: 'tables',
    removed,
    added,
    changed: changed.first.map((name) => ({ name, rows: [rowsBefore.get(name) ?? 0, rowsNow.get(name) ?? 0] })),
    changedCount: changed.count,
    shape: removed.count + added.count + changed.count === 0,
  };
}

function namedDifferences(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): Readonly<Record<'removed' | 'added' | 'changed', Names>> {
  const sorted = (names: readonly string[]): Names => collect([...names].sort(compareBytes), SHOWN);
  return {
    removed: sorted([...before.keys()].filter((name) => !now.has(name))),
    added: sorted([...now.keys()].filter((name) => !before.has(name))),
    changed: sorted(
      [...before].filter(([name, text]) => now.has(name) && now.get(name) !== text).map(([name]) => name),
    ),
  };
}
