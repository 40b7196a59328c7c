import { basename, dirname, join } from 'node:path';
import type { Digest } from '../base/digest.js';
import type { Target } from '../config/pipeline.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { watchErrors } from '../diagnostics/watch.js';
import { build, plan } from '../execute/build.js';
import type { BuildOutcome } from '../execute/events.js';
import { shortPath } from '../execute/failure.js';
import { openSession, type Session, type SessionOptions } from '../execute/session.js';
import { HostPool } from '../host/pool.js';
import type { Decision } from '../plan/decision.js';
import { neededBy, resolveWords } from '../plan/graph.js';
import { lockPath } from '../plan/lock-file.js';
import { checkSnapshot, snapshotPaths, snapshotSuffix } from '../plan/snapshot-format.js';
import { packageRoot } from '../rule/package-root.js';
import { tickLength } from '../store/clock.js';
import { cacheLayout } from '../store/layout.js';
import { Changes } from './changes.js';
import type { Changed, Waiting, WatchEvent, WatchListener } from './events.js';
import { FolderWatcher } from './folder-watcher.js';
import { holdEdited } from './held.js';
import { Machine, type Effect, type Signal } from './machine.js';
import { Outputs } from './outputs.js';
import { Quiet } from './quiet.js';
import { bothScopes, scopeOf, snapshotScope, wideScope, type Scope } from './scope.js';
import { BuildTally } from './tally.js';

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

class Watch {
  /** Resolves when the watch was told to end and no build is under way. */
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  /** What ends the watch although it is a user's mistake. */
  #fatal: unknown;

  readonly #machine = new Machine();
  readonly #changes = new Changes(() => performance.now());
  readonly #outputs = new Outputs();
  readonly #folders: FolderWatcher;
  readonly #quiet: Quiet;
  readonly #hosts: HostPool;
  readonly #root: string;
  #scope: Scope | undefined;
  /** Of the last build, open for questions until what it wrote has been noticed. */
  #session: Session | undefined;
  #ready = false;
  /** Whether outputs may have been edited, so that a plan must say what to leave alone. */
  #doubtsOutputs = true;
  /** What was wrong with the project when it was last said. */
  #saidBroken = '';
  /** Whether the last that was said is an error. */
  #saidWrong = false;
  #tally = new BuildTally();
  #interrupt = new AbortController();
  #probing: Promise<void> = Promise.resolve();
  /** Changes that an aborted build was for. */
  #unbuilt: Changed | undefined;

  constructor(
    private readonly options: WatchOptions,
    private readonly listener: WatchListener,
  ) {
    this.#root = dirname(options.file);
    const cache = cacheLayout(this.#root).cache;
    this.#hosts = new HostPool({ slots: options.jobs, root: this.#root, cache });
    this.#folders = new FolderWatcher({
      hint: (path) => this.#hint(path),
      error: ({ code = '', message }) =>
        this.#emit({ type: 'watch-warning', diagnostic: watchErrors.noWatches({ code, message }) }),
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
    await this.#probing;
    await this.#folders.close();
    await this.#session?.close();
    await this.#hosts.close();
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
    const diagnostic = watchErrors.oscillates({ targets, paths: changed.paths });
    this.#emit({ type: 'watch-oscillates', targets, changed, diagnostic });
  }

  // ---- what happens outside ----

  #hint(path: string): void {
    const role = this.#scope?.roleOf(path);
    if (role === undefined) return;
    if (role === 'own') {
      // A build writes them: whether all that came of it is its own shows when it is over.
      if (this.#machine.busy || this.#machine.state === 'settling') {
        this.#outputs.hint(path);
        return;
      }
      this.#doubtsOutputs = true;
    }
    this.#note([path]);
  }

