import type { Database } from 'better-sqlite3';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import type { RowsQuery, SliceQuery } from './kind.js';
import { touches, type RowRanges } from './row-ranges.js';
import { isRowidOf } from './sqlite-columns.js';
import { changesOf, changesThrough, type DatabaseMemory } from './sqlite-content.js';
import { ShortRows } from './short-rows.js';
import { DatabaseMemories, loadMemory, saveMemory } from './sqlite-memories.js';

/** Where slices are remembered, and whose they are. */
export interface SlicesMemory {
  /** That of `DatabaseMemories`. */
  readonly folder: string;
  readonly target: string;
}

/**
 * What a slice is: its digest and those of its queries' results, in order, each in hexadecimal. As one text, for there are
 * very many.
 */
export type SliceText = string;

/** A slice of named rows, which can be remembered. */
interface NamedSlice {
  readonly name: string;
  readonly queries: Readonly<Record<string, RowsQuery>>;
}

/** As saved: digests by what was asked, of the state that a read transaction saw. */
interface SavedSlices {
  /** Of its pages; undefined where these were looked at later, if ever. */
  readonly id: string | undefined;
  readonly moment: string;
  readonly slices: ReadonlyMap<string, SliceText>;
}

/**
 * What the slices of a database were when they were last listed. A slice of named rows is known without reading them where
 * the memory of the database (`DatabaseMemory`) is of the moment that a read transaction sees, and tells that none of
 * these rows can have changed since that listing. Where nothing is saved for the target, what is for others will do. Where
 * the rows of that moment are known in short, these tell what else there is to know.
 */
export class RememberedSlices {
  readonly #memories: DatabaseMemories;
  readonly #file: string;
  readonly #isRowid = new Map<string, boolean>();
  #last: { readonly saved: SavedSlices | undefined } | undefined;
  #now: KnownNow | undefined;
  readonly #listed = new Map<string, SliceText>();

  /**
   * @param memory.path of the database file, under which it is remembered
   * @param database in its read transaction, which sees `moment`
   * @param isSettled whether the file was written long enough ago for any write since to show in its times: else another
   *   program than SQLite may write other content of the same moment
   */
  constructor(
    private readonly memory: SlicesMemory & { readonly path: string },
    private readonly database: Database,
    private readonly moment: string | undefined,
    private readonly isSettled: boolean,
  ) {
    this.#memories = new DatabaseMemories(memory.folder);
    this.#file = this.#memories.slicesOf(memory.path, memory.target);
  }

