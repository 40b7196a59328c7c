import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { atExit } from '../base/at-exit.js';
import { lockFileSync, tryLockExistingFile, tryLockFile, type FileLock } from './file-lock.js';
import type { CacheLayout } from './layout.js';
import { enterWal, isDamage, openDatabase, sqliteCode } from './sqlite.js';

/** Who has claimed something. */
export interface Holder {
  readonly pid: number;
  readonly run: string;
}

interface Opened {
  readonly handle: Sqlite.Database;
  /** Of the file: another one at its path has other claims. */
  readonly ino: number;
  readonly claim: Sqlite.Statement;
  readonly find: Sqlite.Statement;
  /** Says whether it has: where somebody has one of the names, neither is claimed. */
  readonly claimBoth: Sqlite.Transaction<(names: readonly string[], holder: string, run: string) => boolean>;
  /** Frees all these names of the holder. */
  readonly free: Sqlite.Transaction<(names: Iterable<string>, holder: string) => void>;
}

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS claims (name TEXT PRIMARY KEY, holder TEXT, pid INTEGER, run TEXT) WITHOUT ROWID';
/** Of the log, before it is brought into the file; without a sync that costs a few writes. */
const LOG_PAGES = 100;
const HOLDER_SUFFIX = '.holder';

/**
 * Which process has which name, in one database for all: `locks/claims.db`. A claim holds as long as its holder lives, and
 * that is what a kernel lock says: each process that claims something holds the lock of a file of its own,
 * `locks/PID-xxxx.holder`, until it ends in whatever way. So a claim costs one short write, and part of another, and not a
 * file and a lock, and that of a dead process is free at once.
 *
 *     free --try--> claimed --free, or death of the holder--> free
 *
 * Nothing here outlives the processes, so it is never synced; what is damaged is made anew. Claims that others had are not
 * in the new one before they notice, with their next call.
 */
export class Claims {
  readonly #folder: string;
  readonly #name = `${process.pid}-${randomBytes(4).toString('hex')}`;
  /** What this process has claimed, with the run it is for. */
  readonly #held = new Map<string, string>();
  /** What it has no more, and is still to be told. */
  readonly #freed = new Set<string>();
  #telling = false;
  #database: Opened | undefined;
  #life: FileLock | undefined;
  #tidies = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static readonly #open = new Map<string, Claims>();

  /** The one of this process for a project. */
  static of({ locks }: CacheLayout): Claims {
    let claims = Claims.#open.get(locks);
    if (claims === undefined) {
      claims = new Claims(locks);
      Claims.#open.set(locks, claims);
    }
    return claims;
  }

