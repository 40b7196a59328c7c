import type { CacheLayout } from './layout.js';

/** A run's own lock: while it is held, nobody sweeps the run's stage. */
export interface RunLock {
  readonly run: string;
  /** The run's stage folder; made by `acquireRunLock`. */
  readonly stage: string;
  /** Removes the stage and frees the lock. */
  release(): void;
}

export function acquireRunLock(layout: CacheLayout, run: string): RunLock {
  throw new Error(`not written yet ${layout.locks} ${run}`);
}

/** Removes what dead runs left: stages, and temporary files. Returns the ids of the runs. */
export function sweepStages(layout: CacheLayout): string[] {
  throw new Error(`not written yet ${layout.locks}`);
}