  /** Undefined for what cannot be remembered. */
  named(queries: Readonly<Record<string, SliceQuery>>): NamedSlice | undefined {
    if (this.moment === undefined || !this.#isOfRows(queries)) return undefined;
    return { name: sha256(JSON.stringify(queries)).slice(-32), queries };
  }

  /** What it was when the target last listed it: most likely what it is. */
  likely({ name }: NamedSlice): SliceText | undefined {
    return this.#lastSaved()?.slices.get(name);
  }

  /** What it is, where that is known; else `digest` tells. It is asked when what the database holds has been looked at. */
  of({ name, queries }: NamedSlice, digest: (short: ShortRows | undefined) => SliceText): SliceText {
    const { moment, known, short } = (this.#now ??= this.#begin());
    if (moment === undefined) return digest(undefined);
    const saved = known?.slices.get(name);
    const text = saved === undefined || mayHaveChanged(queries, known?.changed) ? digest(short) : saved;
    this.#listed.set(name, text);
    return text;
  }

  /** Once all are listed. */
  save(): void {
    if (this.#now?.moment === undefined) return;
    const { id, moment } = this.#now;
    const saved: SavedSlices = { id, moment, slices: this.#listed };
    saveMemory(this.#file, saved);
  }

  close(): void {
    this.#now?.short?.close();
  }

  #lastSaved(): SavedSlices | undefined {
    this.#last ??= { saved: loadMemory(this.#file) as SavedSlices | undefined };
    return this.#last.saved;
  }

  #begin(): KnownNow {
    const { memory, moment, isSettled } = this;
    const { path, target } = memory;
    const last = moment === undefined ? undefined : this.#memories.load(path);
    const now = last?.moment === moment ? last : undefined;
    const saved = this.#lastSaved();
    return {
      moment: isSettled || now !== undefined ? moment : undefined,
      id: now?.id,
      known: now && ((saved && knownIn(saved, now)) ?? knownBeside(this.#memories, path, target, now)),
      short: now?.shortRows && ShortRows.open(this.#memories.shortRowsOf(path), now.shortRows),
    };
  }

  #isOfRows(queries: Readonly<Record<string, SliceQuery>>): queries is Readonly<Record<string, RowsQuery>> {
    return Object.values(queries).every((query) => {
      if (!('table' in query) || !query.values.every(Number.isSafeInteger)) return false;
      const name = `${query.by} ${query.table}`;
      let isRowid = this.#isRowid.get(name);
      if (isRowid === undefined) this.#isRowid.set(name, (isRowid = isRowidOf(this.database, query.table, query.by)));
      return isRowid;
    });
  }
}

/** What is known of the state that is listed. */
interface KnownNow {
  /** Undefined where it cannot be told: then nothing is known, and nothing saved. */
  readonly moment: string | undefined;
  readonly id: string | undefined;
  readonly known: KnownSlices | undefined;
  readonly short: ShortRows | undefined;
}

function mayHaveChanged(queries: NamedSlice['queries'], changed: ReadonlyMap<string, RowRanges> | undefined): boolean {
  if (changed === undefined) return false;
  return Object.values(queries).some(({ table, values }) => {
    if (values.length === 0) return false;
    const ranges = changed.get(table);
    return ranges === undefined || (values as readonly number[]).some((value) => touches(ranges, value, value));
  });
}

/** Slices of a state before, and what changed since: undefined where nothing did. */
interface KnownSlices {
  readonly slices: ReadonlyMap<string, SliceText>;
  readonly changed: ReadonlyMap<string, RowRanges> | undefined;
}

/** What was saved of the database itself. */
function knownIn(saved: SavedSlices, memory: DatabaseMemory): KnownSlices | undefined {
  if (isSameState(saved, memory)) return { slices: saved.slices, changed: undefined };
  const since = memory.since.find((state) => isSameState(saved, state));
  return since && { slices: saved.slices, changed: since.changed };
}

/** So many memories are looked at, which takes less than reading a database that is worth it. */
const MOST_BESIDE = 8;

/**
 * What was saved for another target, or of another database that has the same pages but for some: the digest of a slice
 * follows from what was asked and from the rows alone.
 */
function knownBeside(
  memories: DatabaseMemories,
  path: string,
  target: string,
  memory: DatabaseMemory,
): KnownSlices | undefined {
  for (const { file, pages } of memories.slicesBeside(path, target, MOST_BESIDE)) {
    const saved = loadMemory(file) as SavedSlices | undefined;
    if (saved === undefined) continue;
    if (pages === memories.fileOf(path)) {
      const known = knownIn(saved, memory);
      if (known !== undefined) return known;
      continue;
    }
    const then = loadMemory(pages) as DatabaseMemory | undefined;
    const known = then && knownIn(saved, then);
    const between = then && changesOf(then, memory);
    if (known === undefined || between === undefined) continue;
    const changed = known.changed === undefined ? between : changesThrough(known.changed, between);
    // A database of its own has no rows to tell of.
    const isAlike = [...changed].some(([table, ranges]) => {
      const { first, last } = memory.tables.get(table)?.leaves ?? NONE;
      return first.some((rowid, run) => !touches(ranges, rowid, last[run] ?? rowid));
    });
    if (isAlike) return { slices: known.slices, changed };
  }
  return undefined;
}

const NONE = { first: new Float64Array(), last: new Float64Array() };

function isSameState(
  a: Pick<SavedSlices, 'id' | 'moment'>,
  b: { readonly id: string; readonly moment: string | undefined },
): boolean {
  return a.id === b.id || a.moment === b.moment;
}

const HEX = 64;

export function sliceText(digests: readonly Digest[]): SliceText {
  return digests.map(hexOf).join('');
}

/** The digest of the slice is the first. */
export function digestIn(text: SliceText, place: number): Digest {
  return `sha256:${text.slice(place * HEX, (place + 1) * HEX)}`;
}
