import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file so that a reader sees the old or the new one, never a half. Not fsynced.
 * On failure (a full disk) the old file stays and nothing else is left.
 *
 * @throws the file system's error.
 */
export function writeAtomic(path: string, data: string | Uint8Array): void {
  writePiecesAtomic(path, [data]);
}

/** The same of bytes that come one after the other, each written before the next is asked for. */
export function writePiecesAtomic(path: string, pieces: Iterable<string | Uint8Array>): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = openSync(temporary, 'wx');
    try {
      for (const piece of pieces) writeFileSync(file, piece);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
