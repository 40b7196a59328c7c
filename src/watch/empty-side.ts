import { statSync } from 'node:fs';

/**
 * Whether it is a file beside a database that holds nothing, or is gone: SQLite makes and removes those where it only reads,
 * so a build that reads a database sees changes that are its own.
 */
export function isEmptySide(path: string): boolean {
  if (!/-(wal|journal)$/.test(path)) return false;
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}