  /** Claims the name, or says who has it: another run of this process too. @throws SqliteError */
  try(name: string, run: string): 'claimed' | Holder {
    if (this.#freed.has(name)) this.#tell();
    return this.#mending((database) => {
      this.#live();
      for (;;) {
        if (database.claim.run(name, this.#name, process.pid, run).changes === 1) {
          this.#held.set(name, run);
          return 'claimed';
        }
        const found = database.find.get(name);
        // Freed in between.
        if (found === undefined) continue;
        const { holder, pid, run: theirs } = found as { holder: string; pid: number; run: string };
        if (holder === this.#name || this.#lives(holder)) return { pid, run: theirs };
        database.handle.prepare('DELETE FROM claims WHERE holder = ?').run(holder);
      }
    });
  }

  /** Claims both names in one write. False where somebody has one of them, alive or dead: then neither is claimed. */
  tryBoth(names: readonly [string, string], run: string): boolean {
    if (names.some((name) => this.#freed.has(name))) this.#tell();
    return this.#mending((database) => {
      this.#live();
      if (!database.claimBoth.immediate(names, this.#name, run)) return false;
      for (const name of names) this.#held.set(name, run);
      return true;
    });
  }

  /** In this turn of the event loop, together with what else becomes free in it. */
  free(name: string): void {
    this.#held.delete(name);
    this.#freed.add(name);
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      try {
        this.#tell();
      } catch {
        // With the next that is freed, or when this process has ended.
      }
    });
  }

  #tell(): void {
    if (this.#freed.size === 0) return;
    // Gone with its folder, or another one that never had these: then a database is made only for what is still held.
    const isAnother = this.#database !== undefined && inodeOf(this.#path) !== this.#database.ino;
    if (isAnother && this.#held.size === 0) {
      this.#freed.clear();
      return;
    }
    this.#mending((database) => database.free.immediate(this.#freed, this.#name));
    this.#freed.clear();
  }

  /** Does `work`, and again with a new database where this one is damaged, or gone with the folder it was in. */
  #mending<T>(work: (database: Opened) => T): T {
    for (let attempt = 0; ; attempt++) {
      // As long as it is open here, no other file can have its number.
      if (this.#database !== undefined && inodeOf(this.#path) !== this.#database.ino) this.#forget();
      try {
        return work((this.#database ??= this.#claimAgain(connect(this.#path))));
      } catch (error) {
        if (!isDamage(error) || attempt > 1) throw error;
        this.#forget();
        this.#database = this.#claimAgain(renew(this.#path));
      }
    }
  }

  get #path(): string {
    return join(this.#folder, 'claims.db');
  }

  #forget(): void {
    this.#database?.handle.close();
    this.#database = undefined;
  }

  #claimAgain(database: Opened): Opened {
    for (const [name, run] of this.#held) database.claim.run(name, this.#name, process.pid, run);
    return database;
  }

  /** From the first claim on this process shows that it lives; the files of those that do not any more are removed. */
  #live(): void {
    const path = this.#file(this.#name);
    // Gone with its folder. Nobody else makes it, so one that is there is the one that is locked.
    if (this.#life !== undefined && !existsSync(path)) {
      this.#life.release();
      this.#life = undefined;
    }
    if (this.#life !== undefined) return;
    for (const file of readdirSync(this.#folder)) {
      if (file.endsWith(HOLDER_SUFFIX)) this.#lives(file.slice(0, -HOLDER_SUFFIX.length));
    }
    for (;;) {
      const lock = tryLockFile(path);
      // Who sweeps may have come between the making of the file and its locking, and has removed it then.
      if (lock !== undefined && existsSync(path)) {
        this.#life = lock;
        break;
      }
      lock?.release();
    }
    if (this.#tidies) return;
    this.#tidies = true;
    atExit(() => {
      try {
        this.#tell();
        rmSync(path, { force: true });
      } catch {
        // Nobody holds it any more: it is removed by whoever looks at it next.
      }
    });
  }

  #lives(holder: string): boolean {
    const path = this.#file(holder);
    let lock: FileLock | undefined;
    try {
      lock = tryLockExistingFile(path);
    } catch (error) {
      if (sqliteCode(error) === 'SQLITE_CANTOPEN' && !existsSync(path)) return false;
      throw error;
    }
    if (lock === undefined) return true;
    rmSync(path, { force: true });
    lock.release();
    return false;
  }

  #file(holder: string): string {
    return join(this.#folder, holder + HOLDER_SUFFIX);
  }
}

function connect(path: string): Opened {
  mkdirSync(dirname(path), { recursive: true });
  const handle = openDatabase(path);
  try {
    // Before anything is written, which would wait for the disk.
    handle.pragma('synchronous = OFF');
    enterWal(handle);
    // Nobody closes it, and whoever opens it reads the log: it shall begin anew often.
    handle.pragma(`wal_autocheckpoint = ${String(LOG_PAGES)}`);
    handle.exec(SCHEMA);
    const claim = handle.prepare('INSERT INTO claims VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
    const find = handle.prepare('SELECT holder, pid, run FROM claims WHERE name = ?');
    const free = handle.prepare('DELETE FROM claims WHERE name = ? AND holder = ?');
    return {
      handle,
      ino: statSync(path).ino,
      claim,
      find,
      claimBoth: handle.transaction((names: readonly string[], holder: string, run: string) => {
        if (names.some((name) => find.get(name) !== undefined)) return false;
        for (const name of names) claim.run(name, holder, process.pid, run);
        return true;
      }),
      free: handle.transaction((names: Iterable<string>, holder: string) => {
        for (const name of names) free.run(name, holder);
      }),
    };
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** In place of a damaged one; where another process has put it there by now, that one. */
function renew(path: string): Opened {
  const lock = lockFileSync(join(dirname(path), '.claims'));
  try {
    return sound(path) ?? connect(path);
  } finally {
    lock.release();
  }
}

/** What is at the path, where it is no longer damaged; otherwise removes it. */
function sound(path: string): Opened | undefined {
  let database: Opened | undefined;
  try {
    database = connect(path);
    if (database.handle.pragma('quick_check(1)', { simple: true }) === 'ok') return database;
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  database?.handle.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  return undefined;
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
