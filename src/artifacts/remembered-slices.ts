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

/** What a slice was when it was listed. */
export interface ListedSlice {
  readonly digest: Digest;
  /** By query. */
  readonly results: Readonly<Record<string, Digest>>;
}

/** As saved: digests by what was asked, of the state that a read transaction saw. */
interface SavedSlices {
  /** Of its pages; undefined where these were looked at later, if ever. */
  readonly id: string | undefined;
  readonly moment: string;
  readonly slices: ReadonlyMap<string, string>;
}

/**
 * What the slices of a database were when they were last listed. A slice of named rows is known without reading them where
 * the memory of the database (`DatabaseMemory`) is of the moment that a read transaction sees, and tells that none of
 * these rows can have changed since that listing. Where nothing is saved for the target, what is for others will do. Where
 * the rows of that moment are known in short, these tell what else there is to know.
 */
export class RememberedSlices {
  readonly #file: string;
  readonly #known: ReadonlyMap<string, string>;
  /** What changed since; undefined where nothing did. */
  readonly #changed: ReadonlyMap<string, RowRanges> | undefined;
  readonly #isRowid = new Map<string, boolean>();
  /** The state that is listed; undefined where it cannot be told: then nothing is known, and nothing saved. */
  readonly #moment: string | undefined;
  readonly #id: string | undefined;
  readonly #listed = new Map<string, string>();
  readonly #short: ShortRows | undefined;

  /**
   * @param memory.path of the database file, under which it is remembered
   * @param database in its read transaction, which sees `moment`
   * @param isSettled whether the file was written long enough ago for any write since to show in its times: else another
   *   program than SQLite may write other content of the same moment
   */
  constructor(
    { folder, target, path }: SlicesMemory & { readonly path: string },
    private readonly database: Database,
    moment: string | undefined,
    isSettled: boolean,
  ) {
    const memories = new DatabaseMemories(folder);
    this.#file = memories.slicesOf(path, target);
    const last = moment === undefined ? undefined : memories.load(path);
    const memory = last?.moment === moment ? last : undefined;
    this.#moment = isSettled || memory !== undefined ? moment : undefined;
    this.#id = memory?.id;
    const known = memory && (knownIn(this.#file, memory) ?? knownBeside(memories, path, target, memory));
    this.#known = known?.slices ?? new Map();
    this.#changed = known?.changed;
    this.#short = memory?.shortRows && ShortRows.open(memories.shortRowsOf(path), memory.shortRows);
  }

  /** What the slice is, where that is known; else `digest` tells. */
  of(
    queries: Readonly<Record<string, SliceQuery>>,
    digest: (short: ShortRows | undefined) => ListedSlice,
  ): ListedSlice {
    if (this.#moment === undefined || !this.#isOfRows(queries)) return digest(undefined);
    const name = sha256(JSON.stringify(queries)).slice(-32);
    const saved = this.#known.get(name);
    if (saved !== undefined && !this.#mayHaveChanged(queries)) {
      this.#listed.set(name, saved);
      return listedSlice(saved, Object.keys(queries));
    }
    const slice = digest(this.#short);
    this.#listed.set(name, [slice.digest, ...Object.values(slice.results)].map(hexOf).join(''));
    return slice;
  }

  /** Once all are listed. */
  save(): void {
    if (this.#moment === undefined) return;
    const saved: SavedSlices = { id: this.#id, moment: this.#moment, slices: this.#listed };
    saveMemory(this.#file, saved);
  }

  close(): void {
    this.#short?.close();
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

  #mayHaveChanged(queries: Readonly<Record<string, RowsQuery>>): boolean {
    const changed = this.#changed;
    if (changed === undefined) return false;
    return Object.values(queries).some(({ table, values }) => {
      if (values.length === 0) return false;
      const ranges = changed.get(table);
      return ranges === undefined || (values as readonly number[]).some((value) => touches(ranges, value, value));
    });
  }
}

/** Slices of a state before, and what changed since: undefined where nothing did. */
interface KnownSlices {
  readonly slices: ReadonlyMap<string, string>;
  readonly changed: ReadonlyMap<string, RowRanges> | undefined;
}

/** What was saved of the database itself. */
function knownIn(file: string, memory: DatabaseMemory): KnownSlices | undefined {
  const saved = loadMemory(file) as SavedSlices | undefined;
  if (saved === undefined) return undefined;
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
    if (pages === memories.fileOf(path)) {
      const known = knownIn(file, memory);
      if (known !== undefined) return known;
      continue;
    }
    const then = loadMemory(pages) as DatabaseMemory | undefined;
    const known = then && knownIn(file, then);
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

function listedSlice(saved: string, names: readonly string[]): ListedSlice {
  const digest = (at: number): Digest => `sha256:${saved.slice(at * HEX, (at + 1) * HEX)}`;
  return { digest: digest(0), results: Object.fromEntries(names.map((name, i) => [name, digest(i + 1)])) };
}
