import { readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseMemories } from '../artifacts/sqlite-memories.js';
import type { Digest } from '../base/digest.js';
import { archiveErrors } from '../diagnostics/archive.js';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { IndexTables, type RowsToDrop } from '../store/gc-index.js';
import { tryCollectorLock } from '../store/gc-lock.js';
import { removeObjects } from '../store/gc-objects.js';
import { activeRuns } from '../store/run-lock.js';
import { repack, sparseBlobs } from './repack.js';
import type { Session } from './session.js';
import { isThere, surveyStore, timeOfRun, type Survey } from './survey.js';

export interface GcBounds {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** What the last so many runs came to is kept. */
  readonly keepRuns: number;
}

export const GC_BOUNDS: GcBounds = { maxBytes: 20e9, maxAgeMs: 30 * 86_400_000, keepRuns: 10 };

export interface GcOptions extends GcBounds {
  readonly nowMs: number;
  readonly dryRun?: boolean;
  /** Whether to wait for runs that are under way; without, nothing is done then. */
  readonly wait: boolean;
  readonly signal?: AbortSignal;
  /** Called with the ids of the runs that are waited for. */
  readonly onWait?: (runs: readonly string[]) => void;
}

export interface GcReport {
  /** Bytes in the store before and after. */
  readonly before: number;
  readonly after: number;
  /** Of those: what is needed, and so never goes. */
  readonly needed: number;
  readonly objects: number;
  readonly results: number;
  readonly parts: number;
  readonly runs: number;
  /** Records of files that are gone. */
  readonly paths: number;
  readonly logs: number;
}

/** So many objects go in one batch, for which a build that begins may have to wait. */
const BATCH = 500;

/**
 * Brings the store within its bounds: drops what nothing needs and was not used for longest, results and parts with
 * their objects, and what no result refers to.
 *
 *   quiet? ──no──> wait for the runs under way ──┐
 *     │ yes                <─────────────────────┘
 *   survey ──> drop rows ──> remove objects, batch by batch ──> move what lies in sparse blobs ──> done
 *     ^             │                  │
 *     '── a run began or ended meanwhile ──'
 *
 * Rows go first, in one transaction: killed at any moment, what is left is objects that nothing refers to, and the next
 * time takes them. Nothing goes while a run is under way, which may be about to refer to what nobody referred to before.
 *
 * @returns undefined where runs are under way and `wait` is not set.
 * @throws the signal's reason; UserFacingError for an index that knows no result, of a store that has some: it was lost.
 */
export async function collect(session: Session, options: GcOptions): Promise<GcReport | undefined> {
  const { layout } = session;
  session.index.flush();
  const tables = new IndexTables(layout);
  const gone = { objects: 0, results: 0, parts: 0, runs: 0, paths: 0, logs: 0 };
  let first: number | undefined;
  let repacked = false;
  try {
    for (;;) {
      if (options.dryRun !== true && !(await untilQuiet(session, options))) return undefined;
      const sequence = tables.runSequence();
      const survey = surveyStore(session, tables, options.keepRuns);
      const { actions, runs, stored } = survey;
      if (tables.repaired !== undefined || (actions.length + runs.length === 0 && stored.size > 0))
        throw new UserFacingError(archiveErrors.nothingKnown({ problem: tables.repaired }), EXIT.failed);
      const sizes = { before: totalOf(survey), needed: survey.marking.bytes };
      const { marking } = survey;
      const { rows, objects, kept } = choose(session, tables, survey, options);
      first ??= sizes.before;
      const report = (): GcReport => ({ ...gone, before: first ?? sizes.before, needed: sizes.needed, after: kept });
      const count = (dropped: RowsToDrop): void => {
        gone.results += dropped.actions.length;
        gone.parts += dropped.parts.length;
        gone.runs += dropped.runs.length;
        gone.paths += dropped.stats.length + dropped.outputPaths.length;
      };
      const logs = oldLogs(session, survey, rows.runs, options);
      if (options.dryRun === true) {
        count(rows);
        return { ...report(), objects: objects.length, logs: logs.length };
      }
      const quietly = (work: () => void): boolean => {
        const lock = tryCollectorLock(layout);
        if (lock === undefined) return false;
        try {
          if (activeRuns(layout).length > 0 || tables.runSequence() !== sequence) return false;
          work();
          return true;
        } finally {
          lock.release();
        }
      };
      const drop = (): void => {
        // What is kept was marked by the parts' own rows, which may tell of another object than the lists do.
        if (objects.length > 0) tables.forgetMadeParts();
        tables.drop(rows);
      };
      if (!quietly(drop)) continue;
      count(rows);
      let disturbed = false;
      for (let start = 0; start < objects.length && !disturbed; start += BATCH) {
        options.signal?.throwIfAborted();
        const batch = objects.slice(start, start + BATCH);
        disturbed = !quietly(() => removeObjects(layout, batch));
        if (!disturbed) gone.objects += batch.length;
        await new Promise((done) => setImmediate(done));
      }
      if (disturbed) continue;
      const batches = repacked ? [] : sparseBlobs(marking);
      for (const batch of batches) {
        options.signal?.throwIfAborted();
        disturbed ||= !quietly(() => repack(batch, session.objects, tables));
        await new Promise((done) => setImmediate(done));
      }
      if (disturbed) continue;
      // Once: a damaged blob stays as it is.
      repacked = true;
      // What they took is found to be needed by nobody now.
      if (batches.length > 0) continue;
      removeLogs(session, logs);
      new DatabaseMemories(layout.databases).keepOnly(tables.statKeys().map(({ path }) => resolve(session.root, path)));
      gone.logs += logs.length;
      return report();
    }
  } finally {
    tables.close();
  }
}

