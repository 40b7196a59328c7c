import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { storeErrors } from '../diagnostics/store.js';

/** Transactions are short: who waits longer than this waits for a program that hangs. */
const BUSY_TIMEOUT_MS = 20_000;

/**
 * Opens a database file, which is made where there is none. The addon is loaded by the first call and not by the import,
 * for many commands and tasks need no database.
 *
 * @throws SqliteError of better-sqlite3.
 */
export function openDatabase(
  path: string,
  options: { readonly busyTimeoutMs?: number; readonly fileMustExist?: boolean } = {},
): Sqlite.Database {
  const { busyTimeoutMs = BUSY_TIMEOUT_MS, fileMustExist = false } = options;
  return new Sqlite(path, { timeout: busyTimeoutMs, fileMustExist });
}

/**
 * An error of better-sqlite3's. Where its JavaScript was loaded twice, the addon throws those of the first copy, which are
 * no instances of the other one's class.
 */
export function isSqliteError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'SqliteError' && 'code' in error && typeof error.code === 'string';
}

/**
 * SQLite's name of what went wrong without its details (`SQLITE_IOERR` for `SQLITE_IOERR_READ`); undefined for other
 * errors.
 */
export function sqliteCode(error: unknown): string | undefined {
  return isSqliteError(error) ? error.code.split('_').slice(0, 2).join('_') : undefined;
}

/** The file is not a database, is cut short, or its pages make no sense. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') return true;
  // The file was moved away under the connection, by a process that found it damaged.
  return code === 'SQLITE_READONLY' && (error as Error & { code: string }).code === 'SQLITE_READONLY_DBMOVED';
}

/** SQLite's own default, of which nothing here departs. */
const PAGE_BYTES = 4096;

/** Whether the last page is cut, which SQLite fills up with zeros. (With a WAL the page may be whole in there.) */
export function isCutShort(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size % PAGE_BYTES !== 0 && !existsSync(`${path}-wal`);
}

function failed(path: string, error: unknown): UserFacingError {
  return new UserFacingError(storeErrors.databaseFailed({ path, problem: (error as Error).message }), EXIT.failed);
}

/** What a user should be told of a failed database call; the error itself where it is no matter of disk or permission. */
export function explainSqlite(error: unknown, path: string): unknown {
  switch (sqliteCode(error)) {
    case 'SQLITE_FULL':
      return new UserFacingError(storeErrors.diskFull({ path }), EXIT.failed);
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new UserFacingError(storeErrors.databaseBusy({ path }), EXIT.failed);
    case 'SQLITE_IOERR':
      // What it maps into memory it cannot call full.
      if (isFull(path)) return new UserFacingError(storeErrors.diskFull({ path }), EXIT.failed);
      return failed(path, error);
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
      return failed(path, error);
    default:
      return error;
  }
}

function isFull(path: string): boolean {
  try {
    return statfsSync(dirname(path)).bavail === 0;
  } catch {
    return false;
  }
}

/**
 * Switches to WAL. Two processes that do it at once on a new file can collide without SQLite's own waiting, so it is
 * tried again.
 */
export function enterWal(database: Sqlite.Database): void {
  for (let attempt = 0; ; attempt++) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteCode(error) !== 'SQLITE_BUSY' || attempt === 200) throw error;
      pauseSync(10);
    }
  }
}

/** Blocks the thread: for the rare waits of synchronous code for another process. */
export function pauseSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
