import { truncateSync } from 'node:fs';
import { isDamage, openDatabase, pauseSync, sqliteCode } from './sqlite.js';

/** A kernel lock on a file, held until it is released or this process dies. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock, or returns undefined where somebody has it, this process included.
 *
 * The file is an empty SQLite database in `BEGIN EXCLUSIVE`: that is a POSIX lock, which Node itself cannot take. Such a
 * lock is lost when any descriptor of the file is closed, so nothing but this module may open it: who holds the lock is
 * told by a file beside it.
 */
export function tryLockFile(path: string): FileLock | undefined {
  return tryLock(path, false);
}

/**
 * The same for a file that is there, which this never makes: so that whoever made it can tell by its name being there that
 * it still is the file that they locked.
 *
 * @throws SqliteError `SQLITE_CANTOPEN` where there is none
 */
export function tryLockExistingFile(path: string): FileLock | undefined {
  return tryLock(path, true);
}

function tryLock(path: string, fileMustExist: boolean): FileLock | undefined {
  for (let attempt = 0; ; attempt++) {
    let database;
    try {
      database = openDatabase(path, { busyTimeoutMs: 0, fileMustExist });
      // Nothing is ever written: no journal beside the file.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      const held = database;
      return {
        release: () => {
          held.close();
        },
      };
    } catch (error) {
      database?.close();
      if (sqliteCode(error) === 'SQLITE_BUSY') return undefined;
      if (!isDamage(error) || attempt > 0) throw error;
      // Somebody wrote into the file: its content means nothing. It stays the same file, which another process may have
      // locked by now.
      truncateSync(path);
    }
  }
}

/** Takes the lock, blocking the thread while another process has it. For work of milliseconds. */
export function lockFileSync(path: string): FileLock {
  for (;;) {
    const lock = tryLockFile(path);
    if (lock !== undefined) return lock;
    pauseSync(10);
  }
}
