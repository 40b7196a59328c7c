import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockFileSync, tryLockFile, type FileLock } from './file-lock.js';
import type { CacheLayout } from './layout.js';

/*
 * Collecting and runs keep out of each other's way. A run takes its own lock and then waits while the collector holds
 * its lock; the collector takes its lock and then looks whether any run's lock is held. Whichever comes second sees the
 * first. The collector holds its lock for one small batch at a time, so a build never waits longer than for one.
 */

function collectorLock(layout: CacheLayout): string {
  return join(layout.locks, '.gc');
}

/** Takes the collector's lock; undefined where another collector has it. */
export function tryCollectorLock(layout: CacheLayout): FileLock | undefined {
  return tryLockFile(collectorLock(layout));
}

/** Returns when no batch is being collected. To be called by a run that holds its lock. */
export function waitForCollector(layout: CacheLayout): void {
  const path = collectorLock(layout);
  // Where nothing was ever collected, the file is not there, and a collector that begins now sees the run's lock.
  if (existsSync(path)) lockFileSync(path).release();
}
