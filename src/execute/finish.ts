import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { executeErrors } from '../diagnostics/execute.js';
import { coverageOf } from '../plan/coverage.js';
import { decideAll } from '../plan/decide.js';
import { nextLock, printLock, readLock } from '../plan/lock-file.js';
import { checkSnapshot, snapshotSuffix } from '../plan/snapshot-format.js';
import { takeSnapshot, writeSnapshot, type Snapshot } from '../plan/snapshot.js';
import { packageRoot } from '../rule/package-root.js';
import { writeAtomic } from '../store/atomic-write.js';
import { tick, tickLength, waitOneTick } from '../store/clock.js';
import { acquireTargetLock } from '../store/target-lock.js';
import type { BuildState } from './build-state.js';

/** No target can have this name. */
const LOCK_FILE = '.lock-file';

/**
 * Writes the blocks of what succeeded into the lock, beside those that are there by now: another vlmbuild may have
 * written some. A file that would come out with the same bytes is not written.
 */
export async function writeLock({ run, succeeded }: Pick<BuildState, 'run' | 'succeeded'>): Promise<void> {
  const { layout, lockPath, pipeline } = run.session;
  const held = await acquireTargetLock(layout, LOCK_FILE, { run: run.id });
  try {
    const next = nextLock(readLock(lockPath), succeeded, (target) => pipeline.targets.has(target));
    const text = printLock(next);
    if (existsSync(lockPath) && readFileSync(lockPath, 'utf8') === text) return;
    writeAtomic(lockPath, text);
  } finally {
    held.release();
  }
}

/**
 * Waits until the times of what was written are old enough to be trusted, and makes its stat records trusted ones, so
 * that the next build reads nothing.
 */
export async function settleRecords({ run }: Pick<BuildState, 'run'>, lockWritten: boolean): Promise<void> {
  const { digester, index, layout } = run.session;
  if (digester.unsettled || lockWritten) await waitOneTick(layout);
  if (digester.unsettled) await digester.settle();
  index.flush();
}

/**
 * Takes and writes the snapshot that lets the next build say at once that everything is fresh. A file may have changed
 * since it was digested; so where anything covered is young, everything is decided once more after the times are taken.
 */
export async function snapshot(build: BuildState, words: readonly string[], needed: readonly string[]): Promise<void> {
  const { session } = build.run;
  const program = join(packageRoot(), 'dist');
  const identity = { root: session.root, file: basename(session.file), words, program };
  const path = `${session.layout.snapshot}${snapshotSuffix(identity)}`;
  // Paths in it are relative to the root. One that still holds is left alone: a build that does nothing writes nothing.
  if (process.cwd() === session.root && checkSnapshot(path, identity, session.realEnvironment) !== undefined) return;
  const taken = take(build, words, needed, program);
  if (taken === undefined) return;
  if (taken.newestMs >= session.openedMs - Number(tickLength(session.layout)) / 1e6) {
    const decisions = await decideAll(session.planContext(), needed);
    if (![...decisions.values()].every(({ state }) => state === 'fresh')) return;
  }
  writeSnapshot(session.layout.snapshot, taken);
}

function take(
  { run }: BuildState,
  words: readonly string[],
  needed: readonly string[],
  program: string,
): Snapshot | undefined {
  const { session } = run;
  const { pipeline, digester, lockPath, layout } = session;
  const coverage = coverageOf(pipeline, needed, {
    touched: digester.touched(),
    lock: lockPath,
    program,
    environment: session.realEnvironment,
  });
  return takeSnapshot({
    file: session.file,
    words,
    targets: needed.length,
    program,
    coverage,
    environment: session.realEnvironment,
    loadedMs: session.openedMs,
    now: tick(layout),
  });
}

/** Does what must not fail a build whose outputs are in place; says so where it fails. */
export async function afterwards(build: BuildState, what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    build.run.emit({ type: 'warning', diagnostic: executeErrors.notRecorded({ what, message }) });
    return false;
  }
}
