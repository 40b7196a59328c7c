import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { plural } from '../base/units.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { storeErrors } from '../diagnostics/store.js';
import { lockFileSync } from './file-lock.js';
import { forgetDamaged } from './forget-damaged.js';
import { INDEX_FORMAT, INDEX_SCHEMA } from './index-schema.js';
import type { CacheLayout } from './layout.js';
import { Damage } from './record-text.js';
import { enterWal, explainSqlite, isCutShort, isDamage, openDatabase } from './sqlite.js';
import { Statements } from './statements.js';

/** One value a column: what statements of the index are given and give. */
type Column = string | number | Buffer | null;

/**
 * The index's file, which heals itself: what is damaged or of an older format is moved aside and made anew, when it is
 * opened or when a statement finds out later. It is a cache, so that costs hashing and questions to the lock, not truth.
 * Where only records are not what was written, these are forgotten, and the others stay.
 *
 *     opened --healthy--> open --damage found--> moved aside --> open (empty, `repaired` says why)
 *        \--newer format--> (refused)
 */
export class IndexConnection {
  readonly #layout: CacheLayout;
  #database: Sqlite.Database;
  /** Made once: to make one takes longer than a small transaction. */
  #transact: Transact;
  #statements: Statements;
  #repaired: string | undefined;
  #losses = 0;
  /** Of the file that is open: as long as it is, no other file can have this number. */
  #ino: number | undefined;
  #depth = 0;

  /** @throws UserFacingError where the format is newer, or the file cannot be used. */
  constructor(layout: CacheLayout) {
    this.#layout = layout;
    const wasThere = existsSync(layout.index);
    try {
      this.#database = connect(layout.index);
    } catch (error) {
      if (!isIndexDamage(error)) throw explainSqlite(error, layout.index);
      this.#database = this.#renewed(error, (database) => database);
    }
    this.#transact = transactionsOf(this.#database);
    this.#statements = new Statements(this.#database);
    this.#ino = inodeOf(layout.index);
    // Somebody removed it.
    if (!wasThere) this.#dropSnapshots();
  }

  get repaired(): string | undefined {
    return this.#repaired;
  }

  /**
   * How often since it was opened the file was found damaged, by this process or another, and another one took its place:
   * whatever was recorded or read before is not in it.
   */
  get losses(): number {
    return this.#losses;
  }

