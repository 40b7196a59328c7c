import type { Database } from 'better-sqlite3';
import type { Digest } from '../base/digest.js';
import { DatabaseDigesting, type DatabaseThread } from './database-thread.js';
import { statOf } from './file-stamp.js';
import { PageWindow } from './page-window.js';
import { changedRows, unionOf, type RowRanges } from './row-ranges.js';
import type { Chunks } from './sqlite-chunks.js';
import { digestDatabase, type DatabaseDigest, type KnownRows } from './sqlite-digest.js';
import { momentOf } from './sqlite-moment.js';
import { ShortRowsWriter, type ShortRowsIndex } from './short-rows.js';
import { databaseFile, explain, openWithFile } from './sqlite-open.js';
import {
  pageLayout,
  readPages,
  type DatabasePages,
  type LeafRuns,
  type PageLayout,
  type TableRoot,
} from './sqlite-pages.js';

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

/** What may be known of a database, and where what is found goes. */
export interface ReadingContent {
  /** By the digest of its pages. */
  readonly known?: { readonly id: string; readonly digest: Digest } | undefined;
  readonly before?: (() => DatabaseMemory | undefined) | undefined;
  /** The path of a file for rows in short. */
  readonly shortRows?: string | undefined;
  /** Digests with this one. */
  readonly thread?: DatabaseThread | undefined;
}

/**
 * Digests a database by what is remembered of it: all its bytes are looked at, but read are only the rows that may be
 * others. Undefined where the file alone does not tell what is in it, or is laid out otherwise than SQLite does.
 *
 * That the file was not replaced meanwhile, its stat being the same afterwards, is for the caller to see.
 */
export async function readContent(path: string, reading: ReadingContent): Promise<DatabaseContent | undefined> {
  const { known, before } = reading;
  return withFile(path, async (opened) => {
    const first = known === undefined ? before?.() : undefined;
    if (known === undefined && first === undefined) return readNew(opened, reading);
    const pages = await readPages(opened.file, opened.roots);
    if (pages === undefined) return undefined;
    const { id } = pages;
    if (known?.id === id) return known;
    const seen = { ...opened, pages };
    const comparable = comparableTo(seen, first ?? before?.());
    if (comparable?.id === id && comparable.digest !== undefined)
      return { digest: comparable.digest, id, memory: { ...comparable, moment: seen.moment } };
    const changes = changesBetween(comparable, seen);
    return digestSeen(seen, reading, comparable, changes);
  });
}

/** Of a database of which nothing is known its rows can be read before all of its pages are. */
async function readNew(opened: Opened, reading: ReadingContent): Promise<DatabaseContent | undefined> {
  const { file, layout, roots, database } = opened;
  const shortRows = writerOf(reading);
  const window = new PageWindow(file, layout);
  const digesting = new DatabaseDigesting(file, window, shortRows, reading.thread, roots);
  const scanned = new Set<string>();
  let digested: DatabaseDigest;
  let pages: DatabasePages | undefined;
  try {
    digested = await digestDatabase(database, () => undefined, {
      window,
      roots: rootsOf(roots),
      digest: (stretches) => {
        for (const { table } of stretches) scanned.add(table);
        return digesting.digest(stretches);
      },
    });
    pages = await digesting.pages();
  } finally {
    await digesting.close();
    shortRows?.close();
  }
  if (pages === undefined) return undefined;
  const seen = { ...opened, pages };
  const { tables } = pages;
  // What a scan found in a tree that is not as it should be SQLite might not find.
  if ([...scanned].some((name) => !tables.has(name))) return digestSeen(seen, reading, undefined, new Map());
  return contentOf(seen, digested, shortRows, undefined, new Map());
}

async function digestSeen(
  seen: Seen,
  reading: ReadingContent,
  comparable: DatabaseMemory | undefined,
  changes: ReadonlyMap<string, RowRanges>,
): Promise<DatabaseContent> {
  const { database, file, layout, pages, roots } = seen;
  const shortRows = writerOf(reading);
  const window = new PageWindow(file, layout);
  const digesting = new DatabaseDigesting(file, window, shortRows, reading.thread);
  try {
    const digested = await digestDatabase(database, (table) => knownRows(table, comparable, pages, changes), {
      window,
      roots: rootsOf(roots.filter(({ name }) => pages.tables.has(name))),
      digest: (stretches) => digesting.digest(stretches),
    });
    return contentOf(seen, digested, shortRows, comparable, changes);
  } finally {
    await digesting.close();
    shortRows?.close();
  }
}

function writerOf({ shortRows }: ReadingContent): ShortRowsWriter | undefined {
  return shortRows === undefined ? undefined : new ShortRowsWriter(shortRows);
}

function rootsOf(tables: readonly TableRoot[]): Map<string, number> {
  return new Map(tables.map(({ name, rootpage }) => [name, rootpage]));
}

function contentOf(
  seen: Seen,
  { digest, tables }: DatabaseDigest,
  shortRows: ShortRowsWriter | undefined,
  comparable: DatabaseMemory | undefined,
  changes: ReadonlyMap<string, RowRanges>,
): DatabaseContent {
  const chunks = new Map(tables.map((table) => [table.name, table.chunks]));
  const memory = { ...memoryOf(seen, digest, chunks, comparable, changes), shortRows: shortRows?.finish() };
  return { digest, id: seen.pages.id, memory };
}

/** What to remember of a database of which no row is read. Undefined as in `readContent`. */
export async function lookAtContent(
  path: string,
  before: DatabaseMemory | undefined,
): Promise<DatabaseMemory | undefined> {
  return withFile(path, async (opened) => {
    const pages = await readPages(opened.file, opened.roots);
    if (pages === undefined) return undefined;
    const seen = { ...opened, pages };
    const comparable = comparableTo(seen, before);
    if (comparable?.id === pages.id) return { ...comparable, moment: seen.moment };
    return memoryOf(seen, undefined, new Map(), comparable, changesBetween(comparable, seen));
  });
}

/** A database file as one read transaction sees it. */
interface Opened {
  readonly database: Database;
  readonly file: number;
  readonly layout: PageLayout;
  readonly roots: readonly (TableRoot & { readonly sql: string })[];
  readonly moment: string | undefined;
  /** SQLite's version: what it makes of the same bytes may depend on it. */
  readonly sqlite: string;
}

/** With its pages. */
interface Seen extends Opened {
  readonly pages: DatabasePages;
}

async function withFile<T>(path: string, work: (opened: Opened) => Promise<T>): Promise<T | undefined> {
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
    const layout = pageLayout(file);
    if (layout === undefined) return undefined;
    const sqlite = String(database.prepare('SELECT sqlite_source_id()').pluck().get());
    return await work({ database, file, layout, roots, moment: momentOf(name, file), sqlite });
  } catch (error) {
    throw explain(path, error);
  } finally {
    opened.close();
  }
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
