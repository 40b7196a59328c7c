import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectStore } from '../store/objects.js';
import { momentOfFile } from './file-moment.js';
import type { OpenedInput, OpenedOutput, OpenedSlice, SqliteInputHandle, SqliteSliceHandle } from './handle-types.js';
import type { ArtifactRecord, Slice, SliceQuery } from './kind.js';
import { digestIn, RememberedSlices, sliceText, type SlicesMemory, type SliceText } from './remembered-slices.js';
import type { ShortRows } from './short-rows.js';
import { scratchCopy } from './scratch-copy.js';
import { ChangeWitness, registerSlice } from './slices.js';
import {
  databaseFile,
  explain,
  explained,
  openReadOnly,
  openWithFile,
  type OpenedDatabase,
  type OpenedFile,
} from './sqlite-open.js';
import { momentOf } from './sqlite-moment.js';
import { Queries, resultsDigest } from './sqlite-queries.js';

type QuerySlice = Extract<Slice, { kind: 'sqlite' }>;

/** A connection with one read transaction from its first use to its end: all slices of it are of one moment. */
class Reading {
  private open:
    | {
        readonly opened: OpenedFile;
        readonly queries: Queries;
        readonly moment: string | undefined;
        readonly isSettled: boolean;
      }
    | undefined;

  constructor(readonly path: string) {}

  get queries(): Queries {
    return this.begin().queries;
  }

  /** What the transaction sees; undefined where that cannot be told. */
  get moment(): string | undefined {
    return this.begin().moment;
  }

  /** What one that began now would see. */
  get momentNow(): string | undefined {
    return this.momentOf(this.begin().opened);
  }

  /** Whether one that began now may see something else. */
  get isOutdated(): boolean {
    return this.open !== undefined && (this.open.moment === undefined || this.momentNow !== this.open.moment);
  }

  close(): void {
    const { open } = this;
    this.open = undefined;
    if (open !== undefined) closeQuietly(open.opened);
  }

  private begin(): NonNullable<typeof this.open> {
    if (this.open !== undefined) return this.open;
    const opened = openWithFile(this.path);
    opened.database.exec('BEGIN');
    // The transaction begins with its first read.
    opened.database.prepare('SELECT count(*) FROM sqlite_schema').get();
    const moment = this.momentOf(opened);
    // Of a moment that can be told the file alone has the content, and the transaction keeps it as it is.
    const file = moment === undefined ? undefined : opened.file;
    const isSettled = opened.file !== undefined && momentOfFile(opened.file) !== undefined;
    return (this.open = { opened, queries: new Queries(opened.database, this.path, file), moment, isSettled });
  }

  remembered(memory: SlicesMemory & { readonly path: string }): RememberedSlices {
    const { opened, moment, isSettled } = this.begin();
    return new RememberedSlices(memory, opened.database, moment, isSettled);
  }

  private momentOf({ file }: OpenedFile): string | undefined {
    return file === undefined ? undefined : momentOf(this.path, file);
  }
}

/** The connections of slices that are read together: one a database. */
export class Readings {
  private readonly byPath = new Map<string, Reading>();

  of(path: string): Reading {
    let reading = this.byPath.get(path);
    if (reading === undefined) {
      reading = new Reading(path);
      this.byPath.set(path, reading);
    }
    return reading;
  }

  /** Those that see something else by now than others would, or may. */
  closeOutdated(): void {
    for (const reading of this.byPath.values()) if (reading.isOutdated) reading.close();
  }

  close(): void {
    for (const reading of this.byPath.values()) reading.close();
    this.byPath.clear();
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

export function openSqliteInput(
  input: { readonly path: string; readonly copyOf?: string; readonly digest: Digest },
  memory: SlicesMemory | undefined,
): OpenedInput {
  const path = databaseFile(input.path);
  return databaseHandle(() => path, input.digest, memory && { ...memory, path: input.copyOf ?? path });
}

function databaseHandle(
  path: () => string,
  digest: Digest,
  memory?: SlicesMemory & { readonly path: string },
): OpenedInput {
  const connections: OpenedDatabase[] = [];
  let reading: Reading | undefined;
  let remembered: RememberedSlices | undefined;
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
      const own = (reading ??= new Reading(path()));
      return listSlice(own, queries, memory && (remembered ??= explained(path(), () => own.remembered(memory))));
    },
  };
  return {
    handle,
    listed: () => remembered?.save(),
    close() {
      remembered?.close();
      reading?.close();
      for (const opened of connections.splice(0)) closeQuietly(opened);
    },
  };
}

function listSlice(
  reading: Reading,
  queries: Readonly<Record<string, SliceQuery>>,
  remembered: RememberedSlices | undefined,
): SqliteSliceHandle {
  const { path } = reading;
  const moment = explained(path, () => reading.moment);
  const slice = new ListedQueries(reading, queries, moment, remembered);
  // Named rows are digested when somebody wants to know; what is wrong with SQL is told whoever wrote it.
  if (!Object.values(queries).every((query) => 'table' in query)) slice.asListed();
  return sliceHandle(reading, slice);
}

/**
 * A slice whose digest is taken when somebody asks. A class, as the handle is: an object with a getter of its own has a
 * hidden class of its own, which keeps all that the getter sees until old objects are collected, and there are 10,000.
 */
