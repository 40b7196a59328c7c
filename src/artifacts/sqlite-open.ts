import Database from 'better-sqlite3';
import { accessSync, closeSync, constants, existsSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { copyDatabase } from '../store/copy-database.js';
import { isSqliteError } from '../store/sqlite.js';
import { databasePlace } from './database-place.js';
import { statOf } from './file-stamp.js';

/** The files that SQLite may keep beside a database. A filled `-wal` or `-journal` holds content, `-shm` never does. */
const SIDE_SUFFIXES = ['-wal', '-journal', '-shm'] as const;

/** The files beside a database that exist: whoever moves the database moves these with it. */
export function sideFiles(path: string): string[] {
  return SIDE_SUFFIXES.map((suffix) => path + suffix).filter((side) => existsSync(side));
}

/**
 * The SQLite file that a path stands for: itself, or `dbs/default/data` in a folder that sqld writes; links are followed.
 *
 * @throws UserFacingError where there is none.
 */
export function databaseFile(path: string): string {
  if (statOf(path) === undefined) throw new UserFacingError(artifactErrors.absent(path));
  const { isFolder, named, file } = databasePlace(path);
  if (isFolder && statOf(named)?.isFile() !== true)
    throw new UserFacingError(artifactErrors.noDatabaseInFolder(path, 'dbs/default/data'));
  return file;
}

export interface OpenedDatabase {
  readonly database: Database.Database;
  /** Whether it is a copy of what is at the path. */
  readonly copied: boolean;
  close(): void;
}

/**
 * Opens somebody's database for reading; it is never written.
 *
 * A database whose writer was killed (a hot journal), or one in WAL mode in a folder that cannot be written, can only
 * be read by writing beside it: then a copy in a temporary folder is opened, where SQLite may do what it needs.
 *
 * @throws UserFacingError where it is not a database, or stays locked.
 */
export function openReadOnly(path: string): OpenedDatabase {
  const file = databaseFile(path);
  return explained(path, () => {
    try {
      const database = tryOpen(file, true);
      return { database, copied: false, close: () => void database.close() };
    } catch (error) {
      if (!needsCopy(error, file)) throw error;
      return openCopy(file);
    }
  });
}

export interface OpenedFile extends OpenedDatabase {
  /** The file that SQLite reads, where that is the one at the path; undefined where it is a copy, or cannot be told. */
  readonly file: number | undefined;
}

/**
 * As `openReadOnly`, with the file itself for reading beside SQLite. It is open for as long as the database: when any
 * descriptor of a file is closed, a process loses the locks that it has on the file.
 */
export function openWithFile(path: string): OpenedFile {
  const name = databaseFile(path);
  const file = tryOpenFile(name);
  const close = (): void => {
    if (file !== undefined) closeSync(file);
  };
  try {
    const opened = openReadOnly(path);
    const isThat = file !== undefined && !opened.copied && statOf(name)?.ino === fstatSync(file, { bigint: true }).ino;
    return {
      ...opened,
      file: isThat ? file : undefined,
      close() {
        try {
          opened.close();
        } finally {
          close();
        }
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Why a file cannot be opened SQLite tells, too. */
function tryOpenFile(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/** Runs something on a database, with SQLite's own errors about the file turned into the user's words. */
export function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(path, error);
  }
}

export function explain(path: string, error: unknown): unknown {
  if (!isSqliteError(error)) return error;
  if (/^SQLITE_(BUSY|LOCKED)/.test(error.code)) return new UserFacingError(artifactErrors.databaseBusy(path));
  // Failures to write (a full disk) are no fault of the file.
  if (/^SQLITE_(NOTADB|CORRUPT|CANTOPEN|FORMAT|READONLY|PERM|AUTH|IOERR_(SHORT_)?READ)/.test(error.code))
    return new UserFacingError(artifactErrors.notADatabase(path, error.message));
  return error;
}

function tryOpen(file: string, readonly: boolean): Database.Database {
  const database = new Database(file, { readonly, fileMustExist: true });
  try {
    // SQLite opens lazily: only a read finds out whether it can.
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether SQLite would have to write beside a file to read it. @throws where the file itself cannot be read. */
function needsCopy(error: unknown, file: string): boolean {
  if (!isSqliteError(error)) return false;
  if (error.code.startsWith('SQLITE_READONLY')) return true;
  if (!error.code.startsWith('SQLITE_CANTOPEN')) return false;
  // Not by opening it: closing that would take the locks that this process may have on the file.
  accessSync(file, constants.R_OK);
  return existsSync(`${file}-wal`);
}

function openCopy(file: string): OpenedDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-database-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, 'data');
    if (!copyDatabase(file, copy)) throw new UserFacingError(artifactErrors.databaseBusy(file));
    const database = tryOpen(copy, false);
    database.pragma('query_only = ON');
    return {
      database,
      copied: true,
      close() {
        database.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Makes a staged database one file in rollback mode: what is in its `-wal` is moved into it, an unfinished transaction
 * is rolled back, side files go. So it can be stored and renamed as one file, and reading it leaves nothing beside it.
 */
export function makeSelfContained(path: string): void {
  explained(path, () => {
    const database = tryOpen(path, false);
    try {
      if (database.pragma('journal_mode', { simple: true }) !== 'delete') database.pragma('journal_mode = DELETE');
    } finally {
      database.close();
    }
  });
  for (const side of sideFiles(path)) rmSync(side, { force: true });
}
