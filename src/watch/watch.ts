import { basename, dirname, join } from 'node:path';
import type { Digest } from '../base/digest.js';
import { shortPath } from '../base/shown-path.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { watchErrors } from '../diagnostics/watch.js';
import type { BuildOutcome } from '../execute/events.js';
import type { Session } from '../execute/session.js';
import type { Decision } from '../plan/decision.js';
import { lockPath } from '../plan/lock-file.js';
import { checkSnapshot, snapshotPaths, snapshotSuffix } from '../plan/snapshot-format.js';
import { packageRoot } from '../rule/package-root.js';
import { tickLength } from '../store/clock.js';
import { cacheLayout } from '../store/layout.js';
import { Changes } from './changes.js';
import type { Changed, WatchEvent, WatchListener } from './events.js';
import { FolderWatcher } from './folder-watcher.js';
import { holdEdited } from './held.js';
import { Machine, type Effect, type Signal } from './machine.js';
import { Outputs } from './outputs.js';
// The engine is loaded when there is something to build: to be ready takes less.
import type * as Engine from './project.js';
import { Quiet } from './quiet.js';
import { scopeOf, snapshotScope, wideScope } from './scope.js';
import { Scopes } from './scopes.js';
import { BuildTally } from './tally.js';
import { waitingOf } from './waiting.js';

export interface WatchOptions {
  /** The pipeline file, absolute. */
  readonly file: string;
  readonly set: readonly string[];
  /** The real environment: `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
  /** Words of the command line; empty: the pipeline's defaults. */
  readonly targets: readonly string[];
  readonly jobs: number;
  readonly keepGoing: boolean;
  /** Ends the watch, and a build under way. */
  readonly signal: AbortSignal;
  /** Told of the project as each build finds it, before the build's events. */
  readonly onBegin?: (session: Session) => void;
}

/**
 * Builds, and builds again whenever something changes that the build depends on, until the signal.
 *
 * Events of the file system are hints: they say that it is time to look. What has to be done is decided by a build like
 * any other, by content; so a build's own writes lead nowhere.
 *
 * @throws UserFacingError where the wanted targets mean nothing to begin with.
 */
export async function watch(options: WatchOptions, listener: WatchListener): Promise<void> {
  const life = new Watch(options, listener);
  try {
    await life.ended;
  } finally {
    await life.close();
  }
  listener({ type: 'watch-ended' });
}

/** The folder of the running vlmbuild. */
const PROGRAM = join(packageRoot(), 'dist');

/** So long an editor may take between deleting a file and writing it anew. */
const RETURN_MS = 60;

class Watch {
  /** Resolves when the watch was told to end and no build is under way. */
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  readonly #machine = new Machine();
  readonly #changes = new Changes(() => performance.now());
  readonly #outputs = new Outputs();
  readonly #folders: FolderWatcher;
  readonly #quiet: Quiet;
  readonly #root: string;
  readonly #scopes = new Scopes();
  /** Once something was to be built, or there was time to make ready for it. */
  #engine: Promise<{ readonly project: Engine.WatchedProject; readonly module: typeof Engine }> | undefined;
  #project: Engine.WatchedProject | undefined;
  /** Of the last build, for questions until what it wrote has been noticed. */
  #session: Session | undefined;
  #ready = false;
  /** Whether changes may go unnoticed, because the system watches no more folders: then nothing is believed. */
  #blind = false;
  /** Whether outputs may have been edited, so that a plan must say what to leave alone. */
  #doubtsOutputs = true;
  /** What was wrong with the project when it was last said. */
  #saidBroken = '';
  /** Whether the last that was said is an error. */
  #saidWrong = false;
  /** Whether a source that is gone was given the time to come back. */
  #waitedForReturn = false;
  #tally = new BuildTally();
  #interrupt = new AbortController();
  #probing: Promise<void> = Promise.resolve();
  #resting: Promise<void> = Promise.resolve();
  /** Changes that an aborted build was for. */
  #unbuilt: Changed | undefined;

