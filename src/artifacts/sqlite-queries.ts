import type { Database, Statement } from 'better-sqlite3';
import { sha256, type Digest } from '../base/digest.js';
import { sortedEntries } from '../base/order.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { SliceQuery } from './kind.js';
import { ValueHash, type SqliteValue } from './sqlite-values.js';

/** How many bytes of values a result may have to be held until its digest is known; larger ones are read twice. */
const HELD_BYTES = 64 << 20;

export interface QueryResult {
  readonly columns: readonly string[];
  /** Of column names, row count and all values: what the rows are, not how they were asked for. */
  readonly digest: Digest;
  /** The rows, where they are few enough to be held. */
  readonly rows?: readonly SqliteValue[][];
}

/** Runs a slice's query and digests what it gives. @throws UserFacingError for a query that is wrong or would write. */
export function runQuery(
  database: Database,
  path: string,
  name: string,
  query: SliceQuery,
  hold: boolean,
): QueryResult {
  const statement = prepare(database, path, name, query);
  const columns = columnsOf(statement, path, name, query);
  const hash = new ValueHash();
  let count = 0;
  let held: SqliteValue[][] | undefined = hold ? [] : undefined;
  for (const row of iterate(statement, path, name, query)) {
    count++;
    for (const value of row) hash.add(value);
    if (hash.bytes > HELD_BYTES) held = undefined;
    held?.push(row);
  }
  const digest = sha256(JSON.stringify(['vlmbuild rows 1', columns, count, hash.digest()]));
  return { columns, digest, ...(held === undefined ? {} : { rows: held }) };
}

/** Streams a query's rows. */
export function* queryRows(
  database: Database,
  path: string,
  name: string,
  query: SliceQuery,
): Generator<SqliteValue[]> {
  yield* iterate(prepare(database, path, name, query), path, name, query);
}

/** The digest of a slice, by its queries' results. */
export function resultsDigest(results: Readonly<Record<string, Digest>>): Digest {
  return sha256(JSON.stringify(['vlmbuild slice 1', ...sortedEntries(results)]));
}

/** A row as a rule sees it: an integer is a number where that is exact, else a bigint. */
export function rowObject(columns: readonly string[], row: readonly SqliteValue[]): Record<string, unknown> {
  const entries = columns.map((column, at): [string, unknown] => {
    const value = row[at];
    const exact = typeof value === 'bigint' && BigInt.asIntN(54, value) === value && value !== -(1n << 53n);
    return [column, exact ? Number(value) : value];
  });
  return Object.fromEntries(entries);
}

type RowStatement = Statement<SqliteValue[], SqliteValue[]>;

function prepare(database: Database, path: string, name: string, query: SliceQuery): RowStatement {
  const statement = refusing(path, name, query, () => database.prepare<SqliteValue[], SqliteValue[]>(query.sql));
  if (!statement.reader || !statement.readonly)
    throw new UserFacingError(artifactErrors.badQuery(path, name, query.sql, 'it does not only read'));
  return statement.safeIntegers().raw();
}

function columnsOf(statement: RowStatement, path: string, name: string, query: SliceQuery): string[] {
  const columns = statement.columns().map((column) => column.name);
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (twice !== undefined)
    throw new UserFacingError(
      artifactErrors.badQuery(path, name, query.sql, `two of its columns are called \`${twice}\``),
    );
  return columns;
}

function* iterate(statement: RowStatement, path: string, name: string, query: SliceQuery): Generator<SqliteValue[]> {
  // better-sqlite3 binds every number as REAL: whole ones are meant as integers.
  const args = (query.args ?? []).map((arg) => (Number.isSafeInteger(arg) ? BigInt(arg as number) : arg));
  const rows = refusing(path, name, query, () => statement.iterate(...args));
  yield* rows;
}

/** What SQLite says against the query itself, in the user's words. */
function refusing<T>(path: string, name: string, query: SliceQuery, work: () => T): T {
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
