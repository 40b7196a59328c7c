import { setMaxListeners } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { sha256 } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import { optimizeAsUsual, optimizeLate } from '../base/optimize-late.js';
import { EXIT, UserFacingError, type ExitCode } from '../diagnostics/diagnostic.js';
import { executeErrors } from '../diagnostics/execute.js';
import { storeErrors } from '../diagnostics/store.js';
import { decideAll } from '../plan/decide.js';
import type { Decision, KnownOutputs } from '../plan/decision.js';
import { neededBy, refuseAbsent, resolveWords } from '../plan/graph.js';
import { isOutdated } from '../plan/lock-file.js';
import { recordedTargets } from './asked.js';
import { BuildState, type Settled } from './build-state.js';
import { criticalPath } from './critical-path.js';
import { collectDaily } from './daily-gc.js';
import type { BuildCounts, BuildOutcome, EventListener } from './events.js';
import { afterwards, settleRecords, snapshot, writeLock } from './finish.js';
import { valuesOf } from './handing.js';
import { recordAgain } from './record-again.js';
import { resultsOf, storeResults } from './results.js';
import { Run } from './run.js';
import { runSchedule } from './scheduler.js';
import type { Session } from './session.js';
import { Slots } from './slots.js';
import { liveTarget } from './target.js';

/** From so many targets on it is the targets that a build takes its time for. */
const MANY = 100;

export interface BuildOptions {
  /** Words of the command line; empty: the pipeline's defaults. */
  readonly targets: readonly string[];
  /** `-k`: what does not need a failed target is still built. */
  readonly keepGoing?: boolean;
  /** `-B`: the named targets run whatever is known of them. */
  readonly force?: boolean;
  /** Builds the named targets alone, from what is on disk. */
  readonly only?: boolean;
  /** Stops with 3 where a key or a result differs from the lock; writes no lock. */
  readonly locked?: boolean;
  /** Implies `force`; remembered answers are asked anew. */
  readonly askAgain?: boolean;
  /**
   * Of an earlier build, with nothing changed since that these targets need or made: they are not looked at, and such a
   * build leaves no snapshot.
   */
  readonly settled?: Settled;
  /** Aborted on Ctrl-C: hosts end within a second, what is finished is recorded. */
  readonly signal?: AbortSignal;
}

export interface BuildResult {
  readonly outcome: BuildOutcome;
  readonly exitCode: ExitCode;
  readonly counts: BuildCounts;
  /** Null where nothing ran, so that nothing was recorded. */
  readonly run: string | null;
  /** What the build found or made fresh, and what it took for so. */
  readonly settled: Settled;
}

/**
 * Builds targets and what they need.
 *
 * @throws UserFacingError before anything runs: words that mean nothing, an input that is not there, a missing secret of a
 *   target that would run, with `locked` a key that differs (exit code 3).
 */
export async function build(session: Session, options: BuildOptions, listener: EventListener): Promise<BuildResult> {
  const wanted = wantedTargets(session, options.targets);
  const needed = neededBy(session.graph, wanted);
  const only = new Set(options.only === true ? wanted : needed);
  refuseAbsent(session.graph, [...only]);
  const beside = needed.filter((name) => options.settled?.has(name));
  const scope: Scope = {
    wanted,
    names: needed.filter((name) => only.has(name) && options.settled?.has(name) !== true),
    standIns: options.only === true ? await findStandIns(session, [...only], needed) : new Map<string, Decision>(),
    freshBeside: beside.length,
    books: wholeBooks(session, options, wanted, needed),
  };
  return buildScope(session, scope, options, listener);
}

/** What a build is about. */
export interface Scope {
  /** The targets that were asked for. */
  readonly wanted: readonly string[];
  /** All that are built, in topological order. */
  readonly names: readonly string[];
  /** What stands for targets that are needed and not built. */
  readonly standIns: ReadonlyMap<string, Decision>;
  /** Targets known to be fresh beside those that are built. */
  readonly freshBeside: number;
  readonly books: Books;
}

