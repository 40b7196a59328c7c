import type { Database, Statement } from 'better-sqlite3';
import { sha256, type Digest } from '../base/digest.js';
import { sortedEntries } from '../base/order.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { RowsQuery, SliceQuery, SqlQuery } from './kind.js';
import type { ShortRows, ShortTable } from './short-rows.js';
import { pageLayout, type PageLayout } from './sqlite-pages.js';
import { ValueHash, type SqliteValue } from './sqlite-values.js';
import { TableRows, type RowValue } from './table-rows.js';

/** So many statements are kept: a rule that writes values into its SQL never asks the same again. */
const KEPT = 16;

/** The queries of one connection. A statement is prepared once for all its arguments: parts differ in these alone. */
export class Queries {
  readonly #database: Database;
  readonly #path: string;
  /** By SQL: those that no reader is in the middle of, the one that rested longest first. */
  readonly #resting = new Map<string, PreparedQuery>();
  readonly #hash = new ValueHash();
  #isUtf8: boolean | undefined;
  readonly #file: { readonly number: number; readonly layout: PageLayout } | undefined;
  /** By one of the queries that ask for its columns; undefined where they are left to SQLite. */
  readonly #tables: { readonly query: RowsQuery; readonly table: TableRows | undefined }[] = [];

  /**
   * @param file of the database, where nothing in it changes while the connection is read and it alone has the content:
   *   then named rows are taken from its pages
   */
  constructor(database: Database, path: string, file?: number) {
    this.#database = database;
    this.#path = path;
    const layout = file === undefined ? undefined : pageLayout(file);
    if (file !== undefined && layout !== undefined) this.#file = { number: file, layout };
  }