  /**
   * Opens what is at the path, where that is no longer the file that is open: another process found that one damaged, or
   * somebody removed it. SQLite goes on with it and says nothing; what it wrote since is lost.
   */
  recheck(): void {
    if (inodeOf(this.#layout.index) === this.#ino) return;
    let moved = true;
    this.healing(() => {
      if (moved) {
        moved = false;
        throw new Damage('another file is in its place');
      }
    });
  }

  /** Another text whenever another connection has written, or what was written is lost. */
  get version(): string {
    const [version] = this.row('PRAGMA data_version') ?? [];
    return `${String(this.#losses)} ${String(version)}`;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** Gives back the memory of pages that were read. */
  shrink(): void {
    this.healing(() => this.#database.pragma('shrink_memory'));
  }

  /**
   * With `the process ends` a log that is small stays beside the file, as after a kill: to bring it into the file takes
   * longer than all that a small build writes. Whoever opens the index next sees what is in it.
   */
  close(next: AfterClose = 'goes on'): void {
    if (next === 'the process ends' && sizeOf(`${this.#layout.index}-wal`) <= SMALL_LOG) leftOpen.add(this.#database);
    else this.#database.close();
  }

  /** One row, as an array; undefined where there is none. */
  row(sql: string, ...values: Column[]): Column[] | undefined {
    return this.healing(() => this.#statements.of(sql).get(...values) as Column[] | undefined);
  }

  rows(sql: string, ...values: Column[]): Column[][] {
    return this.healing(() => this.#statements.of(sql).all(...values) as Column[][]);
  }

  /** Writes. Alone it is a transaction of its own; see `transaction`. */
  run(sql: string, ...values: Column[]): void {
    this.healing(() => this.#statements.of(sql).run(...values));
  }

  /** Groups writes. `work` may run twice, where damage is found. Within a transaction: a part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#database.inTransaction) return work();
    return this.healing(() => this.#transact.immediate(work) as T);
  }

  /** Does `work`, and does it again with a new index where it finds that this one is damaged. */
  healing<T>(work: () => T): T {
    // Only the outermost call heals: what was done before in its transaction has to be done again too.
    if (this.#depth > 0 || this.#database.inTransaction) return work();
    this.#depth++;
    try {
      return work();
    } catch (error) {
      if (!isIndexDamage(error)) throw explainSqlite(error, this.#layout.index);
      return this.#renewed(error, (database) => {
        if (this.#database !== database) this.#database.close();
        this.#database = database;
        this.#transact = transactionsOf(database);
        this.#statements = new Statements(database);
        this.#ino = inodeOf(this.#layout.index);
        this.#losses++;
        return work();
      });
    } finally {
      this.#depth--;
    }
  }

  /** Calls `use` with a database that it does not find damaged: what another process has made anew by now, or a new one. */
  #renewed<T>(cause: unknown, use: (database: Sqlite.Database) => T): T {
    const { index, locks } = this.#layout;
    const lock = lockFileSync(join(locks, '.index'));
    try {
      const healthy = healthyDatabase(index);
      if (healthy !== undefined) {
        try {
          return use(healthy);
        } catch (error) {
          if (!isIndexDamage(error)) throw error;
          const forgotten = this.#forgetDamaged(healthy, error);
          if (forgotten !== undefined) {
            this.#repaired = forgotten;
            try {
              return use(healthy);
            } catch (again) {
              if (!isIndexDamage(again)) throw again;
            }
          }
          healthy.close();
        }
      }
      const aside = `${index}.damaged`;
      for (const suffix of ['', '-wal', '-shm']) {
        rmSync(aside + suffix, { force: true });
        if (existsSync(index + suffix)) renameSync(index + suffix, aside + suffix);
      }
      this.#dropSnapshots();
      const why =
        cause instanceof OldFormat
          ? `the index had format ${String(cause.version)}, which is not this vlmbuild's`
          : `the index was damaged (${cause instanceof Error ? cause.message : String(cause)})`;
      this.#repaired = `${why}: it is made anew, and the old one kept as \`cache/${basename(aside)}\``;
      return use(connect(index));
    } catch (error) {
      throw explainSqlite(error, index);
    } finally {
      lock.release();
    }
  }

  /** What to say of it, where only records were damaged, which are forgotten. */
  #forgetDamaged(database: Sqlite.Database, cause: unknown): string | undefined {
    if (!(cause instanceof Damage)) return undefined;
    try {
      const count = forgetDamaged(database);
      if (count === 0) return undefined;
      this.#dropSnapshots();
      return `${plural(count, 'record')} of the index ${count === 1 ? 'was' : 'were'} damaged (${cause.message}): forgotten, the others are kept`;
    } catch (error) {
      if (!isIndexDamage(error)) throw error;
      return undefined;
    }
  }

  /** They say that all is fresh, of which the index does not know as much: the next build looks, and records. */
  #dropSnapshots(): void {
    const { cache, snapshot } = this.#layout;
    for (const name of readdirSync(cache))
      if (name.startsWith(basename(snapshot))) rmSync(join(cache, name), { force: true });
  }
}

/** What the process does when it has closed the index. */
export type AfterClose = 'goes on' | 'the process ends';

/** Reading so much again takes the next process a millisecond. */
const SMALL_LOG = 2 << 20;

/** Held: a connection that is collected is closed. */
const leftOpen = new Set<Sqlite.Database>();

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** A database of another format than ours, but not a newer one. */
class OldFormat extends Error {
  readonly version: number;

  constructor(version: number) {
    super(`format ${String(version)}`);
    this.version = version;
  }
}

function isIndexDamage(error: unknown): boolean {
  return error instanceof OldFormat || error instanceof Damage || isDamage(error);
}

type Transact = Sqlite.Transaction<(work: () => unknown) => unknown>;

function transactionsOf(database: Sqlite.Database): Transact {
  return database.transaction((work: () => unknown) => work());
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** @throws OldFormat, UserFacingError for a newer format, SqliteError */
function connect(path: string): Sqlite.Database {
  if (isCutShort(path)) throw new Damage('the file is cut short');
  const database = openDatabase(path);
  try {
    // Damaged pages are found out as they are used; a file that is cut short by this first read.
    const version = versionOf(database);
    refuseNewer(version, path);
    database.pragma('synchronous = NORMAL');
    enterWal(database);
    // Keys are random, so writes touch all of a B-tree: it should fit. Checkpoints fsync: fewer and larger ones.
    database.pragma('cache_size = -32000');
    database.pragma('wal_autocheckpoint = 8000');
    if (version !== INDEX_FORMAT) create(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function create(database: Sqlite.Database, path: string): void {
  database
    .transaction(() => {
      // Read again, now that nobody else can write.
      const version = versionOf(database);
      if (version === INDEX_FORMAT) return;
      refuseNewer(version, path);
      const tables = database.prepare('SELECT count(*) FROM sqlite_master').pluck().get();
      if (version > 0 || tables !== 0) throw new OldFormat(version);
      database.exec(INDEX_SCHEMA);
      database.pragma(`user_version = ${String(INDEX_FORMAT)}`);
    })
    .immediate();
}

function refuseNewer(version: number, path: string): void {
  if (version > INDEX_FORMAT)
    throw new UserFacingError(storeErrors.newerIndex({ path, version, supported: INDEX_FORMAT }));
}

function versionOf(database: Sqlite.Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

/** The database at the path, if every page of it makes sense. Reads all of it. */
function healthyDatabase(path: string): Sqlite.Database | undefined {
  let database: Sqlite.Database | undefined;
  try {
    database = connect(path);
    if (database.pragma('quick_check(1)', { simple: true }) === 'ok') return database;
  } catch (error) {
    if (!isIndexDamage(error)) throw error;
  }
  database?.close();
  return undefined;
}
