import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectStore } from '../store/objects.js';
import type { OpenedInput, OpenedOutput, OpenedSlice, SqliteInputHandle, SqliteSliceHandle } from './handle-types.js';
import type { ArtifactRecord, Slice, SliceQuery } from './kind.js';
import { scratchCopy } from './scratch-copy.js';
import { ChangeWitness, registerSlice } from './slices.js';
import { databaseFile, explain, openReadOnly, type OpenedDatabase } from './sqlite-open.js';
import { queryRows, resultsDigest, rowObject, runQuery, type QueryResult } from './sqlite-queries.js';

type QuerySlice = Extract<Slice, { kind: 'sqlite' }>;

/** A connection with one read transaction from its first use to its end: all slices of it are of one moment. */
class Reading {
  private opened: OpenedDatabase | undefined;

  constructor(readonly path: string) {}

  get database(): Database.Database {
    if (this.opened === undefined) {
      this.opened = openReadOnly(this.path);
      this.opened.database.exec('BEGIN');
    }
    return this.opened.database;
  }

  close(): void {
    const { opened } = this;
    this.opened = undefined;
    if (opened !== undefined) closeQuietly(opened);
  }
}

/** better-sqlite3 refuses to close while a rule holds an unfinished iterator; the connection then ends with that. */
function closeQuietly(opened: OpenedDatabase): void {
  try {
    opened.close();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

export function openSqliteInput(input: { readonly path: string; readonly digest: Digest }): OpenedInput {
  const path = databaseFile(input.path);
  return databaseHandle(() => path, input.digest);
}

function databaseHandle(path: () => string, digest: Digest): OpenedInput {
  const connections: OpenedDatabase[] = [];
  let reading: Reading | undefined;
  const handle: SqliteInputHandle = {
    digest,
    get path() {
      return path();
    },
    open() {
      const opened = openReadOnly(path());
      connections.push(opened);
      return opened.database;
    },
    slice(queries) {
      reading ??= new Reading(path());
      return listSlice(reading, queries);
    },
  };
  return {
    handle,
    close() {
      reading?.close();
      for (const opened of connections.splice(0)) closeQuietly(opened);
    },
  };
}

function listSlice(reading: Reading, queries: Readonly<Record<string, SliceQuery>>): SqliteSliceHandle {
  const { path } = reading;
  const results: Record<string, Digest> = {};
  try {
    for (const [name, query] of Object.entries(queries))
      results[name] = runQuery(reading.database, path, name, query, false).digest;
  } catch (error) {
    throw explain(path, error);
  }
  const slice: QuerySlice = { kind: 'sqlite', path, digest: resultsDigest(results), queries, results };
  return sliceHandle(reading, slice);
}

export function openSqliteSlice(slice: QuerySlice): OpenedSlice {
  const reading = new Reading(slice.path);
  const witness = new ChangeWitness();
  return { handle: sliceHandle(reading, slice, witness), verify: () => witness.verify(), close: () => reading.close() };
}

/** A query's rows are handed out when their digest is that of the listing, and read in one transaction with it. */
function sliceHandle(reading: Reading, slice: QuerySlice, witness = new ChangeWitness()): SqliteSliceHandle {
  const { path } = slice;
  const checked = (name: string, query: SliceQuery): QueryResult => {
    try {
      const result = runQuery(reading.database, path, name, query, true);
      if (result.digest !== slice.results[name]) throw witness.changed(`${path}, query ${name}`);
      return result;
    } catch (error) {
      throw explain(path, error);
    }
  };
  function* rows(name: string, query: SliceQuery): Generator<Record<string, unknown>> {
    const result = checked(name, query);
    for (const row of result.rows ?? queryRows(reading.database, path, name, query))
      yield rowObject(result.columns, row);
  }
  const handle: SqliteSliceHandle = {
    kind: 'sqlite',
    digest: slice.digest,
    rows(name) {
      const query = Object.hasOwn(slice.queries, name) ? slice.queries[name] : undefined;
      if (query === undefined) throw new UserFacingError(artifactErrors.unknownQuery(name, Object.keys(slice.queries)));
      return rows(name, query);
    },
  };
  return registerSlice(handle, slice);
}

export function openSqliteOutput(path: string): OpenedOutput {
  let database: Database.Database | undefined;
  let closed = false;
  const close = (): void => {
    closed = true;
    database?.close();
  };
  const handle = {
    path,
    open(): Database.Database {
      if (closed) throw new UserFacingError(artifactErrors.closed(path));
      if (database?.open !== true) {
        mkdirSync(dirname(path), { recursive: true });
        database = new Database(path);
        // It is staged: after a crash nobody looks at it again.
        database.pragma('synchronous = OFF');
      }
      return database;
    },
  };
  return { handle, finish: close, discard: close };
}

export function openMadeSqlite(record: ArtifactRecord, objects: ObjectStore, scratch: string): OpenedInput {
  return databaseHandle(scratchCopy(record, objects, scratch, '.db'), record.digest);
}