class ListedQueries implements QuerySlice {
  readonly kind = 'sqlite';
  declare readonly moment?: string;
  readonly path: string;
  readonly #reading: Reading;
  readonly #remembered: RememberedSlices | undefined;
  #named: ReturnType<RememberedSlices['named']> | 'unknown' = 'unknown';
  #listed: SliceText | undefined;

  constructor(
    reading: Reading,
    readonly queries: Readonly<Record<string, SliceQuery>>,
    moment: string | undefined,
    remembered: RememberedSlices | undefined,
  ) {
    this.path = reading.path;
    if (moment !== undefined) this.moment = moment;
    this.#reading = reading;
    this.#remembered = remembered;
  }

  get digest(): Digest {
    return digestIn(this.asListed(), 0);
  }

  get results(): Readonly<Record<string, Digest>> {
    const text = this.asListed();
    return Object.fromEntries(Object.keys(this.queries).map((name, i) => [name, digestIn(text, i + 1)]));
  }

  get likelyDigest(): Digest | undefined {
    return explained(this.path, () => {
      const named = this.#asNamed();
      const likely = named && this.#remembered?.likely(named);
      return likely === undefined ? undefined : digestIn(likely, 0);
    });
  }

  asListed(): SliceText {
    return (this.#listed ??= explained(this.path, () => {
      const named = this.#asNamed();
      const digest = (short?: ShortRows): SliceText => this.#digest(short);
      return named === undefined || this.#remembered === undefined ? digest() : this.#remembered.of(named, digest);
    }));
  }

  #asNamed(): ReturnType<RememberedSlices['named']> {
    if (this.#named === 'unknown') this.#named = this.#remembered?.named(this.queries);
    return this.#named;
  }

  #digest(short: ShortRows | undefined): SliceText {
    const { queries } = this.#reading;
    const results = Object.entries(this.queries).map(([name, query]): readonly [string, Digest] => {
      return [name, queries.digest(name, query, short)];
    });
    return sliceText([resultsDigest(Object.fromEntries(results)), ...results.map(([, digest]) => digest)]);
  }
}

export function openSqliteSlice(slice: QuerySlice, readings: Readings): OpenedSlice {
  const reading = readings.of(slice.path);
  const witness = new ChangeWitness();
  const verify = (): void => {
    // Who overwrites the file without SQLite asks for no lock.
    if (slice.moment !== undefined && slice.moment === reading.moment && reading.momentNow !== slice.moment)
      throw witness.changed(slice.path);
    witness.verify();
  };
  return { handle: sliceHandle(reading, slice, witness), verify, close: () => undefined };
}

function sliceHandle(reading: Reading, slice: QuerySlice, witness = new ChangeWitness()): SqliteSliceHandle {
  return registerSlice(new QueriesHandle(reading, slice, witness), slice);
}

/**
 * A query's rows are what was listed: where the reading is of the moment of the listing they are read at once, else
 * their digest is taken first, in one transaction with them.
 */
class QueriesHandle implements SqliteSliceHandle {
  readonly kind = 'sqlite';
  readonly #reading: Reading;
  readonly #slice: QuerySlice;
  readonly #witness: ChangeWitness;

  constructor(reading: Reading, slice: QuerySlice, witness: ChangeWitness) {
    this.#reading = reading;
    this.#slice = slice;
    this.#witness = witness;
  }

  get digest(): Digest {
    return this.#slice.digest;
  }

  // Not by its prototype: a rule may take it by itself.
  readonly rows = (name: string): Iterable<Record<string, unknown>> => {
    const { queries } = this.#slice;
    const query = Object.hasOwn(queries, name) ? queries[name] : undefined;
    if (query === undefined) throw new UserFacingError(artifactErrors.unknownQuery(name, Object.keys(queries)));
    return new RowsOf(this.#reading, this.#slice, this.#witness, name, query);
  };
}

/** Rows that are read when they are iterated. No generator: that would hand on each row once more. */
class RowsOf implements Iterable<Record<string, unknown>> {
  readonly #reading: Reading;
  readonly #slice: QuerySlice;
  readonly #witness: ChangeWitness;
  readonly #name: string;
  readonly #query: SliceQuery;

  constructor(reading: Reading, slice: QuerySlice, witness: ChangeWitness, name: string, query: SliceQuery) {
    this.#reading = reading;
    this.#slice = slice;
    this.#witness = witness;
    this.#name = name;
    this.#query = query;
  }

  [Symbol.iterator](): Iterator<Record<string, unknown>> {
    const { path, moment } = this.#slice;
    const [name, query] = [this.#name, this.#query];
    const { queries } = this.#reading;
    try {
      const isOfListing = moment !== undefined && moment === this.#reading.moment;
      if (!isOfListing && queries.digest(name, query) !== this.#slice.results[name])
        throw this.#witness.changed(`${path}, query ${name}`);
    } catch (error) {
      throw explain(path, error);
    }
    return queries.rows(name, query)[Symbol.iterator]();
  }
}

export function openSqliteOutput(path: string): OpenedOutput {
  let database: Database.Database | undefined;
  let closed = false;
  const close = (): undefined => {
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
