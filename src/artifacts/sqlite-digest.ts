import type { Database } from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { sha256, type Digest } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import { CHUNK, ChunkDigests, joinedChunks, type Chunks } from './sqlite-chunks.js';
import type { PageWindow } from './page-window.js';
import { Turn } from './pieces.js';
import { unionOf, type RowRanges } from './row-ranges.js';
import { explain, openReadOnly } from './sqlite-open.js';
import type { LeafRuns } from './sqlite-pages.js';
import type { SqliteValue } from './sqlite-values.js';
import { isRealType } from './table-scan.js';
import { stretchesOf, type TableStretch } from './table-stretch.js';

/*
 * The logical digest of a database is the SHA-256 of a text:
 *
 *     vlmbuild sqlite 3
 *     ["table","events",[["id","INTEGER",0,1],["metadata","JSON",0,0]],1200,"sha256:…"]
 *     ["index","idx_event_type","events","CREATE INDEX …"]
 *     ["view","session_summary","session_summary","CREATE VIEW …"]
 *
 * A line a table in byte order of the names: columns as name, declared type in capitals, not null, place in the primary
 * key; how many rows; and the digest of the rows, in rowid order, or in the order of the primary key for WITHOUT ROWID
 * tables. Rowids count only where a column shows them. Then a line an index and a view, by type and name, with its SQL as
 * written.
 *
 * The digest of the rows is the SHA-256 of the SHA-256s of their chunks. Where a single column of the type INTEGER is the
 * primary key, a chunk has the rows whose value of it, divided by 32 and rounded down, is the same; else 32 rows. What a
 * chunk holds follows from the rows alone; and of a chunk whose rows are known to be what they were, nothing is read.
 * A text or blob of more than 1 KiB is its own SHA-256 there (`ValueBytes`), as in the digests of slices: it is taken once.
 *
 * Not part of it: pages, free space, page size, WAL and journal, `user_version`, `application_id`; SQLite's own tables
 * (`sqlite_sequence`, `sqlite_stat1` …: counters and statistics, not data); indexes that constraints imply; triggers,
 * defaults and constraints, which bear on writing alone. Of a virtual table its SQL counts: its rows are in its shadow
 * tables, which are digested as what they are.
 */

/** Raised together with the format of keys: outputs are known by their digests. */
export const SQLITE_DIGEST_FORMAT = 3;
const HEAD = `vlmbuild sqlite ${SQLITE_DIGEST_FORMAT}`;

interface TableDigest {
  readonly name: string;
  readonly rows: number;
  /** Of the values alone. */
  readonly digest: Digest;
  readonly chunks: Chunks;
}