  #note(paths: readonly string[]): void {
    if (paths.length === 0) return;
    for (const path of paths) this.#changes.add(shortPath(path, this.#root));
    this.#signal({ type: 'change' });
  }

  #onQuiet(): void {
    if (this.#machine.state === 'settling' && this.#session !== undefined) {
      const foreign = this.#outputs.foreign(this.#session);
      if (foreign.length > 0) {
        this.#doubtsOutputs = true;
        this.#note(foreign);
        return;
      }
    }
    this.#signal({ type: 'quiet' });
    if (this.#machine.state === 'idle') this.#rest().catch((error: unknown) => this.#fail(error));
  }

  /** Closes the last build's session: what it remembers of files is of no more use, and takes room. */
  async #rest(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  // ---- a build ----

  async #build(): Promise<void> {
    // Its session looks at the same store; and what it finds out is of no more use.
    await this.#probing;
    const changed = this.#takeChanges();
    const sinceMs = this.#changes.sinceMs;
    this.#changes.clear();
    this.#interrupt = new AbortController();
    this.#tally = new BuildTally();
    if (changed !== undefined) this.#emit({ type: 'watch-changed', changed });
    let outcome: BuildOutcome = 'failed';
    try {
      outcome = await this.#buildOnce();
      if (outcome === 'interrupted') this.#unbuilt = changed;
      else {
        const news = !this.#ready || this.#saidWrong;
        this.#saidBroken = '';
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
          seconds: (performance.now() - sinceMs) / 1000,
        });
        this.#saidWrong = failed.length > 0;
        if (failed.length > 0) this.#emit({ type: 'watch-waiting', targets: this.#waiting(failed) });
      }
    } catch (error) {
      if (error === this.#fatal) throw error;
      await this.#broken(diagnosticsOf(error), changed);
    }
    if (!this.#ready && outcome !== 'interrupted') {
      this.#ready = true;
      this.#emit({ type: 'watch-ready', folders: this.#folders.size });
    }
    this.#signal({ type: 'ended', ran: this.#tally.ran });
  }

  #takeChanges(): Changed | undefined {
    if (!this.#changes.any && this.#unbuilt === undefined) return undefined;
    const { paths, count } = this.#changes.changed;
    const before = (this.#unbuilt?.paths ?? []).filter((path) => !paths.includes(path));
    this.#unbuilt = undefined;
    return { paths: [...before, ...paths], count: before.length + count };
  }

  async #buildOnce(): Promise<BuildOutcome> {
    const { options } = this;
    if (!this.#ready) {
      const fresh = await this.#askSnapshot();
      if (fresh) return 'fresh';
    }
    await this.#rest();
    const session = await openSession({ ...this.#sessionOptions(), hosts: this.#hosts, jobs: options.jobs });
    this.#session = session;
    this.#outputs.learn(session);
    const needed = this.#needed(session);
    const cover = (): Scope =>
      scopeOf({
        pipeline: session.pipeline,
        needed,
        touched: session.digester.touched(),
        lock: session.lockPath,
        program: PROGRAM,
      });
    let { targets } = options;
    if (this.#doubtsOutputs || this.#outputs.anyEdited) {
      const decisions = await plan(session, { targets });
      const { edited, work } = holdEdited(decisions, session.graph.dependencies);
      for (const { target, output } of this.#outputs.edited(session, edited)) {
        this.#emit({ type: 'watch-edited', target, output: output.name, path: output.path });
      }
      this.#doubtsOutputs = false;
      if (work.length === 0 && (this.#ready || edited.length > 0)) {
        this.#tally.fresh = decisions.size - edited.length;
        await this.#watch(cover(), session);
        return 'fresh';
      }
      if (edited.length > 0) targets = work;
    }
    await this.#watch(bothScopes(this.#scope, cover()), session);
    const signal = AbortSignal.any([options.signal, this.#interrupt.signal]);
    const { outcome } = await build(session, { targets, keepGoing: options.keepGoing, signal }, (event) => {
      this.#tally.on(event);
      this.listener(event);
    });
    if (options.signal.aborted) return 'interrupted';
    await this.#watch(outcome === 'interrupted' ? bothScopes(this.#scope, cover()) : cover(), session);
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
    this.#scope = snapshotScope(this.#root, covered, paths);
    await this.#folders.set(this.#scope.folders);
    const fresh = checkSnapshot(path, identity, environment);
    if (fresh === undefined) return false;
    this.#tally.fresh = fresh;
    this.#doubtsOutputs = false;
    return true;
  }

  #needed({ graph, pipeline }: Session): readonly string[] {
    const { targets } = this.options;
    try {
      return neededBy(graph, targets.length === 0 ? pipeline.defaults : resolveWords(graph, targets));
    } catch (error) {
      // To begin with it is the command line that is wrong.
      if (!this.#ready) this.#fatal = error;
      throw error;
    }
  }

  #sessionOptions(): Pick<SessionOptions, 'file' | 'set' | 'environment'> {
    const { file, set, environment } = this.options;
    return { file, set, environment };
  }

  /** Watches what is in the scope; what was written while nobody looked is a change. */
  async #watch(scope: Scope, { layout, openedMs }: Pick<Session, 'layout' | 'openedMs'>): Promise<void> {
    this.#scope = scope;
    const added = await this.#folders.set(scope.folders);
    if (added.size === 0) return;
    this.#note(scope.changedSince(added, openedMs - Number(tickLength(layout)) / 1e6));
  }

  async #broken(diagnostics: readonly Diagnostic[], changed?: Changed): Promise<void> {
    this.#scope = wideScope(this.#root, this.#scope);
    await this.#folders.set(this.#scope.folders);
    const text = JSON.stringify(diagnostics);
    if (text === this.#saidBroken) return;
    this.#saidBroken = text;
    this.#saidWrong = true;
    this.#emit({ type: 'watch-broken', ...(changed === undefined ? {} : { changed }), diagnostics });
  }

  #waiting(failed: readonly string[]): Waiting[] {
    return failed.flatMap((name) => {
      const target = this.#session?.pipeline.targets.get(name);
      return target === undefined ? [] : [{ target: name, needs: needsOf(target, this.#root) }];
    });
  }

  // ---- changes while a build runs ----

  /** Plans with what is there now: work under another key, or one that cannot be known yet, is in vain. */
  async #probe(): Promise<void> {
    const { running } = this.#tally;
    let inVain: string[] = [];
    if (running.size > 0) {
      let session: Session | undefined;
      try {
        session = await openSession({ ...this.#sessionOptions(), jobs: 1 });
        const decisions = await plan(session, { targets: this.options.targets });
        inVain = [...running].filter(([target, key]) => keyOf(decisions.get(target)) !== key).map(([target]) => target);
      } catch (error) {
        // The build goes on: it is a build of what was right.
        await this.#broken(diagnosticsOf(error), this.#changes.changed);
      } finally {
        await session?.close();
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

const NEEDS_SHOWN = 5;

/** What to change for another result: inputs as written, the rule's module. */
function needsOf({ inputs, work }: Target, root: string): string[] {
  const names = Object.values(inputs).flatMap(({ references }) =>
    references.map((reference) =>
      reference.type === 'output'
        ? `${reference.target}.${reference.output}`
        : reference.type === 'path'
          ? reference.path
          : reference.pattern,
    ),
  );
  if (work.type === 'rule') names.push(shortPath(work.rule.path, root));
  return names.slice(0, NEEDS_SHOWN);
}

/** @throws the error itself where it is a mistake of vlmbuild's. */
function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof UserFacingError) return error.diagnostics;
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) throw error;
  return [watchErrors.unreadable({ message })];
}
