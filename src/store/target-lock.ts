import { setTimeout as delay } from 'node:timers/promises';
import { systemErrorCode } from '../base/system-error.js';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { storeErrors } from '../diagnostics/store.js';
import { Claims, type Holder } from './claims.js';
import type { CacheLayout } from './layout.js';
import { explainSqlite } from './sqlite.js';

export type { Holder } from './claims.js';

export interface TargetLock {
  /** Frees the lock, for others when the event loop turns. Again: does nothing. */
  release(): void;
}

/**
 * Waits for a target's lock and takes it.
 *
 *     free --acquire--> held --release, or death of the holder--> free
 *              \--busy--> waiting --free--> held
 *                             \--signal--> (rejected)
 *
 * `onWait` is called when there is somebody to wait for, and again when that changes. Also within one process there is one
 * holder at a time.
 *
 * @throws the signal's reason when it is aborted while waiting.
 */
export async function acquireTargetLock(
  layout: CacheLayout,
  target: string,
  options: { readonly run: string; readonly signal?: AbortSignal; readonly onWait?: (holder: Holder) => void },
): Promise<TargetLock> {
  const claims = Claims.of(layout);
  let announced = '';
  for (let pause = 20; ; pause = Math.min(100, pause * 1.5)) {
    options.signal?.throwIfAborted();
    const answer = explained(layout, () => claims.try(target, options.run));
    if (answer === 'claimed') return lockOf(claims, target);
    const text = `${answer.pid} ${answer.run}`;
    if (text !== announced) {
      announced = text;
      options.onWait?.(answer);
    }
    await delay(pause, undefined, { signal: options.signal }).catch(() => {
      options.signal?.throwIfAborted();
    });
  }
}

/** Takes the locks of two names at once. Undefined where one of them may have to be waited for: then it takes neither. */
export function tryBothLocks(
  layout: CacheLayout,
  names: readonly [string, string],
  run: string,
): readonly [TargetLock, TargetLock] | undefined {
  const claims = Claims.of(layout);
  if (!explained(layout, () => claims.tryBoth(names, run))) return undefined;
  return [lockOf(claims, names[0]), lockOf(claims, names[1])];
}

function lockOf(claims: Claims, target: string): TargetLock {
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      claims.free(target);
    },
  };
}

function explained<T>(layout: CacheLayout, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')
      ? new UserFacingError(storeErrors.diskFull({ path: layout.locks }), EXIT.failed)
      : explainSqlite(error, layout.locks);
  }
}