async function untilQuiet({ layout }: Session, { wait, signal, onWait }: GcOptions): Promise<boolean> {
  let told = '';
  for (;;) {
    signal?.throwIfAborted();
    const runs = activeRuns(layout);
    const lock = runs.length > 0 ? undefined : tryCollectorLock(layout);
    if (lock !== undefined) {
      lock.release();
      return true;
    }
    if (!wait) return false;
    if (runs.length > 0 && runs.join() !== told) onWait?.(runs);
    told = runs.join();
    await delay(100, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

export function totalOf({ stored }: Survey): number {
  let sum = 0;
  for (const { bytes } of stored.values()) sum += bytes;
  return sum;
}

interface Choice {
  readonly rows: RowsToDrop;
  readonly objects: readonly Digest[];
  /** Bytes that stay. */
  readonly kept: number;
}

/** Marks what may stay of what nothing needs, from the most recently used on, and gives the rest. */
function choose(session: Session, tables: IndexTables, survey: Survey, bounds: GcOptions): Choice {
  const { marking, spare, stored } = survey;
  const oldest = bounds.nowMs - bounds.maxAgeMs;
  const [actions, parts, runs]: [Digest[], Digest[], string[]] = [[], [], []];
  let full = false;
  for (const { type, id, outputs, usedMs } of spare) {
    const cost = outputs.reduce((sum, output) => sum + marking.cost(output), 0);
    // Once something had to go, nothing that is older stays in its place, but for what takes no space of its own.
    if (usedMs >= oldest && cost > 0 && marking.bytes + cost > bounds.maxBytes) full = true;
    const fits = cost === 0 || !full;
    // A part without bytes has no age that could be told.
    const young = usedMs >= oldest || (type === 'part' && outputs.length === 0);
    if (young && fits) for (const output of outputs) marking.output(output);
    else if (type === 'action') actions.push(id as Digest);
    else if (type === 'part') parts.push(id as Digest);
    // The list of runs is short, and stays for as long as its age allows.
    else if (!young) runs.push(id);
  }
  const { root } = session;
  const rows: RowsToDrop = {
    actions,
    parts,
    runs,
    stats: tables.statKeys().filter(({ path }) => !isThere(resolve(root, path))),
    outputPaths: [...tables.outputPaths().keys()].filter((path) => !isThere(resolve(root, path))),
  };
  return { rows, objects: [...stored.keys()].filter((digest) => !marking.has(digest)), kept: marking.bytes };
}

/** Logs of runs that are old, but for the last one of each target: `vlmbuild log` shows that. */
function oldLogs({ layout }: Session, { runs }: Survey, dropped: readonly string[], bounds: GcOptions): string[] {
  const recorded = new Set(runs.map(({ id }) => id));
  for (const id of dropped) recorded.delete(id);
  const seen = new Set<string>();
  const old: string[] = [];
  for (const run of readdirSync(layout.logs).sort().reverse()) {
    const isOld = !recorded.has(run) && timeOfRun(run) < bounds.nowMs - bounds.maxAgeMs;
    for (const name of readdirSync(join(layout.logs, run))) {
      if (isOld && seen.has(name)) old.push(join(run, name));
      seen.add(name);
    }
  }
  return old;
}

function removeLogs({ layout }: Session, logs: readonly string[]): void {
  for (const log of logs) rmSync(join(layout.logs, log), { force: true });
  for (const run of new Set(logs.map((log) => log.split('/', 1)[0] ?? ''))) {
    const folder = join(layout.logs, run);
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  }
}