/** What is written when all targets are done. */
export interface Books {
  /** Whether the lock is written also by a build that did nothing: there is none yet, or it says something else. */
  wantsLock(build: BuildState, wholeAndFresh: boolean): boolean;
  writeLock(build: BuildState): Promise<void>;
  /** While what was written gets old enough: what can be made ready of the snapshot. Must not throw. */
  beforeSnapshot(build: BuildState): void;
  /** Stores what the targets had, and gives what goes into the run's details. */
  results(build: BuildState): JsonObject;
  /** For a build after which all is fresh. `results` gives those of this build. */
  snapshot(build: BuildState, results: () => JsonObject): Promise<void>;
  /** For a build that wrote the lock, and after which not all is fresh. */
  lockWritten(build: BuildState): void;
}

/** @throws as `build` */
export async function buildScope(
  session: Session,
  scope: Scope,
  options: BuildOptions,
  listener: EventListener,
): Promise<BuildResult> {
  const state = await prepare(session, scope, options, listener);
  const { run, build: shared, interrupt, stopStarting } = state;
  const { names } = scope;
  run.emit({ type: 'build-started', run: run.id, targets: names, jobs: session.jobs });
  tellNotices(run);
  run.sweep();

  if (names.length >= MANY) optimizeLate('building');
  await runSchedule({
    names,
    dependencies: session.graph.dependencies,
    orderOnly: session.graph.orderOnly,
    keepGoing: options.keepGoing ?? false,
    live: async (name) => {
      const target = session.pipeline.targets.get(name);
      if (target === undefined) throw new Error(`there is no target \`${name}\``);
      return liveTarget(shared, target);
    },
    skip: (target, because) => {
      shared.counts.skipped++;
      if (interrupt.aborted) return;
      run.emit({ type: 'target-skipped', target, because: because ?? 'the build stopped at a failure' });
    },
    stop: stopStarting,
  });
  const result = await finish(state, scope, options);
  optimizeAsUsual();
  return result;
}

/** What `build` would do (`-n`, `status`, `explain`): in topological order, by target. Writes and runs nothing. */
export async function plan(
  session: Session,
  options: Pick<BuildOptions, 'targets' | 'force' | 'only' | 'settled'>,
): Promise<ReadonlyMap<string, Decision>> {
  const wanted = wantedTargets(session, options.targets);
  refuseAbsent(session.graph, neededBy(session.graph, wanted));
  const forced = new Set(options.force === true ? wanted : []);
  const decisions = await decideAll(session.planContext({ forced }), wanted, options.settled);
  if (options.only !== true) return decisions;
  return new Map([...decisions].filter(([target]) => wanted.includes(target)));
}

interface Prepared {
  readonly run: Run;
  readonly build: BuildState;
  readonly interrupt: AbortSignal;
  readonly stopStarting: () => void;
}

async function prepare(
  session: Session,
  { wanted, names, standIns }: Scope,
  options: BuildOptions,
  listener: EventListener,
): Promise<Prepared> {
  const { pipeline, graph, index, lock } = session;
  if (options.locked === true && lock === undefined) {
    throw new UserFacingError(executeErrors.lockAbsent({ path: basename(session.lockPath) }), EXIT.different);
  }
  const force = options.force === true || options.askAgain === true;
  const run = new Run(session, recordedTargets({ words: options.targets, wanted }), argsOf(options), listener);
  const planContext = session.planContext({
    forced: new Set(force ? wanted : []),
    onDamage: ({ digest, problem }) => run.warnOfDamage(digest, storeErrors.corruptObject({ digest, problem })),
  });
  const interrupt = options.signal ?? new AbortController().signal;
  const stopper = new AbortController();
  const starting = AbortSignal.any([interrupt, stopper.signal]);
  // Everything that runs or waits listens to these.
  setMaxListeners(0, interrupt, starting);
  const build = new BuildState(
    run,
    planContext,
    new Slots(
      { cpus: session.jobs, gpus: pipeline.pools['gpus'] ?? gpuCount(), pools: pipeline.pools },
      session.timeline,
    ),
    criticalPath(graph, names, (target) => index.lastSuccess(target)?.seconds),
    {
      askAgain: options.askAgain ?? false,
      locked: options.locked === true ? lock : undefined,
      standIn: (target) => standIns.get(target),
    },
    interrupt,
    starting,
    options.settled ?? new Map(),
  );
  await session.timeline.during({ phase: 'check before anything runs', lane: { type: 'build' } }, () =>
    checkBefore(session, build, wanted, names, options),
  );
  return { run, build, interrupt, stopStarting: () => stopper.abort() };
}