/** What is known of the rows of a table that has the same columns as before. */
export interface KnownRows {
  readonly chunks: Chunks;
  /** The rows that may be others since. */
  readonly changed: RowRanges;
  /** As they are now. */
  readonly leaves: LeafRuns;
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
  readonly hidden: number;
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

/** The file of a database, whose rows may be taken from its pages: see `TableScan`. */
export interface PagesOfTables {
  readonly window: PageWindow;
  /** Of tables that are laid out as they should be: their first page. */
  readonly roots: ReadonlyMap<string, number>;
  /** Digests stretches of them; undefined for one with a row that SQLite has to read. */
  digest(stretches: readonly TableStretch[]): Promise<readonly (Chunks | undefined)[]>;
}

/**
 * @param known of a table, what is known of its rows from before
 * @param file where its text is in UTF-8
 */
export async function digestDatabase(
  database: Database,
  known: (table: string) => KnownRows | undefined = () => undefined,
  file?: PagesOfTables,
): Promise<DatabaseDigest> {
  const lines = [HEAD];
  const tables: TableDigest[] = [];
  const turn = new Turn();
  const found = database
    .prepare<[], TableRow>("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")
    .all();
  const readers = found
    .filter(isData)
    .sort((a, b) => compareBytes(a.name, b.name))
    .map((table) => {
      const columns = database
        .prepare<[string], ColumnRow>(
          'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid',
        )
        .all(table.name);
      return { table, columns, reader: new TableReader(database, table, columns, turn, known(table.name)) };
    });
  const scanned = file === undefined ? undefined : await scan(readers, file);
  for (const { table, columns, reader } of readers) {
    const chunks = scanned?.get(reader) ?? (await reader.digest());
    const rows = chunks.rows.reduce((sum, count) => sum + count, 0);
    const digest: Digest = `sha256:${createHash('sha256').update(chunks.digests).digest('hex')}`;
    tables.push({ name: table.name, rows, digest, chunks });
    const shape = columns.map((column) => [column.name, column.type.toUpperCase(), column.notnull, column.pk]);
    lines.push(JSON.stringify(['table', table.name, shape, rows, digest]));
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

/** What can be taken from pages. */
async function scan(
  readers: readonly { readonly reader: TableReader }[],
  file: PagesOfTables,
): Promise<Map<TableReader, Chunks>> {
  const all: TableStretch[] = [];
  const ends = readers.map(({ reader }) => all.push(...reader.stretches(file)));
  const digests = await file.digest(all);
  const scanned = new Map<TableReader, Chunks>();
  for (const [i, { reader }] of readers.entries()) {
    const own = digests.slice(ends[i - 1] ?? 0, ends[i]);
    const chunks = own.filter((digest) => digest !== undefined);
    if (own.length > 0 && chunks.length === own.length) scanned.set(reader, joinedChunks(chunks));
  }
  return scanned;
}

function isData(table: TableRow): boolean {
  return (table.type === 'table' || table.type === 'shadow') && !/^sqlite_/i.test(table.name);
}

/** From so many characters on a text is read as its bytes. */
const LONG = 1 << 12;
/** So many rows tell which columns have such. */
const SAMPLE = 64;
/** Columns for which a bit of an integer can tell that it came as its bytes. */
const MOST_FLAGGED = 62;

/** How rows are read, and what is done with their values. */
interface Reading {
  readonly columns: string;
  add(row: readonly SqliteValue[]): boolean;
}

/** Digests one table's rows, in one read transaction of the caller's. */
class TableReader {
  readonly #digests = new ChunkDigests();
  /** The place of a column that is the primary key by itself and has the type INTEGER; else -1. */
  readonly #key: number;
  readonly #rowid: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly table: TableRow,
    private readonly columns: readonly ColumnRow[],
    private readonly turn: Turn,
    private readonly known: KnownRows | undefined,
  ) {
    const keys = columns.filter((column) => column.pk > 0);
    this.#key =
      keys.length === 1 && keys[0]?.type.toUpperCase() === 'INTEGER' ? columns.findIndex(({ pk }) => pk > 0) : -1;
    this.#rowid = rowidName(table, columns);
  }

  async digest(): Promise<Chunks> {
    const { known } = this;
    if (known === undefined || this.#rowid === undefined) await this.#read('', [], 0);
    else if (this.#key < 0) await this.#readEnd(known, this.#rowid);
    else if (this.#isRowid()) await this.#readChanged(known, this.#rowid);
    else await this.#read('', [], 0);
    return this.#digests.taken();
  }

  /** All its rows; none where not all are wanted, or where SQLite alone tells what they are, or in which order they come. */
  stretches({ roots, window }: PagesOfTables): TableStretch[] {
    const { name } = this.table;
    const root = roots.get(name);
    const isKeyed = this.#key >= 0;
    if (root === undefined || (this.known !== undefined && this.#rowid !== undefined)) return [];
    // What is computed may not be stored, and has no place then.
    if ((isKeyed && !this.#isRowid()) || this.columns.some(({ hidden }) => hidden !== 0)) return [];
    const columns = this.columns.map(({ type }, i) => ({ isRowid: i === this.#key, isReal: isRealType(type) }));
    return stretchesOf(window, { table: name, root, columns, chunks: isKeyed ? 'by key' : 'by place' });
  }

  /** Whether the key's value is the rowid: then SQLite keeps no index for it. */
  #isRowid(): boolean {
    const origins = this.database.prepare('SELECT origin FROM pragma_index_list(?)').pluck().all(this.table.name);
    return !origins.includes('pk');
  }

  /** Chunks by key: those with a row that may have changed are read again. */
  async #readChanged({ chunks, changed }: KnownRows, rowid: string): Promise<void> {
    const stale = unionOf(changed.map(({ first, last }) => ({ first: chunkOf(first), last: chunkOf(last) })));
    let at = 0;
    const keepUntil = (number: number): void => {
      for (; at < chunks.numbers.length && (chunks.numbers[at] ?? 0) < number; at++) this.#digests.keep(chunks, at);
    };
    for (const { first, last } of stale) {
      keepUntil(first);
      while (at < chunks.numbers.length && (chunks.numbers[at] ?? 0) <= last) at++;
      const range = [BigInt(first * CHUNK), BigInt(last * CHUNK + CHUNK - 1)];
      await this.#read(`WHERE ${rowid} BETWEEN ? AND ?`, range, 0);
    }
    keepUntil(Infinity);
  }

  /** Chunks by place: from the first row that may have changed on, all are read again. */
  async #readEnd({ chunks, changed, leaves }: KnownRows, rowid: string): Promise<void> {
    const from = changed[0]?.first ?? Infinity;
    let before = 0;
    let leaf = 0;
    for (; (leaves.last[leaf] ?? Infinity) < from; leaf++) before += leaves.rows[leaf] ?? 0;
    let kept = 0;
    // The last chunk had fewer rows because there were no more.
    const isWhole = (index: number): boolean => changed.length === 0 || chunks.rows[index] === CHUNK;
    for (; kept < chunks.rows.length && kept * CHUNK + (chunks.rows[kept] ?? 0) <= before && isWhole(kept); kept++)
      this.#digests.keep(chunks, kept);
    while (before > kept * CHUNK) before -= leaves.rows[--leaf] ?? 0;
    const start = leaves.first[leaf];
    if (changed.length > 0 && start !== undefined)
      await this.#read(`WHERE ${rowid} >= ?`, [BigInt(start)], kept * CHUNK - before);
  }

  /** Reads rows as text, and where that is not exact as bytes. */
  async #read(where: string, args: readonly bigint[], skipped: number): Promise<void> {
    const { length } = this.#digests;
    if (await this.#readAs(this.#texts(), where, args, skipped)) return;
    this.#digests.takeBack(length);
    await this.#readAs(this.#bytes(), where, args, skipped);
  }

  async #readAs(reading: Reading, where: string, args: readonly bigint[], skipped: number): Promise<boolean> {
    const { turn } = this;
    const digests = this.#digests;
    const name = quoted(this.table.name);
    const order = this.#rowid === undefined ? '' : ` ORDER BY ${this.#rowid}`;
    const statement = this.database
      .prepare<bigint[], SqliteValue[]>(`SELECT ${reading.columns} FROM ${name} NOT INDEXED ${where}${order}`)
      .safeIntegers()
      .raw();
    let left = skipped;
    let number = this.#key < 0 ? digests.length : NaN;
    const end = async (): Promise<void> => {
      if (turn.due(digests.end(number))) await turn.pass();
    };
    for (const row of statement.iterate(...args)) {
      if (left > 0) {
        left--;
        continue;
      }
      if (this.#key >= 0) {
        const own = chunkOf(row[this.#key]);
        if (own !== number && digests.rows > 0) await end();
        number = own;
      } else if (digests.rows === CHUNK) {
        await end();
        number = digests.length;
      }
      if (!reading.add(row)) return false;
      digests.row();
    }
    await end();
    return true;
  }

  /**
   * Text as JavaScript strings, which is fast where they are short. It gives up at a U+FFFD: that may stand for bytes that
   * are not UTF-8, and different ones must not come out the same. In columns whose texts are long, as those of the first
   * rows tell, these come as their bytes; a last column tells which.
   */
  #texts(): Reading {
    const names = this.columns.map((column) => quoted(column.name));
    const long = this.#longColumns();
    const isLong = (name: string): string => `typeof(${name}) = 'text' AND octet_length(${name}) > ${LONG}`;
    const selected = names.map((name, i) =>
      long.includes(i) ? `CASE WHEN ${isLong(name)} THEN CAST(${name} AS BLOB) ELSE ${name} END` : name,
    );
    const flags = long.map((i) => `((${isLong(names[i] ?? '')}) << ${i})`);
    const count = names.length;
    return {
      columns: [...selected, flags.length === 0 ? '0' : flags.join(' | ')].join(', '),
      add: (row) => {
        const flagged = row[count] as bigint;
        for (let i = 0; i < count; i++) {
          const value = row[i] as SqliteValue;
          if (typeof value === 'string') {
            if (value.includes('\uFFFD')) return false;
            this.#digests.add(value);
          } else if (flagged !== 0n && value instanceof Uint8Array && ((flagged >> BigInt(i)) & 1n) === 1n)
            this.#digests.addTextBytes(value);
          else this.#digests.add(value);
        }
        return true;
      },
    };
  }

  /** The places of columns that have a long text in one of the first rows, where such can be read as bytes. */
  #longColumns(): number[] {
    if (this.database.pragma('encoding', { simple: true }) !== 'UTF-8') return [];
    const names = this.columns.slice(0, MOST_FLAGGED).map((column) => quoted(column.name));
    const lengths = names.map((name) => `max(CASE typeof(${name}) WHEN 'text' THEN octet_length(${name}) END)`);
    const first = `SELECT * FROM ${quoted(this.table.name)} NOT INDEXED LIMIT ${SAMPLE}`;
    const longest = this.database
      .prepare(`SELECT ${lengths.join(', ')} FROM (${first})`)
      .raw()
      .get() as number[];
    return longest.flatMap((length, i) => (length > LONG ? [i] : []));
  }

  /** Every text as its bytes. */
  #bytes(): Reading {
    const names = this.columns.map((column) => quoted(column.name));
    const count = names.length;
    const values = names.map((name) => `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`);
    return {
      columns: [...values, ...names.map((name) => `typeof(${name}) = 'text'`)].join(', '),
      add: (row) => {
        for (let i = 0; i < count; i++) {
          const value = row[i] as SqliteValue;
          if (row[count + i] === 1n && value instanceof Uint8Array) this.#digests.addTextBytes(value);
          else this.#digests.add(value);
        }
        return true;
      },
    };
  }
}

/** The chunk of a row with a value for its key. */
function chunkOf(key: SqliteValue | undefined): number {
  return typeof key === 'bigint' || typeof key === 'number' ? Math.floor(Number(key) / CHUNK) : NaN;
}

/**
 * A name for the rowid that is left by the columns. Without one, rows come in the order of the scan, which NOT INDEXED
 * makes that of the table itself: by rowid, or by primary key in a WITHOUT ROWID table.
 */
function rowidName(table: TableRow, columns: readonly ColumnRow[]): string | undefined {
  if (table.wr === 1) return undefined;
  const taken = new Set(columns.map((column) => column.name.toLowerCase()));
  return ['rowid', '_rowid_', 'oid'].find((alias) => !taken.has(alias));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
