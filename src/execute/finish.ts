import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { millisecondsOf } from '../artifacts/file-stamp.js';
import type { Phase } from '../base/timeline.js';
import { executeErrors } from '../diagnostics/execute.js';
import type { JsonObject } from '../base/json.js';
import { Attribution } from '../plan/attribution.js';
import { coverageOf, placeOf } from '../plan/coverage.js';
import { decideAll } from '../plan/decide.js';
import type { Decision } from '../plan/decision.js';
import { nextLock, printLock, readLock } from '../plan/lock-file.js';
import { checkSnapshot } from '../plan/snapshot-compare.js';
import { snapshotSuffix, type PathTimes } from '../plan/snapshot-format.js';
import { encodePlan } from '../plan/plan-file.js';
import { pathOrder, planPath, takeSnapshot, writeSnapshot, type Snapshot } from '../plan/snapshot.js';
import { packageRoot } from '../rule/package-root.js';
import { writeAtomic } from '../store/atomic-write.js';
import { tick, tickLength, waitOneTick } from '../store/clock.js';
import { acquireTargetLock } from '../store/target-lock.js';
import type { Asked } from './asked.js';
import type { BuildState } from './build-state.js';
import { resultsRef } from './results.js';
import type { Run } from './run.js';
import type { Session } from './session.js';
import { stillFresh } from './still-so.js';

/** No target can have this name. */
const LOCK_FILE = '.lock-file';

/**
 * Writes the blocks of what succeeded into the lock, beside those that are there by now: another vlmbuild may have
 * written some. A file that would come out with the same bytes is not written.
 */
export async function writeLock({ run, succeeded }: Pick<BuildState, 'run' | 'succeeded'>): Promise<void> {
  const { lockPath, pipeline } = run.session;
  await withLockFile(run, () => replaceBlocks(lockPath, succeeded, (name) => pipeline.targets.has(name)));
}

/** For whoever has the lock's file for itself. */
export function replaceBlocks(
  lockPath: string,
  succeeded: BuildState['succeeded'],
  exists: (target: string) => boolean,
): void {
  const before = existsSync(lockPath) ? readFileSync(lockPath) : undefined;
  const next = Buffer.from(printLock(nextLock(readLock(lockPath), succeeded, exists)));
  if (before?.equals(next) !== true) writeAtomic(lockPath, next);
}

/** While nobody else writes the lock. */
export async function withLockFile(run: Run, write: () => void): Promise<void> {
  const held = await acquireTargetLock(run.session.layout, LOCK_FILE, { run: run.id });
  try {
    write();
  } finally {
    held.release();
  }
}

/**
 * Waits until the times of what was written are old enough to be trusted, and makes its stat records trusted ones, so
 * that the next build reads nothing.
 *
 * @param meanwhile done while it waits
 */
export async function settleRecords(
  { run }: Pick<BuildState, 'run'>,
  lockWritten: boolean,
  meanwhile: () => void = () => undefined,
): Promise<void> {
  const { digester, index, layout } = run.session;
  if (digester.unsettled || lockWritten) {
    const waited = waitOneTick(layout);
    meanwhile();
    await waited;
  }
  if (digester.unsettled) await digester.settle();
  index.flush();
}

/**
 * Takes and writes the snapshot that lets the next build say at once that everything is fresh, and the plan that lets it
 * go straight to what has changed. A file may have changed since it was digested; so where anything covered is young,
 * everything is decided once more after the times are taken.
 */
export async function snapshot(
  build: BuildState,
  asked: Asked & { readonly needed: readonly string[] },
  results: () => JsonObject,
): Promise<void> {
  const { session } = build.run;
  const { words, needed } = asked;
  const identity = { root: session.root, file: basename(session.file), words, program: programFolder() };
  const path = `${session.layout.snapshot}${snapshotSuffix(identity)}`;
  // Paths in it are relative to the root. One that still holds is left alone: a build that does nothing writes nothing.
  if (process.cwd() === session.root && checkSnapshot(path, identity, session.realEnvironment) !== undefined) return;
  const { taken, plan } = take(build, asked, results);
  if (taken === undefined) return;
  // Of what a watch keeps, nobody may have told yet what is in the times that were taken.
  const kept = session.digester.confirmKept();
  if (kept === 'other') return;
  if (kept === 'doubted' || taken.newestMs >= session.openedMs - Number(tickLength(session.layout)) / 1e6) {
    const known = kept === 'same' ? stillFresh(session, build.whole) : new Map<string, Decision>();
    const decisions = await decideAll(session.planContext(), needed, known);
    if (![...decisions.values()].every(({ state }) => state === 'fresh')) return;
  }
  // The plan first: a snapshot whose plan is not there can still tell that nothing has changed.
  writeAtomic(planPath(path), plan);
  writeSnapshot(session.layout.snapshot, taken);
}

/** The folder from which vlmbuild runs. */
export function programFolder(): string {
  return join(packageRoot(), 'dist');
}

function take(
  { run }: BuildState,
  { words, wanted, needed }: Asked & { readonly needed: readonly string[] },
  results: () => JsonObject,
): { readonly taken: Snapshot | undefined; readonly plan: Uint8Array } {
  const { session } = run;
  const { pipeline, graph, digester, lockPath, layout } = session;
  const program = programFolder();
  const coverage = coverageOf(pipeline, needed, {
    touched: digester.touched(),
    lock: lockPath,
    program,
    environment: session.realEnvironment,
  });
  const attribution = new Attribution(pipeline, needed);
  const places = new Map(needed.map((name, place) => [name, place]));
  const readersOf = (path: string): number[] => attribution.of(path).flatMap((name) => places.get(name) ?? []);
  const lock = placeOf(lockPath, session.root);
  // What other builds write of their own targets into the lock need not concern these: it is looked into.
  const isFixed = (path: string): boolean =>
    coverage.loaded.has(path) || (attribution.of(path).length === 0) !== (path === lock);
  const fixed = new Set([...coverage.stat].filter(isFixed));
  const order = pathOrder(coverage, fixed);
  const readers = [...order.fixed.map(() => []), ...[...order.followed, ...order.unfollowed].map(readersOf)];
  const plan = encodePlan({ graph, wanted, names: needed, readers });
  const taken = takeSnapshot({
    file: session.file,
    words,
    targets: needed.length,
    program,
    coverage,
    digested: timesDigested(digester),
    plan: { id: plan.id, fixed, results: resultsRef({ details: results() }) ?? '' },
    environment: session.realEnvironment,
    loadedMs: session.openedMs,
    now: tick(layout),
  });
  return { taken, plan: plan.bytes };
}

/**
 * The times under which files of directories were digested. They are those of the content, whatever was written since:
 * then the next build sees others.
 */
export function timesDigested(digester: Pick<Session['digester'], 'stampOf'>): (path: string) => PathTimes | undefined {
  return (path) => {
    const stamp = digester.stampOf(path);
    if (stamp === undefined) return undefined;
    const { mtimeNs, ctimeNs, size, ino } = stamp;
    return { mtimeMs: millisecondsOf(mtimeNs), ctimeMs: millisecondsOf(ctimeNs), size, ino: Number(ino) };
  };
}

/** Does what must not fail a build whose outputs are in place; says so where it fails. */
export async function afterwards(
  build: BuildState,
  phase: Phase,
  what: string,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await build.run.session.timeline.during({ phase, lane: { type: 'build' } }, work);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    build.run.emit({ type: 'warning', diagnostic: executeErrors.notRecorded({ what, message }) });
    return false;
  }
}
