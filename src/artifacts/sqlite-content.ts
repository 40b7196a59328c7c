import type { Database } from 'better-sqlite3';
import type { Digest } from '../base/digest.js';
import { statOf } from './file-stamp.js';
import { PageWindow } from './page-window.js';
import { changedRows, unionOf, type RowRanges } from './row-ranges.js';
import type { Chunks } from './sqlite-chunks.js';
import { digestDatabase, type KnownRows, type PagesOfTables } from './sqlite-digest.js';
import { momentOf } from './sqlite-moment.js';
import { ShortRowsWriter, type ShortRowsIndex } from './short-rows.js';
import { databaseFile, explain, openWithFile } from './sqlite-open.js';
import { pageLayout, readPages, type DatabasePages, type LeafRuns, type TableRoot } from './sqlite-pages.js';

/** What a database held when it was last read, and where. */
export interface DatabaseMemory {
  /** Of its pages. */
  readonly id: string;
  /** Of the file: a reader that finds it reads these pages. */
  readonly moment: string | undefined;
  /** Undefined where its rows were not read: nothing else tells what they are. */
  readonly digest: Digest | undefined;
  readonly sqlite: string;
  readonly tables: ReadonlyMap<string, TableMemory>;
  /** What has changed since states before, the newest first: the rows of tables that may be others. */
  readonly since: readonly ChangesSince[];
  /** Where there are rows in short. */
  readonly shortRows?: ShortRowsIndex | undefined;
}

interface TableMemory {
  /** As in `sqlite_schema`: what the bytes of a row mean follows from it. */
  readonly sql: string;
  readonly leaves: LeafRuns;
  /** Undefined where its rows were not read. */
  readonly chunks: Chunks | undefined;
}

export interface ChangesSince {
  /** Of the pages then, and of the file. */
  readonly id: string;
  readonly moment: string | undefined;
  /** By name. A table that is not here has no row that could be told. */
  readonly changed: ReadonlyMap<string, RowRanges>;
}

export interface DatabaseContent {
  readonly digest: Digest;
  /** Stands for the bytes of the file: another one where a page is another. */
  readonly id: string;
  /** What to remember of it, where there is anything new. */
  readonly memory?: DatabaseMemory;
}

/** So many states are told apart: parts are listed after most of them. */
const STATES = 4;
/** More ranges of one table than this are one. */
const MOST_RANGES = 10_000;

/**
 * Digests a database by what is remembered of it: all its bytes are looked at, but read are only the rows that may be
 * others. Undefined where the file alone does not tell what is in it, or is laid out otherwise than SQLite does.
 *
 * That the file was not replaced meanwhile, its stat being the same afterwards, is for the caller to see.
 *
 * @param known by the digest of its pages
 * @param shortRows the path of a file for rows in short
 */
export async function readContent(
  path: string,
  known: { readonly id: string; readonly digest: Digest } | undefined,
  before: () => DatabaseMemory | undefined,
  shortRows?: string,
): Promise<DatabaseContent | undefined> {
  return withPages(path, async (seen) => {
    const { id } = seen.pages;
    if (known?.id === id) return known;
    const comparable = comparableTo(seen, before());
    if (comparable?.id === id && comparable.digest !== undefined)
      return { digest: comparable.digest, id, memory: { ...comparable, moment: seen.moment } };
    const changes = changesBetween(comparable, seen);
    const writer = shortRows === undefined ? undefined : new ShortRowsWriter(shortRows);
    try {
      const { digest, tables } = await digestDatabase(
        seen.database,
        (table) => knownRows(table, comparable, seen.pages, changes),
        pagesOfTables(seen, writer),
      );
      const chunks = new Map(tables.map((table) => [table.name, table.chunks]));
      const memory = { ...memoryOf(seen, digest, chunks, comparable, changes), shortRows: writer?.finish() };
      return { digest, id, memory };
    } finally {
      writer?.close();
    }
  });
}

/** What to remember of a database of which no row is read. Undefined as in `readContent`. */
export async function lookAtContent(
  path: string,
  before: DatabaseMemory | undefined,
): Promise<DatabaseMemory | undefined> {
  return withPages(path, (seen) => {
    const comparable = comparableTo(seen, before);
    if (comparable?.id === seen.pages.id) return { ...comparable, moment: seen.moment };
    return memoryOf(seen, undefined, new Map(), comparable, changesBetween(comparable, seen));
  });
}

/** A database file as one read transaction sees it. */
interface Seen {
  readonly database: Database;
  readonly file: number;
  readonly pages: DatabasePages;
  readonly roots: readonly (TableRoot & { readonly sql: string })[];
  readonly moment: string | undefined;
  /** SQLite's version: what it makes of the same bytes may depend on it. */
  readonly sqlite: string;
}