function wantedTargets(session: Session, words: readonly string[]): string[] {
  return words.length === 0 ? [...session.pipeline.defaults] : resolveWords(session.graph, words);
}

function argsOf({ targets, keepGoing, force, only, locked, askAgain }: BuildOptions) {
  return {
    targets,
    keepGoing: keepGoing ?? false,
    force: force ?? false,
    only: only ?? false,
    locked: locked ?? false,
    askAgain: askAgain ?? false,
  };
}

/** With `--only` what is upstream is taken as it is on disk. */
export async function findStandIns(
  session: Session,
  names: readonly string[],
  needed: readonly string[],
): Promise<Map<string, Decision>> {
  const { pipeline, graph, digester } = session;
  const standIns = new Map<string, Decision>();
  const built = new Set(names);
  const direct = new Set(names.flatMap((name) => graph.dependencies.get(name) ?? []));
  for (const name of needed.filter((other) => direct.has(other) && !built.has(other))) {
    const target = pipeline.targets.get(name);
    if (target === undefined) continue;
    const outputs: Record<string, KnownOutputs[string]> = {};
    for (const { name: output, path, kind } of Object.values(target.outputs)) {
      const digest = await digester.digest(path, kind);
      if (digest === 'absent') {
        const reader = names.find((other) => graph.dependencies.get(other)?.includes(name)) ?? '';
        throw new UserFacingError(executeErrors.onlyNeedsInput({ target: reader, needs: name, path }));
      }
      outputs[output] = { kind, digest, bytes: null };
    }
    standIns.set(name, {
      state: 'fresh',
      target: name,
      key: sha256(''),
      fingerprint: {
        format: 0,
        work: { type: 'command', text: '', tools: {} },
        params: {},
        inputs: {},
        env: {},
        outputs: Object.keys(outputs),
      },
      outputs,
      source: 'lock',
    });
  }
  return standIns;
}

/** What must be known before anything runs; where nothing needs it, nothing is decided twice. */
async function checkBefore(
  session: Session,
  build: BuildState,
  wanted: readonly string[],
  names: readonly string[],
  options: BuildOptions,
): Promise<void> {
  const { pipeline, index, lock } = session;
  const missing = names.flatMap((name) => {
    const target = pipeline.targets.get(name);
    if (target === undefined) return [];
    const set = valuesOf(session, target.secrets);
    return target.secrets.filter((secret) => !(secret in set)).map((secret) => ({ target, secret }));
  });
  if (missing.length === 0 && options.locked !== true) return;
  const decisions = await decideAll(build.planContext, wanted);
  const different = names.flatMap((name) => {
    const decision = decisions.get(name);
    return decision === undefined ? [] : build.lockedDifferences(decision);
  });
  if (different.length > 0) throw new UserFacingError(different, EXIT.different);
  // What waits may yet be found fresh; but what was never built will run for certain.
  const runs = (name: string): boolean => {
    const state = decisions.get(name)?.state;
    if (state !== 'waiting') return state === 'stale';
    return index.lastSuccess(name) === undefined && lock?.targets[name] === undefined;
  };
  const problems = missing
    .filter(({ target }) => runs(target.name))
    .map(({ target, secret }) => executeErrors.secretMissing({ target: target.name, name: secret, at: target.at }));
  if (problems.length > 0) throw new UserFacingError(problems);
}

