import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { tryLockFile, type FileLock } from './file-lock.js';
import type { CacheLayout } from './layout.js';
import { enterWal, isDamage, openDatabase } from './sqlite.js';

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
  readonly free: Sqlite.Statement;
}

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS claims (name TEXT PRIMARY KEY, holder TEXT, pid INTEGER, run TEXT) WITHOUT ROWID';
const HOLDER_SUFFIX = '.holder';

/**
 * Which process has which name, in one database for all: `locks/claims.db`. A claim holds as long as its holder lives, and
 * that is what a kernel lock says: each process that claims something holds the lock of a file of its own,
 * `locks/PID-xxxx.holder`, until it ends in whatever way. So a claim costs two short writes, and not a file and a lock, and
 * that of a dead process is free at once.
 *
 *     free --try--> claimed --free, or death of the holder--> free
 *
 * Nothing here outlives the processes, so it is never synced; what is damaged is made anew.
 */
export class Claims {
  readonly #folder: string;
  readonly #name = `${process.pid}-${randomBytes(4).toString('hex')}`;
  #database: Opened | undefined;
  #life: FileLock | undefined;

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
    return this.#mending((database) => {
      this.#live();
      for (;;) {
        if (database.claim.run(name, this.#name, process.pid, run).changes === 1) return 'claimed';
        const found = database.handle.prepare('SELECT holder, pid, run FROM claims WHERE name = ?').get(name);
        // Freed in between.
        if (found === undefined) continue;
        const { holder, pid, run: theirs } = found as { holder: string; pid: number; run: string };
        if (holder === this.#name || this.#lives(holder)) return { pid, run: theirs };
        database.handle.prepare('DELETE FROM claims WHERE holder = ?').run(holder);
      }
    });
  }

  free(name: string): void {
    this.#mending((database) => {
      database.free.run(name, this.#name);
    });
  }

  /** Does `work`, and again with a new database where this one is damaged, or gone with the folder it was in. */
  #mending<T>(work: (database: Opened) => T): T {
    const path = join(this.#folder, 'claims.db');
    for (let attempt = 0; ; attempt++) {
      if (this.#database !== undefined && statSync(path, { throwIfNoEntry: false })?.ino !== this.#database.ino) {
        this.#database.handle.close();
        this.#database = undefined;
        this.#life?.release();
        this.#life = undefined;
      }
      try {
        this.#database ??= connect(path);
        return work(this.#database);
      } catch (error) {
        if (!isDamage(error) || attempt > 1) throw error;
        this.#database?.handle.close();
        this.#database = undefined;
        for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
      }
    }
  }

  /** From the first claim on this process shows that it lives; the files of those that do not any more are removed. */
  #live(): void {
    if (this.#life !== undefined) return;
    for (const file of readdirSync(this.#folder)) {
      if (file.endsWith(HOLDER_SUFFIX)) this.#lives(file.slice(0, -HOLDER_SUFFIX.length));
    }
    const path = this.#file(this.#name);
    for (;;) {
      const lock = tryLockFile(path);
      // Who sweeps may have come between the making of the file and its locking, and has removed it then.
      if (lock !== undefined && existsSync(path)) {
        this.#life = lock;
        break;
      }
      lock?.release();
    }
    process.once('exit', () => {
      try {
        rmSync(path, { force: true });
      } catch {
        // Nobody holds it any more: it is removed by whoever looks at it next.
      }
    });
  }

  #lives(holder: string): boolean {
    const path = this.#file(holder);
    if (!existsSync(path)) return false;
    const lock = tryLockFile(path);
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
  mkdirSync(join(path, '..'), { recursive: true });
  const handle = openDatabase(path);
  try {
    enterWal(handle);
    handle.pragma('synchronous = OFF');
    handle.exec(SCHEMA);
    return {
      handle,
      ino: statSync(path).ino,
      claim: handle.prepare('INSERT INTO claims VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'),
      free: handle.prepare('DELETE FROM claims WHERE name = ? AND holder = ?'),
    };
  } catch (error) {
    handle.close();
    throw error;
  }
}