  /**
   * The digest of what a query gives: column names, row count and all values; what the rows are, not how they were
   * asked for.
   *
   * @param short rows of the database as the connection sees it
   * @throws UserFacingError for a query that is wrong or would write.
   */
  digest(name: string, asked: SliceQuery, short?: ShortRows): Digest {
    const { columns, rows } = this.#askNotInShort(name, asked, short) ?? this.#ask(name, asked, EXACT);
    this.#hash.reset();
    let count = 0;
    for (const row of rows) {
      count++;
      if (row !== ADDED) for (const value of row) this.#hash.add(value);
    }
    return sha256(JSON.stringify(['vlmbuild rows 2', columns, count, this.#hash.digest()]));
  }

  /** Streams a query's rows as a rule sees them. */
  rows(name: string, asked: SliceQuery): Iterable<Record<string, unknown>> {
    return this.#ask(name, asked, objects('table' in asked ? (asked.bytes ?? []) : [])).rows;
  }

  #ask<Row>(name: string, asked: SliceQuery, as: RowForm<Row>): Asked<Row> {
    const table = 'table' in asked ? this.#tableOf(asked) : undefined;
    return table !== undefined && 'table' in asked
      ? { columns: asked.columns, rows: this.#fromPages(name, asked, table, as) }
      : this.#fromSqlite(name, asked, as);
  }

  #tableOf(query: RowsQuery): TableRows | undefined {
    if (this.#file === undefined || !this.#keepsUtf8()) return undefined;
    let known = this.#tables.find(({ query: other }) => isOfSameColumns(query, other));
    if (known === undefined) {
      // Each reads for itself: where one goes through the file, another looks here and there.
      known = { query, table: TableRows.of(this.#database, this.#file.number, this.#file.layout, query) };
      if (this.#tables.length === KEPT) this.#tables.length = 0;
      this.#tables.push(known);
    }
    return known.table;
  }

  *#fromPages<Row>(name: string, query: RowsQuery, table: TableRows, as: RowForm<Row>): Generator<Row> {
    const { values, columns } = query;
    const ofPages = as.ofPages(columns);
    for (let index = 0; index < values.length; index++) {
      const row = table.read(values[index] as number | string);
      if (row === 'odd') {
        // Where one is, others are.
        yield* this.#fromSqlite(name, { ...query, values: values.slice(index) }, as).rows;
        return;
      }
      if (row !== 'absent') yield ofPages(row);
    }
  }

  #askNotInShort(
    name: string,
    asked: SliceQuery,
    short: ShortRows | undefined,
  ): Asked<readonly SqliteValue[]> | undefined {
    if (short === undefined || !('table' in asked)) return undefined;
    const [table, inShort] = [this.#tableOf(asked), short.table(asked.table)];
    if (table === undefined || inShort === undefined) return undefined;
    return { columns: asked.columns, rows: this.#notInShort(name, asked, table, inShort) };
  }

  /** Rows that have to be read. Those that are known in short are added to the digest in their turn, for which `ADDED` stands. */
  *#notInShort(
    name: string,
    query: RowsQuery,
    table: TableRows,
    inShort: ShortTable,
  ): Generator<readonly SqliteValue[]> {
    const { values, columns } = query;
    const ofPages = EXACT.ofPages(columns);
    for (let index = 0; index < values.length; index++) {
      const rowid = values[index] as number | string;
      if (typeof rowid === 'number' && inShort.addTo(this.#hash, rowid, table.columns)) {
        yield ADDED;
        continue;
      }
      const row = table.read(rowid);
      if (row === 'odd') {
        yield* this.#fromSqlite(name, { ...query, values: values.slice(index) }, EXACT).rows;
        return;
      }
      if (row !== 'absent') yield ofPages(row);
    }
  }

  #fromSqlite<Row>(name: string, asked: SliceQuery, as: RowForm<Row>): Asked<Row> {
    const query = this.#sqlOf(asked);
    const prepared = this.#take(name, query);
    return { columns: prepared.columns, rows: this.#iterated(name, query, prepared, as) };
  }

  *#iterated<Row>(name: string, query: SqlQuery, prepared: PreparedQuery, as: RowForm<Row>): Generator<Row> {
    const ofSqlite = as.ofSqlite(prepared.columns);
    for (const row of iterate(prepared.statement, this.#path, name, query)) yield ofSqlite(row);
    this.#giveBack(query, prepared);
  }

  #keepsUtf8(): boolean {
    return (this.#isUtf8 ??= this.#database.pragma('encoding', { simple: true }) === 'UTF-8');
  }

  #sqlOf(query: SliceQuery): SqlQuery {
    if (!('table' in query)) return query;
    const isUtf8 = this.#keepsUtf8();
    const columns = query.columns.map((column) => {
      const name = quoted(column);
      // SQLite gives the bytes that the database keeps.
      return isUtf8 && query.bytes?.includes(column) === true
        ? `CAST(asked.${name} AS BLOB) AS ${name}`
        : `asked.${name} AS ${name}`;
    });
    return {
      sql: `SELECT ${columns.join(', ')} FROM json_each(?) AS listed
        CROSS JOIN ${quoted(query.table)} AS asked ON asked.${quoted(query.by)} = listed.value`,
      args: [JSON.stringify(query.values)],
    };
  }

  /** A statement runs once at a time: whoever asks meanwhile gets another. */
  #take(name: string, query: SqlQuery): PreparedQuery {
    const resting = this.#resting.get(query.sql);
    this.#resting.delete(query.sql);
    return resting ?? prepare(this.#database, this.#path, name, query);
  }

  /** At its end; one that a reader left in the middle is not used again. */
  #giveBack({ sql }: SqlQuery, prepared: PreparedQuery): void {
    this.#resting.set(sql, prepared);
    for (const other of this.#resting.keys()) {
      if (this.#resting.size <= KEPT) break;
      this.#resting.delete(other);
    }
  }
}

/** The digest of a slice, by its queries' results. */
export function resultsDigest(results: Readonly<Record<string, Digest>>): Digest {
  return sha256(JSON.stringify(['vlmbuild slice 1', ...sortedEntries(results)]));
}

interface Asked<Row> {
  readonly columns: readonly string[];
  /** To be read to their end, one answer at a time. */
  readonly rows: Iterable<Row>;
}

/** What rows are made into, by their columns: those of SQLite, and those that were taken from pages. */
interface RowForm<Row> {
  ofSqlite(columns: readonly string[]): (row: SqliteValue[]) => Row;
  ofPages(columns: readonly string[]): (row: RowValue[]) => Row;
}

const ADDED: readonly SqliteValue[] = [];

const EXACT: RowForm<readonly SqliteValue[]> = {
  ofSqlite: () => (row) => row,
  ofPages: () => (row) => row.map((value) => (typeof value === 'number' ? BigInt(value) : value)),
};

/** @param bytes columns whose text is wanted as its bytes */
function objects(bytes: readonly string[]): RowForm<Record<string, unknown>> {
  return {
    ofSqlite: (columns) => {
      const objectOf = objectsOf(columns);
      return (row) => {
        const object = objectOf(row.map(plain));
        for (const column of bytes) {
          const text = object[column];
          if (typeof text === 'string') object[column] = Buffer.from(text);
        }
        return object;
      };
    },
    // There they are bytes already.
    ofPages: objectsOf,
  };
}

/** An integer is a number where that is exact, else a bigint. */
function plain(value: SqliteValue): unknown {
  const exact = typeof value === 'bigint' && BigInt.asIntN(54, value) === value && value !== -(1n << 53n);
  return exact ? Number(value) : value;
}

function objectsOf(columns: readonly string[]): (row: readonly unknown[]) => Record<string, unknown> {
  if (columns.includes('__proto__'))
    return (row) => Object.fromEntries(columns.map((column, at): [string, unknown] => [column, row[at]]));
  return (row) => {
    const object: Record<string, unknown> = {};
    for (let at = 0; at < columns.length; at++) object[columns[at] as string] = row[at];
    return object;
  };
}

function isOfSameColumns(one: RowsQuery, other: RowsQuery): boolean {
  const { table, by, columns, bytes = [] } = one;
  const { bytes: otherBytes = [] } = other;
  return (
    table === other.table &&
    by === other.by &&
    columns.length === other.columns.length &&
    bytes.length === otherBytes.length &&
    columns.every((column, at) => column === other.columns[at]) &&
    bytes.every((column, at) => column === otherBytes[at])
  );
}

type RowStatement = Statement<SqliteValue[], SqliteValue[]>;

interface PreparedQuery {
  readonly statement: RowStatement;
  readonly columns: readonly string[];
}

function prepare(database: Database, path: string, name: string, query: SqlQuery): PreparedQuery {
  const statement = refusing(path, name, query, () => database.prepare<SqliteValue[], SqliteValue[]>(query.sql));
  if (!statement.reader || !statement.readonly)
    throw new UserFacingError(artifactErrors.badQuery(path, name, query.sql, 'it does not only read'));
  statement.safeIntegers().raw();
  return { statement, columns: columnsOf(statement, path, name, query) };
}

function columnsOf(statement: RowStatement, path: string, name: string, query: SqlQuery): string[] {
  const columns = statement.columns().map((column) => column.name);
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (twice !== undefined)
    throw new UserFacingError(
      artifactErrors.badQuery(path, name, query.sql, `two of its columns are called \`${twice}\``),
    );
  return columns;
}

function* iterate(statement: RowStatement, path: string, name: string, query: SqlQuery): Generator<SqliteValue[]> {
  // better-sqlite3 binds every number as REAL: whole ones are meant as integers.
  const args = (query.args ?? []).map((arg) => (Number.isSafeInteger(arg) ? BigInt(arg as number) : arg));
  const rows = refusing(path, name, query, () => statement.iterate(...args));
  yield* rows;
}

/** What SQLite says against the query itself, in the user's words. */
function refusing<T>(path: string, name: string, query: SqlQuery, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const ownFault =
      error instanceof RangeError ||
      error instanceof TypeError ||
      (error as { code?: unknown }).code === 'SQLITE_ERROR';
    if (!ownFault) throw error;
    throw new UserFacingError(artifactErrors.badQuery(path, name, query.sql, (error as Error).message));
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
