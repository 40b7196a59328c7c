import type { Database, Statement } from 'better-sqlite3';
import { sha256, type Digest } from '../base/digest.js';
import { sortedEntries } from '../base/order.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { SliceQuery, SqlQuery } from './kind.js';
import { ValueHash, type SqliteValue } from './sqlite-values.js';

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

  constructor(database: Database, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /**
   * The digest of what a query gives: column names, row count and all values; what the rows are, not how they were
   * asked for.
   *
   * @throws UserFacingError for a query that is wrong or would write.
   */
  digest(name: string, asked: SliceQuery): Digest {
    const query = this.#sqlOf(asked);
    const prepared = this.#take(name, query);
    this.#hash.reset();
    let count = 0;
    for (const row of iterate(prepared.statement, this.#path, name, query)) {
      count++;
      for (const value of row) this.#hash.add(value);
    }
    this.#giveBack(query, prepared);
    return sha256(JSON.stringify(['vlmbuild rows 1', prepared.columns, count, this.#hash.digest()]));
  }

  /** Streams a query's rows as a rule sees them. */
  *rows(name: string, asked: SliceQuery): Generator<Record<string, unknown>> {
    const query = this.#sqlOf(asked);
    const prepared = this.#take(name, query);
    const bytes = 'table' in asked ? (asked.bytes ?? []) : [];
    for (const row of iterate(prepared.statement, this.#path, name, query)) {
      const object = rowObject(prepared.columns, row);
      for (const column of bytes) {
        const text = object[column];
        if (typeof text === 'string') object[column] = Buffer.from(text);
      }
      yield object;
    }
    this.#giveBack(query, prepared);
  }

  #sqlOf(query: SliceQuery): SqlQuery {
    if (!('table' in query)) return query;
    this.#isUtf8 ??= this.#database.pragma('encoding', { simple: true }) === 'UTF-8';
    const columns = query.columns.map((column) => {
      const name = quoted(column);
      // SQLite gives the bytes that the database keeps.
      return this.#isUtf8 === true && query.bytes?.includes(column) === true
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

/** An integer is a number where that is exact, else a bigint. */
function rowObject(columns: readonly string[], row: readonly SqliteValue[]): Record<string, unknown> {
  const entries = columns.map((column, at): [string, unknown] => {
    const value = row[at];
    const exact = typeof value === 'bigint' && BigInt.asIntN(54, value) === value && value !== -(1n << 53n);
    return [column, exact ? Number(value) : value];
  });
  return Object.fromEntries(entries);
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