async function finish(
  { run, build, interrupt }: Prepared,
  { freshBeside, books }: Scope,
  options: BuildOptions,
): Promise<BuildResult> {
  const { session } = run;
  const counts: BuildCounts = { ...build.counts, fresh: build.counts.fresh + freshBeside };
  const outcome = outcomeOf(counts, interrupt.aborted);
  const worked = counts.ran + counts.restored > 0;
  const wholeAndFresh = counts.failed + counts.skipped === 0 && !build.partial;

  const overridden = session.pipeline.overridden;
  const wantsLock = worked || books.wantsLock(build, wholeAndFresh);
  const writesLock = wantsLock && !overridden && options.locked !== true;
  if (writesLock)
    await afterwards(build, 'write the lock', `\`${basename(session.lockPath)}\``, () => books.writeLock(build));
  const plain =
    options.only !== true &&
    options.locked !== true &&
    options.force !== true &&
    options.askAgain !== true &&
    options.settled === undefined;
  const takesSnapshot = wholeAndFresh && !overridden && plain;
  const meanwhile = (): void => {
    if (takesSnapshot) books.beforeSnapshot(build);
  };
  await afterwards(build, 'settle records', 'the record of the build', () =>
    settleRecords(build, writesLock, meanwhile),
  );
  // Before the snapshot, which may have to decide once more; and where the index is lost by that, after it.
  await fillIndex(build);
  let stored: JsonObject | undefined;
  const results = (): JsonObject => (stored ??= books.results(build));
  if (takesSnapshot && !interrupt.aborted) {
    await afterwards(build, 'take the snapshot', 'the snapshot', () => books.snapshot(build, results));
  } else if (writesLock)
    await afterwards(build, 'take the snapshot', 'the snapshot', async () => books.lockWritten(build));
  await fillIndex(build);
  tellNotices(run);
  const { seconds } = run;
  let details: JsonObject = {};
  await afterwards(build, 'record the run', 'what the run came to', async () => {
    if (run.begun) details = results();
  });
  await afterwards(build, 'record the run', 'the record of the run', async () => run.end(outcome, counts, details));
  if (run.begun && outcome !== 'interrupted') {
    await afterwards(build, 'bound the store', 'the store’s bounds', async () => {
      const diagnostic = await collectDaily(session);
      if (diagnostic !== undefined) run.emit({ type: 'warning', diagnostic });
    });
  }
  run.emit({ type: 'build-finished', run: run.id, outcome, counts, seconds });
  const exitCode: ExitCode =
    outcome === 'interrupted'
      ? EXIT.interrupted
      : outcome !== 'failed'
        ? EXIT.done
        : build.different
          ? EXIT.different
          : EXIT.failed;
  return { outcome, exitCode, counts, run: run.begun ? run.id : null, settled: build.whole };
}

async function fillIndex(build: BuildState): Promise<void> {
  await afterwards(build, 'record the run', 'what was known before the index was lost', async () => {
    build.run.session.index.recheck();
    if (build.indexLost) await recordAgain(build);
  });
}

function tellNotices(run: Run): void {
  for (const diagnostic of run.session.takeNotices()) run.emit({ type: 'warning', diagnostic });
}

function wholeBooks(
  session: Session,
  options: BuildOptions,
  wanted: readonly string[],
  needed: readonly string[],
): Books {
  const complete = options.only !== true && needed.length === session.pipeline.targets.size;
  const exists = (target: string): boolean => session.pipeline.targets.has(target);
  return {
    wantsLock: (build, wholeAndFresh) => {
      const lock = existsSync(session.lockPath) ? session.lock : undefined;
      return lock === undefined ? wholeAndFresh && complete : isOutdated(lock, build.succeeded, exists);
    },
    writeLock,
    beforeSnapshot: () => undefined,
    results: (build) => storeResults(session.objects, resultsOf(build)),
    snapshot: (build, results) => snapshot(build, { words: options.targets, wanted, needed }, results),
    lockWritten: () => undefined,
  };
}

function outcomeOf(counts: BuildCounts, aborted: boolean): BuildOutcome {
  if (aborted) return 'interrupted';
  if (counts.failed > 0) return 'failed';
  return counts.ran + counts.restored > 0 ? 'built' : 'fresh';
}

/** GPUs of the usual driver; one where none shows, so that work that asks for one still runs, one at a time. */
function gpuCount(): number {
  try {
    return Math.max(1, readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length);
  } catch {
    return 1;
  }
}
