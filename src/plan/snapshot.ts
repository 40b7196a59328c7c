import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { writeAtomic } from '../store/atomic-write.js';
import type { Coverage } from './coverage.js';
import { encodeSnapshot, newestTime, snapshotSuffix, type Columns, type TimesTaken } from './snapshot-format.js';

/** What a build saw, from which the next one can tell at once that nothing has changed. */
export interface SnapshotInput {
  /** The pipeline file, absolute; its folder is the root. */
  readonly file: string;
  /** The words of the command line that named the targets. */
  readonly words: readonly string[];
  /** How many targets are fresh: what the line will say. */
  readonly targets: number;
  /** The folder from which vlmbuild runs (the one with `vlmbuild.cjs`): another installation ignores the snapshot. */
  readonly program: string;
  readonly coverage: Coverage;
  /** See `TimesTaken`. */
  readonly digested?: TimesTaken['digested'];
  /** What a later build needs to tell which targets a change concerns. Without, every change concerns all. */
  readonly plan?: { readonly id: number; readonly fixed: ReadonlySet<string>; readonly results: string };
  /** The real environment; of `coverage.environment` each value is remembered as a digest. */
  readonly environment: NodeJS.ProcessEnv;
  /** When the build began to read the pipeline file and the rules, in milliseconds since 1970. */
  readonly loadedMs: number;
  /** From the clock's probe: what is younger than a tick may change without showing it. */
  readonly now: { readonly nowNs: bigint; readonly tickNs: bigint };
}

/** A snapshot taken, not yet written. */
export interface Snapshot {
  readonly suffix: string;
  readonly bytes: Uint8Array;
  /** The newest time among everything covered, in milliseconds since 1970. */
  readonly newestMs: number;
}

/**
 * Takes the times of everything covered. Undefined where something is too young to be trusted: wait a tick, or do without.
 *
 * A file may change between its digest and this moment. So either `newestMs` is older than the start of the build by
 * more than a tick, or the caller decides everything once more after taking, and writes only if all is still fresh.
 */
export function takeSnapshot(input: SnapshotInput): Snapshot | undefined {
  const { coverage, now, plan } = input;
  const identity = {
    root: dirname(input.file),
    file: basename(input.file),
    words: input.words,
    program: input.program,
  };
  const columns = {
    ...pathOrder(coverage, plan?.fixed ?? coverage.stat),
    environment: [...coverage.environment],
    targets: input.targets,
    plan: plan?.id ?? 0,
    results: plan?.results ?? '',
  };
  const tickMs = Number(now.tickNs) / 1e6;
  const nowMs = Number(now.nowNs) / 1e6;
  const { bytes, newestMs } = encodeSnapshot(
    identity,
    columns,
    input.environment,
    nowMs + tickMs,
    input.digested === undefined ? {} : { digested: input.digested },
  );
  if (newestMs >= nowMs - tickMs) return undefined;
  // After the times were taken: what changes from here on has other times than the snapshot says.
  if (
    [...coverage.loaded].some((path) =>
      changedSince(resolve(identity.root, path), input.loadedMs - tickMs, nowMs + tickMs),
    )
  ) {
    return undefined;
  }
  return { suffix: snapshotSuffix(identity), bytes, newestMs };
}

/** The paths covered, in the order in which a snapshot has them. */
export function pathOrder(
  { stat, lstat }: Pick<Coverage, 'stat' | 'lstat'>,
  fixed: ReadonlySet<string>,
): Pick<Columns, 'fixed' | 'followed' | 'unfollowed'> {
  const followed = [...stat];
  return {
    fixed: followed.filter((path) => fixed.has(path)),
    followed: followed.filter((path) => !fixed.has(path)),
    unfollowed: [...lstat],
  };
}

function changedSince(path: string, sinceMs: number, nowMs: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && newestTime(stats, nowMs) >= sinceMs;
}

/** Where the plan of a snapshot is: `snapshot-1a2b` → `plan-1a2b`. */
export function planPath(snapshot: string): string {
  return join(dirname(snapshot), basename(snapshot).replace(/^snapshot/, 'plan'));
}

/** Other sets of wanted targets keep their snapshots, up to this many in all. */
const KEPT = 16;

/** Written atomically beside those of other sets of words. `base` is the layout's `snapshot`. */
export function writeSnapshot(base: string, snapshot: Pick<Snapshot, 'suffix' | 'bytes'>): void {
  writeAtomic(`${base}${snapshot.suffix}`, snapshot.bytes);
  const folder = dirname(base);
  const others = readdirSync(folder)
    .filter((name) => name.startsWith(`${basename(base)}-`))
    .map((name) => ({ path: join(folder, name), time: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { path } of others.slice(KEPT)) {
    rmSync(path, { force: true });
    rmSync(planPath(path), { force: true });
  }
}
