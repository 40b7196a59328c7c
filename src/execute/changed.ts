import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDigest, type Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import { foldersAbove } from '../config/paths.js';
import { placeOf } from '../plan/coverage.js';
import { decide } from '../plan/decide.js';
import type { Decision } from '../plan/decision.js';
import type { Graph } from '../plan/graph.js';
import { isOutdated, lockPath, readLock, type LockFile } from '../plan/lock-file.js';
import { LockText } from '../plan/lock-text.js';
import { readPlan, type RememberedPlan } from '../plan/plan-file.js';
import { planPath, writeSnapshot } from '../plan/snapshot.js';
import { isSame, type ComparedSnapshot } from '../plan/snapshot-compare.js';
import { COLUMNS, encodeSnapshot, snapshotSuffix, type Columns, type KnownTimes } from '../plan/snapshot-format.js';
import type { LoadedRule } from '../rule/description.js';
import { isWholeBundle } from '../rule/remembered.js';
import { writeAtomic, writePiecesAtomic } from '../store/atomic-write.js';
import { tick } from '../store/clock.js';
import type { AfterClose } from '../store/index-db.js';
import { cacheLayout } from '../store/layout.js';
import { buildScope, findStandIns, type Books, type BuildResult } from './build.js';
import type { BuildState } from './build-state.js';
import { coveredNow } from './changed-coverage.js';
import type { EventListener } from './events.js';
import { programFolder, replaceBlocks, timesDigested, withLockFile } from './finish.js';
import { resultsOf, resultsRef, storeChangedResults } from './results.js';
import { openPlanned, type Session } from './session.js';

/** A plain build, after which the process ends, of a project whose snapshot holds but for some files. */
export interface ChangedBuild {
  /** The pipeline file, absolute. */
  readonly file: string;
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly jobs: number;
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
}

/**
 * Builds what a change since the last snapshot concerns: the targets to which a changed path belongs, and all that need
 * them. Everything else is as it was when the snapshot was taken, as its times say. Beside the reading of snapshot and
 * plan it costs what the change is worth, and not what the project is.
 *
 * Undefined, before anything is done, where that cannot be told: then the whole pipeline is read.
 */
export async function buildChanged(
  changed: ChangedBuild,
  compared: ComparedSnapshot,
  listener: EventListener,
): Promise<BuildResult | undefined> {
  const opened = open(changed, compared);
  if (opened === undefined) return undefined;
  const { session, plan, names } = opened;
  let next: AfterClose = 'goes on';
  try {
    if (!session.objects.has(opened.base) || !isKnownBeside(opened) || !isLockedBeside(opened)) return undefined;
    const needed = [...session.graph.order];
    const standIns = await findStandIns(session, names, needed).catch(() => undefined);
    if (standIns === undefined) return undefined;
    const scope = {
      wanted: plan.wanted,
      names,
      standIns,
      freshBeside: plan.names.length - names.length,
      books: new ChangedBooks(changed, compared, opened, standIns),
    };
    const { keepGoing, signal } = changed;
    const result = await buildScope(session, scope, { targets: changed.words, keepGoing, signal }, listener);
    next = 'the process ends';
    return result;
  } finally {
    await session.close(next);
  }
}

interface Opened {
  readonly session: Session;
  readonly plan: RememberedPlan;
  /** Of the targets that are built, in the plan. */
  readonly places: readonly number[];
  readonly names: readonly string[];
  readonly lockText: LockText;
  /** The whole lock, where somebody has written it since. */
  readonly rewritten: LockFile | undefined;
  /** What all targets had before. */
  readonly base: Digest;
}

function open({ file, words, environment, jobs }: ChangedBuild, compared: ComparedSnapshot): Opened | undefined {
  const root = dirname(file);
  const links = compared.fixed + compared.followed;
  // What is said of a file that is not there names the line that wants it: the whole pipeline is read for that.
  if (compared.plan === 0 || !isDigest(compared.results) || compared.came.some((path) => path < links))
    return undefined;
  const suffix = snapshotSuffix({ file: basename(file), words });
  const plan = readPlan(planPath(`${cacheLayout(root).snapshot}${suffix}`), compared.plan);
  if (plan === undefined) return undefined;
  const concerned = new Set<number>();
  const written = new Set<number>();
  const lock = compared.paths.indexOf(placeOf(lockPath(file), root));
  for (const path of compared.changed) {
    if (path === lock) continue;
    const readers = plan.readers.at(path);
    if (readers.length === 0) return undefined;
    for (const reader of readers) (path < links ? concerned : written).add(reader);
  }
  const places = plan.withDependents([...concerned, ...written]);
  const around = [...plan.directlyNeeded(places), ...places].sort((a, b) => a - b);
  const graph = plan.graphOf(around, file, root);
  const names = places.map((place) => plan.names[place] ?? '');
  if (graph === undefined || names.some((name) => !isReady(graph, name))) return undefined;
  if (hasLink(outputFolders(graph, names), root)) return undefined;
  const isRewritten = compared.changed.includes(lock);
  const rewritten = isRewritten ? wholeLock(lockPath(file), plan) : undefined;
  const lockText = lockTextOf(lockPath(file), graph);
  if (lockText === undefined || (isRewritten && rewritten === undefined)) return undefined;
  const blocks = { graph, lock: lockText.lock() };
  const session = openPlanned(
    { file, environment, jobs },
    blocks,
    soonNeeded(plan, places, { concerned, written }, graph),
  );
  return { session, plan, places, names, lockText, rewritten, base: compared.results };
}