async function withPages<T>(path: string, work: (seen: Seen) => T | Promise<T>): Promise<T | undefined> {
  const opened = openWithFile(path);
  try {
    const { database, file } = opened;
    database.exec('BEGIN');
    const roots = database
      .prepare<[], Seen['roots'][number]>(
        "SELECT name, rootpage, sql FROM sqlite_schema WHERE type = 'table' AND rootpage > 0",
      )
      .all();
    const name = databaseFile(path);
    if (file === undefined || hasLog(name) || !isUtf8(database)) return undefined;
    const pages = await readPages(file, roots);
    if (pages === undefined) return undefined;
    const sqlite = String(database.prepare('SELECT sqlite_source_id()').pluck().get());
    return await work({ database, file, pages, roots, moment: momentOf(name, file), sqlite });
  } catch (error) {
    throw explain(path, error);
  } finally {
    opened.close();
  }
}

function pagesOfTables(
  { file, pages, roots }: Seen,
  shortRows: ShortRowsWriter | undefined,
): PagesOfTables | undefined {
  const layout = pageLayout(file);
  if (layout === undefined) return undefined;
  const orderly = roots.filter(({ name }) => pages.tables.has(name));
  return {
    window: new PageWindow(file, layout),
    roots: new Map(orderly.map(({ name, rootpage }) => [name, rootpage])),
    shortRows,
  };
}

function comparableTo({ sqlite }: Seen, before: DatabaseMemory | undefined): DatabaseMemory | undefined {
  return before?.sqlite === sqlite ? before : undefined;
}

function memoryOf(
  { pages, roots, moment, sqlite }: Seen,
  digest: Digest | undefined,
  chunks: ReadonlyMap<string, Chunks>,
  before: DatabaseMemory | undefined,
  changes: ReadonlyMap<string, RowRanges>,
): DatabaseMemory {
  const tables = new Map<string, TableMemory>();
  for (const { name, sql } of roots) {
    const leaves = pages.tables.get(name);
    if (leaves !== undefined) tables.set(name, { sql, leaves, chunks: chunks.get(name) });
  }
  const since = before === undefined ? [] : sinceAll(before, changes);
  return { id: pages.id, moment, digest, sqlite, tables, since };
}

function hasLog(path: string): boolean {
  return ['-wal', '-journal'].some((suffix) => (statOf(path + suffix)?.size ?? 0n) > 0n);
}

/** In the other encodings the same bytes are another text; and all texts of a table are digested alike, or none. */
function isUtf8(database: Database): boolean {
  return database.pragma('encoding', { simple: true }) === 'UTF-8';
}

function changesBetween(before: DatabaseMemory | undefined, { pages: now, roots }: Seen): Map<string, RowRanges> {
  const tables = roots.flatMap(({ name, sql }) => {
    const leaves = now.tables.get(name);
    return leaves === undefined ? [] : [[name, { sql, leaves }] as const];
  });
  return changesTo(tables, before);
}

/** In which rows what is remembered of two databases differs; undefined where nothing tells. */
export function changesOf(before: DatabaseMemory, now: DatabaseMemory): ReadonlyMap<string, RowRanges> | undefined {
  return before.sqlite === now.sqlite ? changesTo(now.tables, before) : undefined;
}

/** Of the tables that both have, with the same columns. */
function changesTo(
  now: Iterable<readonly [name: string, Pick<TableMemory, 'sql' | 'leaves'>]>,
  before: DatabaseMemory | undefined,
): Map<string, RowRanges> {
  const changes = new Map<string, RowRanges>();
  for (const [name, { sql, leaves }] of now) {
    const was = before?.tables.get(name);
    if (was?.sql === sql) changes.set(name, changedRows(was.leaves, leaves));
  }
  return changes;
}

function knownRows(
  table: string,
  before: DatabaseMemory | undefined,
  now: DatabasePages,
  changes: ReadonlyMap<string, RowRanges>,
): KnownRows | undefined {
  const [was, leaves, changed] = [before?.tables.get(table), now.tables.get(table), changes.get(table)];
  if (was?.chunks === undefined || leaves === undefined || changed === undefined) return undefined;
  return { chunks: was.chunks, changed, leaves };
}

/** What changed since the state before, and since those that it tells of. */
function sinceAll(before: DatabaseMemory, changes: ReadonlyMap<string, RowRanges>): ChangesSince[] {
  const latest = { id: before.id, moment: before.moment, changed: changes };
  const older = before.since.map(({ id, moment, changed }): ChangesSince => {
    return { id, moment, changed: changesThrough(changed, changes) };
  });
  return [latest, ...older].slice(0, STATES);
}

/** What one change and another after it come to, of the tables that both tell of. */
export function changesThrough(
  first: ReadonlyMap<string, RowRanges>,
  then: ReadonlyMap<string, RowRanges>,
): Map<string, RowRanges> {
  const both = new Map<string, RowRanges>();
  for (const [table, ranges] of first) {
    const more = then.get(table);
    if (more !== undefined) both.set(table, bounded(unionOf([...ranges, ...more])));
  }
  return both;
}

function bounded(ranges: RowRanges): RowRanges {
  const [first, last] = [ranges[0], ranges.at(-1)];
  return ranges.length > MOST_RANGES && first !== undefined && last !== undefined
    ? [{ first: first.first, last: last.last }]
    : ranges;
}
