import { chmodSync, constants, copyFileSync, rmSync, statSync } from 'node:fs';
import { systemErrorCode } from '../base/system-error.js';

/** What belongs to the content of a database; `-shm` never does. */
const PARTS = ['', '-wal', '-journal'] as const;

/**
 * Copies a database with what is not yet in its file, again where one of both is written meanwhile. The copy may be
 * written, whatever the original allows. False where it was written time and again. Where there is none, nothing is copied.
 */
export function copyDatabase(from: string, to: string): boolean {
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = stampOf(from);
    for (const suffix of PARTS) {
      rmSync(to + suffix, { force: true });
      copyIfThere(from + suffix, to + suffix);
    }
    if (stampOf(from) === before) return true;
  }
  return false;
}

function stampOf(path: string): string {
  return PARTS.map((suffix) => {
    const stat = statSync(path + suffix, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? '' : `${stat.size} ${stat.mtimeNs} ${stat.ino}`;
  }).join('\n');
}

function copyIfThere(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    chmodSync(to, 0o600);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}
