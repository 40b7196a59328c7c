import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLockFile, type FileLock } from './file-lock.js';
import { explainSqlite } from './sqlite.js';

/**
 * Waits until nobody else asks a question and takes the lock on it: kernel's, so free at once when its holder dies. The
 * file is there while somebody asks.
 *
 * A waiter may come to hold a file that the holder before it has just removed, beside another that made it anew: so what
 * the one before it found out is looked up after the lock is had, and only a question that failed meanwhile could be
 * asked twice.
 *
 * @throws the signal's reason when it is aborted while waiting.
 */
export async function lockQuestion(path: string, signal: AbortSignal): Promise<FileLock> {
  for (let pause = 10; ; pause = Math.min(100, pause * 1.5)) {
    signal.throwIfAborted();
    const lock = tryLock(path);
    if (lock !== undefined && existsSync(path)) {
      return {
        release: () => {
          rmSync(path, { force: true });
          lock.release();
        },
      };
    }
    lock?.release();
    await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function tryLock(path: string): FileLock | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return tryLockFile(path);
  } catch (error) {
    throw explainSqlite(error, path);
  }
}
