import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KeptDirectories } from '../artifacts/kept-directories.js';
import { collectGarbage } from '../base/collect-garbage.js';
import { dropSpares } from '../base/spare-buffers.js';
import { statIfThere } from '../base/stat-if-there.js';
import { EXIT, UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { watchErrors } from '../diagnostics/watch.js';
import { build, plan, type BuildResult } from '../execute/build.js';
import type { Settled } from '../execute/build-state.js';
import type { EventListener } from '../execute/events.js';
import { openSession, type Session, type SessionOptions } from '../execute/session.js';
import { HostPool } from '../host/pool.js';
import type { Decision } from '../plan/decision.js';
import { absentFor, lackingSources, neededBy, resolveWords } from '../plan/graph.js';
import { packageRoot } from '../rule/package-root.js';
import { cacheLayout } from '../store/layout.js';
import { Dependents } from './dependents.js';

export interface ProjectOptions extends Pick<SessionOptions, 'file' | 'set' | 'environment'> {
  /** Words of the command line; empty: the pipeline's defaults. */
  readonly targets: readonly string[];
  readonly jobs: number;
  readonly keepGoing: boolean;
}

/** A project as a build of it finds it. */
export interface Begun {
  readonly session: Session;
  /** Whether it was opened for this build: then nothing is known of before. */
  readonly opened: boolean;
  /** The wanted targets and all that they need. */
  readonly needed: readonly string[];
  /** What is wrong with the project as it is now: then this is as it was before, if there is a before. */
  readonly problems: readonly Diagnostic[];
  /** Then: targets whose inputs are gone, or of another kind, with all that need them. */
  readonly unfit: ReadonlySet<string>;
  /** Whether folders were among what changed: there may be more to watch. */
  readonly folders: boolean;
}

/** What a change means for the targets. */
interface Affected {
  /** Whether the project must be opened anew. */
  readonly project: boolean;
  /** Whether rules may have other packages than hosts have loaded. */
  readonly packages: boolean;
  readonly targets: ReadonlySet<string>;
  readonly unfit: ReadonlySet<string>;
}

/** The words of the command line mean nothing. */
export class UnknownWords extends Error {
  constructor(readonly problem: unknown) {
    super('the wanted targets are unknown');
  }
}

/** The folder of the running vlmbuild. */
const PROGRAM = join(packageRoot(), 'dist');
/** More doubts than this at once may be only some of those that there were: the system keeps no more. */
const MOST_DOUBTS = 5_000;

/**
 * A project that stays open from build to build, for somebody who notices every change (`doubt`). Its pipeline and rules
 * are read again only where their own files were doubted; of its targets only those are decided again whose inputs or
 * outputs were, and what needs them.
 */
export class WatchedProject {
  readonly #options: ProjectOptions;
  readonly #hosts: HostPool;
  /** The index's file, and which one is open: the cache may be removed at any time. */
  readonly #index: string;
  #store = '';
  readonly #kept = new KeptDirectories();
  /** Paths (absolute) of which a change was told since the last `begin`. */
  readonly #doubts = new Set<string>();
  #session: Session | undefined;
  #dependents: Dependents | undefined;
  #needed: readonly string[] = [];
  /** Whether the project is to be opened anew: its own files were doubted. */
  #outdated = true;
  /** While the project is wrong: targets that cannot be built for it. */
  #unfit: ReadonlySet<string> = new Set();
  #hadLock = false;
  /** Whether somebody removed it since the last `begin`. */
  #lostLock = false;
  #settled = new Map<string, Extract<Decision, { state: 'fresh' }>>();

  constructor(options: ProjectOptions) {
    this.#options = options;
    const root = dirname(options.file);
    const { cache, index } = cacheLayout(root);
    this.#index = index;
    this.#hosts = new HostPool({ slots: options.jobs, root, cache });
  }

  /** A change may have been made at this path, absolute, and nobody else answers for it. */
  doubt(path: string): void {
    this.#doubts.add(path);
    this.#kept.doubt(path);
  }

  /** A change may have been made at the path of an output, by a build: whether it was is looked into after the build. */
  wrote(path: string): void {
    this.#kept.doubt(path);
  }

  /** Whether an input that the pipeline names was there before the changes told since, and is not there now. */
  misses(): boolean {
    const dependents = this.#dependents;
    return [...this.#doubts].some((path) => dependents?.names(path) === true && !existsSync(path));
  }

  /** Nothing that was found out is believed: changes may go unnoticed. */
  doubtAll(): void {
    this.#outdated = true;
    this.#hosts.renew();
    this.#kept.clear();
  }

  /** The targets that are known to be fresh. */
  get settled(): Settled {
    return this.#settled;
  }

  /**
   * For a build or a plan: opens the project where it must be.
   *
   * @throws UserFacingError for a project that cannot be opened and never was; UnknownWords
   */
  async begin(): Promise<Begun> {
    const doubts = [...this.#doubts];
    if (doubts.length > MOST_DOUBTS) this.doubtAll();
    const { project, packages, targets, unfit } = this.#affected(doubts);
    this.#doubts.clear();
    this.#unfit = unfit;
    if (packages) this.#hosts.renew();
    if (project || this.#store !== identityOf(this.#index)) this.#outdated = true;
    for (const name of targets) this.#settled.delete(name);
    const before = this.#session;
    const folders = doubts.some(isFolder);
    if (!this.#outdated && before !== undefined) return this.#begun(before.again(), { opened: false, folders });
    try {
      return await this.#open();
    } catch (error) {
      if (before === undefined || error instanceof UnknownWords) throw error;
      // What was changed elsewhere is built by what was right.
      return this.#begun(before.again(), { opened: false, problems: diagnosticsOf(error), unfit, folders });
    }
  }

  /** Whether the lock says something else than what is known to be fresh, or is gone. */
  lockDiffers({ lock, pipeline }: Pick<Session, 'lock' | 'pipeline'>): boolean {
    if (pipeline.overridden) return false;
    if (lock === undefined) return this.#lostLock;
    return [...this.#settled].some(([name, { key, outputs }]) => {
      const block = lock.targets[name];
      return (
        block?.key !== key || Object.entries(outputs).some(([output, { digest }]) => block.outputs[output] !== digest)
      );
    });
  }

  /** What a build of these would do, or of all that is wanted. */
  async plan(session: Session, targets = this.#options.targets): Promise<ReadonlyMap<string, Decision>> {
    const decisions = await plan(session, { targets, settled: this.#settled });
    for (const [name, decision] of decisions) {
      // What only the lock tells has no record yet: that is for a build.
      if (decision.state === 'fresh' && decision.source === 'index') this.#settled.set(name, decision);
    }
    return decisions;
  }

  async build(
    session: Session,
    {
      targets = this.#options.targets,
      whole,
      signal,
    }: {
      readonly targets?: readonly string[];
      /** Whether also what is known to be fresh is looked at. */
      readonly whole: boolean;
      readonly signal: AbortSignal;
    },
    listener: EventListener,
  ): Promise<BuildResult> {
    const { keepGoing } = this.#options;
    const settled = whole ? {} : { settled: new Map(this.#settled) };
    const result = await build(session, { targets, keepGoing, signal, ...settled }, listener);
    for (const [name, decision] of result.settled) this.#settled.set(name, decision);
    return result;
  }

  /**
   * With what is there now: the keys of targets, as far as they can be known. While a build is under way.
   *
   * @throws UserFacingError
   */
  async keys(): Promise<ReadonlyMap<string, Decision>> {
    const { project, packages, targets } = this.#affected([...this.#doubts]);
    if (packages) this.#hosts.renew();
    if (project || this.#session === undefined) {
      const session = await openSession(this.#sessionOptions());
      try {
        return await plan(session, { targets: this.#options.targets });
      } finally {
        await session.close();
      }
    }
    const settled = new Map([...this.#settled].filter(([name]) => !targets.has(name)));
    return plan(this.#session.again(), { targets: this.#options.targets, settled });
  }

  /** Reads the directories among the sources that are not kept. */
  async #keepDirectories(session: Session): Promise<void> {
    for (const name of this.#needed) {
      for (const use of Object.values(session.pipeline.targets.get(name)?.inputs ?? {})) {
        for (const reference of use.kind === 'directory' ? use.references : []) {
          if (reference.type !== 'path') continue;
          // What is wrong with it is told by the build that needs it.
          await session.digester.keep(reference.path).catch(() => undefined);
        }
      }
    }
  }

  /** Nothing is to be built: finds out what there is, so that the next change finds it known. */
  async learn(): Promise<Session> {
    const { session } = await this.begin();
    await this.#keepDirectories(session);
    await this.plan(session);
    return session;
  }

  /**
   * Nothing happens: gives back room, and makes ready for the next change. Stat records stay: to read those of a large
   * folder again takes longer than what is built.
   */
  async rest(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    await this.#keepDirectories(session);
    session.index.rest();
    session.digester.rest();
    dropSpares();
    collectGarbage();
  }

  async close(): Promise<void> {
    try {
      await this.#session?.close();
    } finally {
      await this.#hosts.close();
    }
  }

  #affected(doubts: readonly string[]): Affected {
    const [session, dependents] = [this.#session, this.#dependents];
    if (session === undefined || dependents === undefined)
      return { project: true, packages: false, targets: new Set(), unfit: new Set() };
    const { project, packages, targets } = dependents.of(doubts);
    const unfit = [...new Set([...targets, ...this.#unfit])].filter((name) => {
      const target = session.pipeline.targets.get(name);
      return target !== undefined && !dependents.fits(target);
    });
    return {
      project: project || unfit.length > 0,
      packages,
      targets: dependents.withReaders(targets),
      unfit: dependents.withReaders(unfit),
    };
  }

  async #open(): Promise<Begun> {
    const session = await openSession(this.#sessionOptions());
    let needed: readonly string[];
    try {
      const { targets } = this.#options;
      const { graph, pipeline } = session;
      needed = neededBy(graph, targets.length === 0 ? pipeline.defaults : resolveWords(graph, targets));
    } catch (error) {
      await session.close();
      throw this.#session === undefined ? new UnknownWords(error) : error;
    }
    const lacking = lackingSources(session.graph);
    const unfit = new Set(needed.filter((name) => lacking.has(name)));
    const problems = absentFor(session.graph, unfit);
    // What was right before is still good for the others; to begin with, this is.
    if (problems.length > 0 && (this.#session !== undefined || unfit.size === needed.length)) {
      await session.close();
      throw new UserFacingError(problems, EXIT.failed);
    }
    try {
      await this.#session?.close();
    } catch {
      // Its cache was removed: what it had not written yet is remembered nowhere, which costs time alone.
    }
    this.#store = identityOf(this.#index);
    this.#needed = needed;
    this.#settled.clear();
    this.#dependents = new Dependents(session, PROGRAM);
    this.#outdated = problems.length > 0;
    this.#unfit = unfit;
    return this.#begun(session, { opened: true, problems, unfit });
  }

  #begun(session: Session, found: Pick<Begun, 'opened'> & Partial<Begun>): Begun {
    this.#session = session;
    this.#lostLock = session.lock === undefined && this.#hadLock;
    // Only a build of everything writes a whole one.
    if (this.#lostLock) this.#settled.clear();
    this.#hadLock = session.lock !== undefined;
    return { session, needed: this.#needed, problems: [], unfit: new Set(), folders: true, ...found };
  }

  #sessionOptions(): SessionOptions {
    const { file, set, environment, jobs } = this.#options;
    return { file, environment, jobs, hosts: this.#hosts, kept: this.#kept, ...(set === undefined ? {} : { set }) };
  }
}

function identityOf(path: string): string {
  const stats = statIfThere(path);
  return stats === undefined ? '' : `${stats.dev} ${stats.ino}`;
}

function isFolder(path: string): boolean {
  return statIfThere(path)?.isDirectory() === true;
}

/** @throws the error itself where it is a mistake of vlmbuild's. */
export function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof UserFacingError) return error.diagnostics;
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) throw error;
  return [watchErrors.unreadable({ message })];
}