/** Another build has written it, for example. Undefined where it cannot be read, or has targets that are none. */
function wholeLock(path: string, plan: RememberedPlan): LockFile | undefined {
  try {
    const lock = readLock(path);
    const known = plan.allNames();
    return lock !== undefined && Object.keys(lock.targets).every((name) => known.has(name)) ? lock : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Of the targets that will most likely run: the rule of the first one in parts, which needs a host for long, or a command.
 * Those are the ones that a change is about, and those that need one whose output another build has written.
 */
function soonNeeded(
  plan: RememberedPlan,
  places: readonly number[],
  { concerned, written }: { readonly concerned: ReadonlySet<number>; readonly written: ReadonlySet<number> },
  { pipeline }: Graph,
): LoadedRule | 'command' | undefined {
  const works = places
    .filter((place) => concerned.has(place) || plan.dependencies.at(place).some((other) => written.has(other)))
    .flatMap((place) => pipeline.targets.get(plan.names[place] ?? '')?.work ?? []);
  for (const work of works) if (work.type === 'rule' && work.rule.shape === 'parts') return work.rule;
  return works.some(({ type }) => type === 'command') ? 'command' : undefined;
}

/** Whether a target can be built from what the plan knows: secrets are looked for in the whole pipeline's order. */
function isReady({ pipeline }: Graph, name: string): boolean {
  const target = pipeline.targets.get(name);
  if (target === undefined || target.secrets.length > 0) return false;
  return target.work.type === 'command' || isWholeBundle(target.work.rule.bundle);
}

/** The folders that outputs of these targets lie in, root-relative, and those above them. */
function outputFolders({ pipeline }: Graph, names: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const name of names)
    for (const { path } of Object.values(pipeline.targets.get(name)?.outputs ?? {}))
      for (const folder of foldersAbove(path)) folders.add(folder);
  return folders;
}

/** Whether one of the folders is a link by now. It may lead out of the project: who reads the whole pipeline looks where. */
function hasLink(folders: ReadonlySet<string>, root: string): boolean {
  for (const folder of folders)
    if (lstatSync(join(root, folder), { throwIfNoEntry: false })?.isSymbolicLink() === true) return true;
  return false;
}

/**
 * Whether the index knows of the targets that are not looked at. One that was made anew does not: then all are looked at,
 * and recorded from what is on disk.
 */
function isKnownBeside({ session: { index }, plan, places }: Opened): boolean {
  const built = new Set(places);
  const beside = plan.names.findIndex((_, place) => !built.has(place));
  return beside < 0 || index.lastKey(plan.names[beside] ?? '') !== undefined;
}

/**
 * Whether a lock that was written since says of the targets that are not looked at what the index has of them: their files are
 * as they were. Otherwise it is to be brought up to date, or somebody has put another one there.
 */
function isLockedBeside({ rewritten, session: { index }, plan, places }: Opened): boolean {
  if (rewritten === undefined) return true;
  const built = new Set(places);
  return plan.names.every((name, place) => {
    if (built.has(place)) return true;
    const block = rewritten.targets[name];
    const action = block === undefined ? undefined : index.action(block.key);
    return (
      block !== undefined &&
      action !== undefined &&
      index.lastKey(name) === block.key &&
      block.partial === undefined &&
      block.accepted === action.accepted &&
      Object.entries(action.outputs).every(([output, { digest }]) => block.outputs[output] === digest)
    );
  });
}

/** Undefined where there is no lock, or it cannot be read. */
function lockTextOf(path: string, { order }: Graph): LockText | undefined {
  try {
    return new LockText(path, order);
  } catch {
    return undefined;
  }
}

/** Brings up to date what the last build wrote of the whole project. */
class ChangedBooks implements Books {
  #covered: ReturnType<typeof coveredNow>;

  constructor(
    private readonly changed: ChangedBuild,
    private readonly compared: ComparedSnapshot,
    private readonly opened: Opened,
    private readonly standIns: ReadonlyMap<string, Decision>,
  ) {}

  wantsLock({ run, succeeded }: BuildState): boolean {
    const { lock } = run.session;
    return lock !== undefined && isOutdated(lock, succeeded, () => true);
  }

  /** Other blocks stay as they are: the pipeline is the same, so no target is gone. */
  async writeLock({ run, succeeded }: BuildState): Promise<void> {
    const { lockPath: path } = run.session;
    await withLockFile(run, () => {
      // Another vlmbuild may have written it since.
      const next = this.#lockIsStill(path) ? this.opened.lockText.with(succeeded) : undefined;
      if (next === undefined) replaceBlocks(path, succeeded, () => true);
      else if (next !== 'same') writePiecesAtomic(path, next);
    });
  }

  /** Whether it has the times of the snapshot: they were not young then, so all that was read of it since is still so. */
  #lockIsStill(path: string): boolean {
    const { paths, times } = this.compared;
    const at = paths.indexOf(placeOf(path, this.opened.session.root));
    const now = statSync(path, { throwIfNoEntry: false });
    return at >= 0 && now !== undefined && isSame(now, times, at * COLUMNS);
  }

  results(build: BuildState): JsonObject {
    return storeChangedResults(build.run.session.objects, this.opened.base, resultsOf(build));
  }

  beforeSnapshot({ run }: BuildState): void {
    run.session.hosts.restCommands();
    run.session.hosts.restHosts();
    try {
      this.#covered = this.#coverNow();
    } catch {
      // It is tried again where it can be told.
    }
  }

  #coverNow(): ReturnType<typeof coveredNow> {
    return coveredNow(this.opened, this.compared, this.changed.environment);
  }

  async snapshot(build: BuildState, results: () => JsonObject): Promise<void> {
    const { compared } = this;
    const { session, plan } = this.opened;
    const covered = this.#covered ?? this.#coverNow();
    if (covered === undefined) return;
    const rewritten = covered.readers === undefined ? undefined : plan.withReaders(covered.readers);
    if (covered.readers !== undefined && rewritten === undefined) return;
    const ref = build.run.begun ? (resultsRef({ details: results() }) ?? '') : compared.results;
    const named = { plan: rewritten?.id ?? compared.plan, results: ref };
    const taken = this.#take({ ...covered.columns, ...named }, covered.known);
    if (taken === undefined) return;
    if (taken.newestMs >= session.openedMs - taken.tickMs && !(await this.#allFresh())) return;
    // Of the targets beside nothing is known any more: the next build looks at all.
    if (build.indexLost) return;
    if (rewritten !== undefined) writeAtomic(planPath(`${session.layout.snapshot}${taken.suffix}`), rewritten.bytes);
    writeSnapshot(session.layout.snapshot, taken);
  }

  /**
   * The lock has another time than in the snapshot; all else that was built has too, and stays changed by it. So the next
   * build is again one of what has changed.
   */
  lockWritten({ run, indexLost }: BuildState): void {
    if (indexLost) return;
    const { fixed, followed, paths, times, text, plan, results } = this.compared;
    const lock = paths.indexOf(placeOf(run.session.lockPath, run.session.root));
    const links = fixed + followed;
    const sections = {
      fixed: paths.slice(0, fixed),
      followed: paths.slice(fixed, links),
      unfollowed: paths.slice(links),
    };
    const taken = this.#take({ ...sections, plan, results }, { times, text, retaken: new Set(lock < 0 ? [] : [lock]) });
    if (taken !== undefined) writeSnapshot(run.session.layout.snapshot, taken);
  }

  /** Undefined where something is too young to be trusted. */
  #take(
    columns: Omit<Columns, 'environment' | 'targets'>,
    known: KnownTimes,
  ):
    | { readonly suffix: string; readonly bytes: Uint8Array; readonly newestMs: number; readonly tickMs: number }
    | undefined {
    const { session } = this.opened;
    const { file, words, environment } = this.changed;
    const { environment: names, targets } = this.compared;
    const identity = { root: session.root, file: basename(file), words, program: programFolder() };
    const now = tick(session.layout);
    const tickMs = Number(now.tickNs) / 1e6;
    const nowMs = Number(now.nowNs) / 1e6;
    const all = { ...columns, environment: names, targets };
    const encoded = encodeSnapshot(identity, all, environment, nowMs + tickMs, {
      known,
      digested: timesDigested(session.digester),
    });
    if (encoded.newestMs >= nowMs - tickMs) return undefined;
    return { ...encoded, suffix: snapshotSuffix(identity), tickMs };
  }

  /** Once more, after the times were taken: a file may have changed between its digest and then. */
  async #allFresh(): Promise<boolean> {
    const { session, names } = this.opened;
    const context = session.planContext();
    const decisions = new Map<string, Decision>();
    for (const name of names) {
      const target = session.pipeline.targets.get(name);
      if (target === undefined) return false;
      const decision = await decide(target, context, (other) => decisions.get(other) ?? this.standIns.get(other));
      if (decision.state !== 'fresh') return false;
      decisions.set(name, decision);
    }
    return true;
  }
}
