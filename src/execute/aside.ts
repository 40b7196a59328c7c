import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Endings of the files that SQLite may leave beside a database, and that belong to its content. */
export const DATABASE_SIDES = ['-wal', '-shm', '-journal'] as const;

/**
 * Moves a file, link or folder below `folder`, under its own relative name (`.2`, `.3` … where that is taken), and says
 * where it went. Across file systems it is copied first and removed only when the copy is whole.
 */
export function moveAside(path: string, name: string, folder: string): string {
  const inside = name.replace(/^(\.\.\/|\/)+/, '');
  let to = join(folder, inside);
  for (let n = 2; taken(to); n++) to = join(folder, `${inside}.${n}`);
  mkdirSync(dirname(to), { recursive: true });
  move(path, to);
  return to;
}

/** Renames, or copies and removes where the file systems differ. The destination must not be there. */
export function move(path: string, to: string): void {
  try {
    renameSync(path, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    try {
      cpSync(path, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, errorOnExist: true });
    } catch (failed) {
      rmSync(to, { recursive: true, force: true });
      throw failed;
    }
    rmSync(path, { recursive: true });
  }
}

function taken(path: string): boolean {
  return existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