  constructor(
    private readonly options: WatchOptions,
    private readonly listener: WatchListener,
  ) {
    this.#root = dirname(options.file);
    this.#folders = new FolderWatcher({
      hint: (path) => this.#hint(path),
      error: ({ code = '', message }) => {
        this.#blind = true;
        this.#emit({ type: 'watch-warning', diagnostic: watchErrors.noWatches({ code, message }) });
      },
    });
    this.#quiet = new Quiet(
      {
        now: () => performance.now(),
        after: (milliseconds, call) => {
          const timer = setTimeout(call, milliseconds);
          return () => clearTimeout(timer);
        },
      },
      () => this.#onQuiet(),
    );
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    options.signal.addEventListener('abort', () => this.#signal({ type: 'interrupt' }), { once: true });
    this.#signal(options.signal.aborted ? { type: 'interrupt' } : { type: 'start' });
  }

  async close(): Promise<void> {
    this.#quiet.stop();
    await Promise.allSettled([this.#probing, this.#resting]);
    await this.#folders.close();
    await this.#project?.close();
  }

  async #loadEngine(): Promise<{ readonly project: Engine.WatchedProject; readonly module: typeof Engine }> {
    this.#engine ??= import('./project.js').then((module) => {
      const { file, set, environment, targets, jobs, keepGoing } = this.options;
      this.#project = new module.WatchedProject({ file, set, environment, targets, jobs, keepGoing });
      return { project: this.#project, module };
    });
    return this.#engine;
  }

  #emit(event: WatchEvent): void {
    this.listener(event);
  }

  #signal(signal: Signal): void {
    for (const effect of this.#machine.signal(signal)) this.#run(effect);
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case 'wait':
        this.#quiet.wait();
        break;
      case 'build':
        this.#build().catch((error: unknown) => this.#fail(error));
        break;
      case 'probe':
        this.#probing = this.#probe().catch((error: unknown) => this.#fail(error));
        break;
      case 'abort':
        this.#interrupt.abort();
        break;
      case 'give-up':
        this.#giveUp(effect.targets);
        break;
      case 'stop':
        this.#end();
        break;
    }
  }

  #giveUp(targets: readonly { readonly target: string; readonly runs: number }[]): void {
    const { changed } = this.#changes;
    this.#changes.clear();
    this.#nowReady();
    const diagnostic = watchErrors.oscillates({ targets, paths: changed.paths });
    this.#emit({ type: 'watch-oscillates', targets, changed, diagnostic });
  }

  // ---- what happens outside ----

  #hint(path: string): void {
    const role = this.#scopes.roleOf(path);
    if (role === undefined) return;
    const paths = [path, ...this.#scopes.linksTo(path)];
    // A build writes outputs: whether all that came of it is its own shows when it is over.
    if (role === 'own' && (this.#machine.busy || this.#machine.state === 'settling')) {
      for (const at of paths) {
        this.#project?.wrote(at);
        this.#outputs.hint(at);
      }
      return;
    }
    if (role === 'own') this.#doubtsOutputs = true;
    this.#note(paths);
  }

  #note(paths: readonly string[]): void {
    const [first] = paths;
    if (first === undefined) return;
    for (const path of paths) this.#project?.doubt(path);
    this.#changes.add(shortPath(first, this.#root));
    this.#signal({ type: 'change' });
  }

  #onQuiet(): void {
    if (this.#machine.state === 'settling' && this.#session !== undefined) {
      const foreign = this.#outputs.foreign(this.#session);
      if (foreign.length > 0) {
        this.#doubtsOutputs = true;
        for (const path of foreign) this.#note([path]);
        return;
      }
    }
    // An editor that deletes and writes anew: without this, its pause would be told as a missing source.
    if (this.#machine.state === 'dirty' && !this.#waitedForReturn && this.#project?.misses() === true) {
      this.#waitedForReturn = true;
      this.#quiet.wait(RETURN_MS);
      return;
    }
    this.#waitedForReturn = false;
    this.#signal({ type: 'quiet' });
    if (this.#machine.state === 'idle') this.#resting = this.#rest().catch((error: unknown) => this.#fail(error));
  }

  /** Nothing happens: makes ready for the next change. A build that begins meanwhile waits for it. */
  async #rest(): Promise<void> {
    const { project, module } = await this.#loadEngine();
    if (this.#session === undefined && this.#saidBroken === '') {
      // The snapshot told that all is fresh; to know of what takes longer.
      try {
        this.#session = await project.learn();
        this.#outputs.learn(this.#session);
      } catch (error) {
        // It is told when something is to be built.
        if (!(error instanceof module.UnknownWords)) module.diagnosticsOf(error);
      }
    }
    await project.rest();
  }

  // ---- a build ----

  async #build(): Promise<void> {
    // What they find out is of no more use, or of use here.
    await this.#probing;
    await this.#resting;
    const changed = this.#takeChanges();
    const sinceMs = this.#changes.sinceMs;
    this.#changes.clear();
    this.#interrupt = new AbortController();
    this.#tally = new BuildTally();
    if (changed !== undefined) this.#emit({ type: 'watch-changed', changed });
    let outcome: BuildOutcome = 'failed';
    try {
      outcome = await this.#buildOnce(changed);
      if (outcome === 'interrupted') this.#unbuilt = changed;
      else if (outcome !== 'fresh' || this.#saidBroken === '') {
        const news = !this.#ready || this.#saidWrong;
        const { ran, restored, failed, fresh } = this.#tally;
        this.#emit({
          type: 'watch-built',
          ...(changed === undefined ? {} : { changed }),
          outcome,
          news,
          ran: ran.filter((target) => !failed.includes(target)),
          restored,
          failed,
          fresh,
          folders: this.#folders.size,
          broken: this.#saidBroken !== '',
          seconds: (performance.now() - sinceMs) / 1000,
        });
        this.#saidWrong = failed.length > 0 || this.#saidBroken !== '';
        if (failed.length > 0 && this.#session !== undefined)
          this.#emit({ type: 'watch-waiting', targets: waitingOf(failed, this.#session.pipeline) });
      }
    } catch (error) {
      const { module } = await this.#loadEngine();
      if (error instanceof module.UnknownWords) throw error.problem;
      await this.#broken(module.diagnosticsOf(error), changed);
    }
    if (outcome !== 'interrupted') this.#nowReady();
    this.#signal({ type: 'ended', ran: this.#tally.ran });
  }

  #nowReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#emit({ type: 'watch-ready', folders: this.#folders.size });
  }

  #takeChanges(): Changed | undefined {
    if (!this.#changes.any && this.#unbuilt === undefined) return undefined;
    const { paths, count } = this.#changes.changed;
    const before = (this.#unbuilt?.paths ?? []).filter((path) => !paths.includes(path));
    this.#unbuilt = undefined;
    return { paths: [...before, ...paths], count: before.length + count };
  }

  async #buildOnce(changed: Changed | undefined): Promise<BuildOutcome> {
    const { options } = this;
    if (!this.#ready && (await this.#askSnapshot())) return 'fresh';
    const { project } = await this.#loadEngine();
    if (this.#blind || this.#scopes.isLong) project.doubtAll();
    const begun = await project.begin();
    const { session, needed, problems, unfit } = begun;
    this.#session = session;
    options.onBegin?.(session);
    if (problems.length > 0) await this.#broken(problems, changed);
    else this.#saidBroken = '';
    if (begun.opened) this.#outputs.learn(session);
    const isKnown = (name: string): boolean => project.settled.has(name);
    const settled = needed.filter(isKnown).length;
    this.#tally.fresh = settled;
    // Where the project is wrong, what it said before is still good for the targets that it does not concern.
    let targets = problems.length === 0 ? undefined : needed.filter((name) => !isKnown(name) && !unfit.has(name));
    if (settled === needed.length || targets?.length === 0) {
      this.#doubtsOutputs = false;
      return 'fresh';
    }
    if (this.#doubtsOutputs || this.#outputs.anyEdited) {
      const fit = problems.length === 0 ? undefined : needed.filter((name) => !unfit.has(name));
      const decisions = await project.plan(session, fit);
      const { edited, work } = holdEdited(decisions, session.graph.dependencies);
      for (const { target, output } of this.#outputs.edited(session, edited)) {
        this.#emit({ type: 'watch-edited', target, output: output.name, path: output.path });
      }
      this.#doubtsOutputs = false;
      if (edited.length > 0 || targets !== undefined) targets = work.filter((name) => !unfit.has(name));
      if (work.length === 0 && (this.#ready || edited.length > 0)) {
        this.#tally.fresh = decisions.size - edited.length;
        await this.#watch(begun, needed, begun.opened ? 'anew' : 'also');
        return 'fresh';
      }
    }
    if (begun.opened) await this.#watch(begun, needed, 'also');
    const signal = AbortSignal.any([options.signal, this.#interrupt.signal]);
    // One of everything looks at everything, and leaves a snapshot.
    const looked = begun.opened ? needed : needed.filter((name) => !isKnown(name));
    this.#tally.fresh = needed.length - looked.length;
    const listener: WatchListener = (event) => {
      if (!event.type.startsWith('watch-')) this.#tally.on(event as Parameters<BuildTally['on']>[0]);
      this.listener(event);
    };
    const { outcome } = await project.build(
      session,
      { signal, whole: begun.opened, ...(targets === undefined ? {} : { targets }) },
      listener,
    );
    if (options.signal.aborted) return 'interrupted';
    const whole = begun.opened && outcome !== 'interrupted';
    await this.#watch(begun, whole ? needed : looked, whole ? 'anew' : 'also');
    return outcome;
  }

  /** Whether the last build's snapshot still holds: then nothing need be opened before something changes. */
  async #askSnapshot(): Promise<boolean> {
    const { file, set, environment, targets } = this.options;
    if (set.length > 0) return false;
    const layout = cacheLayout(this.#root);
    const identity = { root: this.#root, file: basename(file), words: targets, program: PROGRAM };
    const path = `${layout.snapshot}${snapshotSuffix(identity)}`;
    const covered = snapshotPaths(path);
    if (covered === undefined) return false;
    // Watched first and looked at then: what is written from here on is either seen in its times or noticed.
    const paths = { lock: lockPath(file), program: PROGRAM, searched: environment['PATH'] ?? '' };
    this.#scopes.set(snapshotScope(this.#root, covered, paths));
    await this.#folders.set(this.#scopes.folders);
    const fresh = checkSnapshot(path, identity, environment);
    if (fresh === undefined) return false;
    this.#tally.fresh = fresh;
    this.#doubtsOutputs = false;
    return true;
  }

  /**
   * Watches what a build of these targets depends on: `anew` and nothing else, or `also`. What was written while nobody
   * looked is a change.
   */
  async #watch({ session, folders }: Engine.Begun, names: readonly string[], how: 'anew' | 'also'): Promise<void> {
    const { digester, layout, openedMs, lockPath: lock, pipeline } = session;
    const touched = digester.outline();
    const isNew =
      folders ||
      touched.some((path) => this.#scopes.roleOf(path) === undefined) ||
      [...digester.listed()].some((path) => !this.#scopes.folders.has(path));
    if (how === 'also' && !isNew) return;
    const scope = scopeOf({ pipeline, needed: names, touched, lock, program: PROGRAM });
    if (how === 'anew') this.#scopes.set(scope);
    else this.#scopes.add(scope);
    const added = await this.#folders.set(this.#scopes.folders);
    if (added.size === 0) return;
    const sinceMs = openedMs - Number(tickLength(layout)) / 1e6;
    for (const path of scope.changedSince(added, sinceMs)) this.#note([path]);
  }

  async #broken(diagnostics: readonly Diagnostic[], changed?: Changed): Promise<void> {
    this.#scopes.widen(wideScope(this.#root));
    await this.#folders.set(this.#scopes.folders);
    const text = JSON.stringify(diagnostics);
    if (text === this.#saidBroken) return;
    this.#saidBroken = text;
    this.#saidWrong = true;
    const graph = this.#project?.wasOpened === true ? 'old' : 'none';
    this.#emit({ type: 'watch-broken', ...(changed === undefined ? {} : { changed }), diagnostics, graph });
  }

  // ---- changes while a build runs ----

  /** Plans with what is there now: work under another key, or one that cannot be known yet, is in vain. */
  async #probe(): Promise<void> {
    const { running } = this.#tally;
    let inVain: string[] = [];
    if (running.size > 0) {
      const { project, module } = await this.#loadEngine();
      try {
        const decisions = await project.keys();
        inVain = [...running].filter(([target, key]) => keyOf(decisions.get(target)) !== key).map(([target]) => target);
      } catch (error) {
        // The build goes on: it is a build of what was right.
        await this.#broken(module.diagnosticsOf(error), this.#changes.changed);
      }
    }
    inVain = inVain.filter((target) => running.has(target));
    if (this.#machine.state === 'probing') {
      const { changed } = this.#changes;
      if (inVain.length > 0) this.#emit({ type: 'watch-aborted', targets: inVain, changed });
      else this.#emit({ type: 'watch-postponed', changed });
    }
    this.#signal({ type: 'probed', inVain: inVain.length > 0 });
  }
}

function keyOf(decision: Decision | undefined): Digest | undefined {
  return decision === undefined || decision.state === 'waiting' ? undefined : decision.key;
}
