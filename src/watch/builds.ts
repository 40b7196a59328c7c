import { basename, dirname } from 'node:path';
import type { Digest } from '../base/digest.js';
import { statIfThere } from '../base/stat-if-there.js';
import type { BuildOutcome } from '../execute/events.js';
import type { Session } from '../execute/session.js';
import type { Decision } from '../plan/decision.js';
import { lockPath } from '../plan/lock-file.js';
import { checkSnapshot } from '../plan/snapshot-compare.js';
import { snapshotPaths, snapshotSuffix } from '../plan/snapshot-format.js';
import { cacheLayout } from '../store/layout.js';
import type { Changed, WatchListener } from './events.js';
import { databaseBeside } from './empty-side.js';
import { holdEdited } from './held.js';
import { Outputs } from './outputs.js';
// The engine is loaded when there is something to build: to be ready takes less.
import type * as Engine from './project.js';
import type { Report } from './report.js';
import { BuildTally } from './tally.js';
import type { WatchedPaths } from './watched-paths.js';

export interface BuildsOptions extends Engine.ProjectOptions {
  /** The folder of the running vlmbuild. */
  readonly program: string;
  /** Ends builds for good. */
  readonly signal: AbortSignal;
  /** Told of the project as each build finds it, before the build's events. */
  readonly onBegin?: (session: Session) => void;
}

interface Loaded {
  readonly project: Engine.WatchedProject;
  readonly module: typeof Engine;
}

/** The builds of a watch, one after the other, each of what is doubted since the one before. */
export class Builds {
  readonly #options: BuildsOptions;
  readonly #paths: WatchedPaths;
  readonly #report: Report;
  readonly #listener: WatchListener;
  /** Told of paths (absolute) that were written while nobody looked. */
  readonly #onMissed: (paths: readonly string[]) => void;
  readonly #outputs = new Outputs();
  readonly #lock: string;
  /** How the lock looked when it was last known who wrote it. */
  #lockStamp = '';
  /** Whether another vlmbuild may have written the lock, by what there was before. */
  #doubtsLock = false;
  /** Once something was to be built, or there was time to make ready for it. */
  #engine: Promise<Loaded> | undefined;
  #project: Engine.WatchedProject | undefined;
  /** Of the last build, for questions until what it wrote has been noticed. */
  #session: Session | undefined;
  /** Whether outputs may have been edited, so that a plan must say what to leave alone. */
  #doubtsOutputs = true;
  #tally = new BuildTally();
  #interrupt = new AbortController();

  constructor(
    options: BuildsOptions,
    to: {
      readonly paths: WatchedPaths;
      readonly report: Report;
      readonly listener: WatchListener;
      readonly onMissed: (paths: readonly string[]) => void;
    },
  ) {
    this.#options = options;
    this.#lock = lockPath(options.file);
    this.#paths = to.paths;
    this.#report = to.report;
    this.#listener = to.listener;
    this.#onMissed = to.onMissed;
  }

  /** What the last build did, or the one under way has done so far. */
  get tally(): BuildTally {
    return this.#tally;
  }

  // ---- what is told of paths, absolute ----

