import type { Database } from 'better-sqlite3';
import { sha256, type Digest } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import { Turn } from './pieces.js';
import { explain, openReadOnly } from './sqlite-open.js';
import { ValueHash, type SqliteValue } from './sqlite-values.js';

/*
 * The logical digest of a database is the SHA-256 of a text:
 *
 *     vlmbuild sqlite 1
 *     ["table","events",[["id","INTEGER",0,1],["metadata","JSON",0,0]],1200,"sha256:…"]
 *     ["index","idx_event_type","events","CREATE INDEX …"]
 *     ["view","session_summary","session_summary","CREATE VIEW …"]
 *
 * A line a table in byte order of the names: columns as name, declared type in capitals, not null, place in the primary
 * key; how many rows; and the digest of all values (ValueHash), row by row in rowid order, or in the order of the
 * primary key for WITHOUT ROWID tables. Rowids count only where a column shows them. Then a line an index and a view,
 * by type and name, with its SQL as written.
 *
 * Not part of it: pages, free space, page size, WAL and journal, `user_version`, `application_id`; SQLite's own tables
 * (`sqlite_sequence`, `sqlite_stat1` …: counters and statistics, not data); indexes that constraints imply; triggers,
 * defaults and constraints, which bear on writing alone. Of a virtual table its SQL counts: its rows are in its shadow
 * tables, which are digested as what they are.
 */

const HEAD = 'vlmbuild sqlite 1';

interface TableDigest {
  readonly name: string;
  readonly rows: number;
  /** Of the values alone. */
  readonly digest: Digest;
}

export interface DatabaseDigest {
  readonly digest: Digest;
  readonly tables: readonly TableDigest[];
}

/** The logical digest of a database. `path` may be a folder that sqld wrote. @throws UserFacingError */
export async function sqliteDigest(path: string): Promise<Digest> {
  return (await sqliteTables(path)).digest;
}

/** As `sqliteDigest`, table by table: what a comparison names. */
export async function sqliteTables(path: string): Promise<DatabaseDigest> {
  const opened = openReadOnly(path);
  const { database } = opened;
  try {
    // One read transaction: everything is of one moment, even while somebody writes.
    database.exec('BEGIN');
    return await digestDatabase(database);
  } catch (error) {
    throw explain(path, error);
  } finally {
    opened.close();
  }
}

interface TableRow {
  readonly name: string;
  readonly type: 'table' | 'view' | 'shadow' | 'virtual';
  readonly wr: 0 | 1;
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

async function digestDatabase(database: Database): Promise<DatabaseDigest> {
  const lines = [HEAD];
  const tables: TableDigest[] = [];
  const turn = new Turn();
  const found = database
    .prepare<[], TableRow>("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")
    .all();
  for (const table of found.filter(isData).sort((a, b) => compareBytes(a.name, b.name))) {
    const columns = database
      .prepare<[string], ColumnRow>('SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) ORDER BY cid')
      .all(table.name);
    const content = await digestTable(database, table, columns, turn);
    tables.push(content);
    const shape = columns.map((column) => [column.name, column.type.toUpperCase(), column.notnull, column.pk]);
    lines.push(JSON.stringify(['table', table.name, shape, content.rows, content.digest]));
  }
  const schema = database.prepare<[], SchemaRow>('SELECT type, name, tbl_name, sql FROM sqlite_schema').all();
  const virtual = new Set(found.filter((table) => table.type === 'virtual').map((table) => table.name));
  const texts = schema
    .filter((row) => row.sql !== null && (/^(index|view)$/.test(row.type) || virtual.has(row.name)))
    .map((row) => [row.type, row.name, row.tbl_name, row.sql ?? ''] as const);
  texts.sort((a, b) => compareBytes(a[0], b[0]) || compareBytes(a[1], b[1]));
  lines.push(...texts.map((text) => JSON.stringify(text)));
  return { digest: sha256(`${lines.join('\n')}\n`), tables };
}

function isData(table: TableRow): boolean {
  return (table.type === 'table' || table.type === 'shadow') && !/^sqlite_/i.test(table.name);
}

async function digestTable(
  database: Database,
  table: TableRow,
  columns: readonly ColumnRow[],
  turn: Turn,
): Promise<TableDigest> {
  const fast = await digestRows(database, table, columns, 'text', turn);
  return fast ?? (await digestRows(database, table, columns, 'bytes', turn)) ?? neverUndefined();
}

function neverUndefined(): never {
  throw new Error('bytes are always exact');
}

/**
 * `text` reads text as JavaScript strings, which is fast, and gives up (undefined) at a U+FFFD: it may stand for bytes
 * that are not UTF-8, and different ones must not come out the same. `bytes` reads every text as its bytes.
 */
async function digestRows(
  database: Database,
  table: TableRow,
  columns: readonly ColumnRow[],
  read: 'text' | 'bytes',
  turn: Turn,
): Promise<TableDigest | undefined> {
  const names = columns.map((column) => quoted(column.name));
  const selected =
    read === 'text'
      ? names
      : names.flatMap((name) => [
          `typeof(${name}) = 'text'`,
          `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`,
        ]);
  const statement = database
    .prepare<[], SqliteValue[]>(
      `SELECT ${selected.join(', ')} FROM ${quoted(table.name)} NOT INDEXED${order(table, columns)}`,
    )
    .safeIntegers()
    .raw();
  const hash = new ValueHash();
  let rows = 0;
  let before = 0;
  for (const row of statement.iterate()) {
    rows++;
    if (read === 'text') {
      for (const value of row) {
        if (typeof value === 'string' && value.includes('\uFFFD')) return undefined;
        hash.add(value);
      }
    } else {
      for (let at = 0; at < row.length; at += 2) {
        const value = row[at + 1] ?? null;
        if (row[at] === 1n && value instanceof Uint8Array) hash.addTextBytes(value);
        else hash.add(value);
      }
    }
    if (turn.due(hash.bytes - before + 1)) await turn.pass();
    before = hash.bytes;
  }
  return { name: table.name, rows, digest: hash.digest() };
}

/**
 * Rowid order where a name for the rowid is left by the columns. Otherwise the order of the scan, which NOT INDEXED
 * makes that of the table itself: by rowid, or by primary key in a WITHOUT ROWID table.
 */
function order(table: TableRow, columns: readonly ColumnRow[]): string {
  if (table.wr === 1) return '';
  const taken = new Set(columns.map((column) => column.name.toLowerCase()));
  const name = ['rowid', '_rowid_', 'oid'].find((alias) => !taken.has(alias));
  return name === undefined ? '' : ` ORDER BY ${name}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
