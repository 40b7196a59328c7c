import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hexOf, sha256 } from '../base/digest.js';
import { isJsonObject, type Json } from '../base/json.js';
import { systemErrorCode } from '../base/system-error.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { storeErrors } from '../diagnostics/store.js';
import { tryLockFile, type FileLock } from './file-lock.js';
import type { CacheLayout } from './layout.js';
import { explainSqlite } from './sqlite.js';

/** Who has a lock. */
export interface Holder {
  readonly pid: number;
  readonly run: string;
}

export interface TargetLock {
  /** Frees the lock. Again: does nothing. */
  release(): void;
}

/**
 * Waits for a target's lock and takes it.
 *
 *     free --acquire--> held --release, or death of the holder--> free
 *              \--busy--> waiting --free--> held
 *                             \--signal--> (rejected)
 *
 * `onWait` is called when there is somebody to wait for whose name is known, and again when that changes. Also within
 * one process there is one holder at a time.
 *
 * @throws the signal's reason when it is aborted while waiting.
 */
export async function acquireTargetLock(
  layout: CacheLayout,
  target: string,
  options: { readonly run: string; readonly signal?: AbortSignal; readonly onWait?: (holder: Holder) => void },
): Promise<TargetLock> {
  const name = lockName(target);
  const lockPath = join(layout.locks, `${name}.lock`);
  const holderPath = join(layout.locks, `${name}.holder`);
  let announced = '';
  for (let pause = 20; ; pause = Math.min(100, pause * 1.5)) {
    options.signal?.throwIfAborted();
    const lock = tryLock(lockPath);
    if (lock !== undefined) return hold(lock, holderPath, options.run);
    const holder = readHolder(holderPath);
    const text = holder === undefined ? '' : `${String(holder.pid)} ${holder.run}`;
    if (holder !== undefined && text !== announced) {
      announced = text;
      options.onWait?.(holder);
    }
    await delay(pause, undefined, { signal: options.signal }).catch(() => {
      options.signal?.throwIfAborted();
    });
  }
}

function tryLock(path: string): FileLock | undefined {
  try {
    return tryLockFile(path);
  } catch (error) {
    throw explainSqlite(error, path);
  }
}

function hold(lock: FileLock, holderPath: string, run: string): TargetLock {
  try {
    writeHolder(holderPath, { pid: process.pid, run });
  } catch (error) {
    lock.release();
    throw ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')
      ? new UserFacingError(storeErrors.diskFull({ path: holderPath }))
      : error;
  }
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      lock.release();
    },
  };
}

/**
 * Overwrites the first line and leaves the file when the lock is free: making and removing it for each target would cost
 * more than the lock.
 */
function writeHolder(path: string, holder: Holder): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT);
  try {
    writeSync(file, `${JSON.stringify(holder)}\n`, 0);
  } finally {
    closeSync(file);
  }
}

/** The file may be absent, half-written, or of the holder before: it only serves a message. */
function readHolder(path: string): Holder | undefined {
  try {
    const [line = ''] = readFileSync(path, 'utf8').split('\n', 1);
    const value = JSON.parse(line) as Json;
    if (!isJsonObject(value)) return undefined;
    const { pid, run } = value;
    return typeof pid === 'number' && typeof run === 'string' ? { pid, run } : undefined;
  } catch {
    return undefined;
  }
}

/** A target's name as a file name. Long ones (a matrix of many keys) end in a digest. */
function lockName(target: string): string {
  const name = encodeURIComponent(target);
  return name.length <= 200 ? name : `${name.slice(0, 150)}-${hexOf(sha256(target))}`;
}