  /** A change may have been made that is no build's own. */
  doubt(path: string): void {
    this.#project?.doubt(path);
    if (path === this.#lock) this.#doubtsLock = true;
  }

  /** An output may have been written by a build: whether all that came of it is its own shows when it is over. */
  wrote(path: string): void {
    this.#project?.wrote(path);
    this.#outputs.hint(path);
  }

  /** Whether the database that an empty file lies beside, or lay, holds what it held: then reading it made the file. */
  isOfReading(path: string): boolean {
    const database = databaseBeside(path);
    if (database === undefined || this.#session === undefined) return false;
    const known = this.#session.digester.known(database, 'sqlite');
    return known !== undefined && known !== 'absent';
  }

  /** Outputs may have been edited. */
  doubtOutputs(): void {
    this.#doubtsOutputs = true;
  }

  /** Of what was told to be written by a build, the outputs that somebody else has written since; the lock too. */
  foreign(): readonly string[] {
    if (this.#session === undefined) return [];
    const foreign = this.#outputs.foreign(this.#session);
    if (foreign.length > 0) this.#doubtsOutputs = true;
    const stamp = stampOf(this.#lock);
    if (stamp === this.#lockStamp) return foreign;
    this.#lockStamp = stamp;
    return [...foreign, this.#lock];
  }

  /** Whether an input is gone that was there before what was told since the last build. */
  misses(): boolean {
    return this.#project?.misses() === true;
  }

  // ---- builds ----

  /** Builds what is doubted, and tells what came of it. */
  async build(changed: Changed | undefined, sinceMs: number): Promise<BuildOutcome> {
    this.#interrupt = new AbortController();
    this.#tally = new BuildTally();
    let outcome: BuildOutcome = 'failed';
    try {
      outcome = await this.#buildOnce(changed);
      if (outcome !== 'interrupted') {
        const seconds = (performance.now() - sinceMs) / 1000;
        const { folders } = this.#paths;
        this.#report.built({
          changed,
          outcome,
          tally: this.#tally,
          folders,
          seconds,
          pipeline: this.#session?.pipeline,
        });
      }
    } catch (error) {
      const { module } = await this.#load();
      if (error instanceof module.UnknownWords) throw error.problem;
      // It ended before anything was built, also what the project's fault does not concern.
      await this.#broken(module.diagnosticsOf(error), { changed, graph: 'none' });
    }
    return outcome;
  }

  /** Stops the build under way. */
  abort(): void {
    this.#interrupt.abort();
  }

  /** Nothing happens: makes ready for the next change. */
  async rest(): Promise<void> {
    const { project, module } = await this.#load();
    if (this.#session === undefined && !this.#report.isBroken) {
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

  /**
   * Of the steps under way those that are in vain by what is there now: under another key, or one that cannot be known yet.
   */
  async inVain(changed: () => Changed): Promise<readonly string[]> {
    const { running } = this.#tally;
    if (running.size === 0) return [];
    const { project, module } = await this.#load();
    try {
      const decisions = await project.keys();
      return [...running].flatMap(([target, key]) =>
        keyOf(decisions.get(target)) !== key && running.has(target) ? [target] : [],
      );
    } catch (error) {
      // The build goes on: it is a build of what was right.
      await this.#broken(module.diagnosticsOf(error), { changed: changed(), graph: 'old' });
      return [];
    }
  }

  async close(): Promise<void> {
    await this.#project?.close();
  }

  async #load(): Promise<Loaded> {
    this.#engine ??= import('./project.js').then((module) => {
      const { file, set, environment, targets, jobs, keepGoing } = this.#options;
      this.#project = new module.WatchedProject({ file, set, environment, targets, jobs, keepGoing });
      return { project: this.#project, module };
    });
    return this.#engine;
  }

  async #buildOnce(changed: Changed | undefined): Promise<BuildOutcome> {
    const options = this.#options;
    const report = this.#report;
    if (!report.isReady && (await this.#askSnapshot())) return 'fresh';
    const { project } = await this.#load();
    if (this.#paths.isDoubtful) project.doubtAll();
    const begun = await project.begin();
    const { session, needed, problems, unfit } = begun;
    this.#session = session;
    options.onBegin?.(session);
    if (problems.length > 0) await this.#broken(problems, { changed, graph: 'old' });
    else report.mended();
    if (begun.opened) this.#outputs.learn(session);
    const isKnown = (name: string): boolean => project.settled.has(name);
    const settled = needed.filter(isKnown).length;
    this.#tally.fresh = settled;
    // Where the project is wrong, what it said before is still good for the targets that it does not concern.
    let targets = problems.length === 0 ? undefined : needed.filter((name) => !isKnown(name) && !unfit.has(name));
    // Only a build of everything brings it up to date.
    const lockDiffers = problems.length === 0 && this.#doubtsLock && project.lockDiffers(session);
    if (problems.length === 0) this.#doubtsLock = false;
    if ((settled === needed.length && !lockDiffers) || targets?.length === 0) {
      this.#doubtsOutputs = false;
      return 'fresh';
    }
    if (this.#doubtsOutputs || this.#outputs.anyEdited) {
      const fit = problems.length === 0 ? undefined : needed.filter((name) => !unfit.has(name));
      const decisions = await project.plan(session, fit);
      const { edited, work } = holdEdited(decisions, session.graph.dependencies);
      for (const { target, output } of this.#outputs.edited(session, edited)) {
        this.#listener({ type: 'watch-edited', target, output: output.name, path: output.path });
      }
      this.#doubtsOutputs = false;
      if (edited.length > 0 || targets !== undefined) targets = work.filter((name) => !unfit.has(name));
      if (work.length === 0 && ((report.isReady && !lockDiffers) || edited.length > 0)) {
        this.#tally.fresh = decisions.size - edited.length;
        await this.#cover(begun, needed, begun.opened ? 'anew' : 'also');
        return 'fresh';
      }
    }
    if (begun.opened) await this.#cover(begun, needed, 'also');
    const signal = AbortSignal.any([options.signal, this.#interrupt.signal]);
    // One of everything looks at everything, and leaves a snapshot.
    const isWhole = begun.opened || lockDiffers;
    const looked = isWhole ? needed : needed.filter((name) => !isKnown(name));
    this.#tally.fresh = needed.length - looked.length;
    const { outcome } = await project.build(
      session,
      { signal, whole: isWhole, ...(targets === undefined ? {} : { targets }) },
      (event) => {
        this.#tally.on(event);
        this.#listener(event);
      },
    );
    this.#lockStamp = stampOf(this.#lock);
    if (options.signal.aborted) return 'interrupted';
    const whole = begun.opened && outcome !== 'interrupted';
    await this.#cover(begun, whole ? needed : looked, whole ? 'anew' : 'also');
    return outcome;
  }

  /** Whether the last build's snapshot still holds: then nothing need be opened before something changes. */
  async #askSnapshot(): Promise<boolean> {
    const { file, set = [], environment, targets, program } = this.#options;
    if (set.length > 0) return false;
    const root = dirname(file);
    const identity = { root, file: basename(file), words: targets, program };
    const path = `${cacheLayout(root).snapshot}${snapshotSuffix(identity)}`;
    const covered = snapshotPaths(path);
    if (covered === undefined) return false;
    // Watched first and looked at then: what is written from here on is either seen in its times or noticed.
    await this.#paths.coverSnapshot(covered, { lock: lockPath(file), searched: environment['PATH'] ?? '' });
    const fresh = checkSnapshot(path, identity, environment);
    if (fresh === undefined) return false;
    this.#tally.fresh = fresh;
    this.#doubtsOutputs = false;
    return true;
  }

  /** What was written while nobody looked is a change. */
  async #cover(begun: Engine.Begun, names: readonly string[], how: 'anew' | 'also'): Promise<void> {
    this.#onMissed(await this.#paths.coverBuild(begun, names, how));
  }

  async #broken(diagnostics: Engine.Begun['problems'], how: Parameters<Report['broken']>[1]): Promise<void> {
    await this.#paths.coverAll();
    this.#report.broken(diagnostics, how);
  }
}

/** Of a file that is replaced when it is written. */
function stampOf(path: string): string {
  const stats = statIfThere(path);
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino}`;
}

function keyOf(decision: Decision | undefined): Digest | undefined {
  return decision === undefined || decision.state === 'waiting' ? undefined : decision.key;
}
