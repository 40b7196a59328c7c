import { statIfThere } from '../base/stat-if-there.js';

/** The database that a file of this name would be beside. */
export function databaseBeside(path: string): string | undefined {
  return /^(.+)-(?:wal|journal)$/.exec(path)?.[1];
}

/**
 * Whether it is a file beside a database that holds nothing, or is gone: SQLite makes and removes those where it only
 * reads, so a build that reads a database sees changes that are its own.
 */
export function isEmptySide(path: string): boolean {
  if (databaseBeside(path) === undefined) return false;
  return (statIfThere(path)?.size ?? 0) === 0;
}
