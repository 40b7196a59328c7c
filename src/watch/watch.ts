import { dirname, join } from 'node:path';
import { shortPath } from '../base/shown-path.js';
import { statIfThere } from '../base/stat-if-there.js';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { watchErrors } from '../diagnostics/watch.js';
import type { Session } from '../execute/session.js';
import { packageRoot } from '../rule/package-root.js';
import { Builds } from './builds.js';
import { Changes } from './changes.js';
import { isEmptySide } from './empty-side.js';
import type { WatchListener } from './events.js';
import { Machine, type Effect, type Signal } from './machine.js';
import { Quiet } from './quiet.js';
import { Report } from './report.js';
import { WatchedPaths } from './watched-paths.js';

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
  /** Does what the watch has to do, builds above all. */
  readonly during?: <T>(work: () => Promise<T>) => Promise<T>;
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
/** So often it is looked whether the project's folder is still there. */
const ROOT_MS = 1000;

class Watch {
  /** Resolves when the watch was told to end and no build is under way. */
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  readonly #root: string;
  readonly #listener: WatchListener;
  readonly #machine = new Machine();
  readonly #changes = new Changes(() => performance.now());
  readonly #quiet: Quiet;
  readonly #paths: WatchedPaths;
  readonly #report: Report;
  readonly #builds: Builds;
  readonly #during: NonNullable<WatchOptions['during']>;
  /** Whether a source that is gone was given the time to come back. */
  #waitedForReturn = false;
  #probing: Promise<void> = Promise.resolve();
  #resting: Promise<void> = Promise.resolve();
  /** Hints of empty files beside databases, given while a build ran. */
  readonly #sides = new Set<string>();
  readonly #rootFolder: string;
  readonly #rootTimer: NodeJS.Timeout;

  constructor(options: WatchOptions, listener: WatchListener) {
    this.#root = dirname(options.file);
    this.#listener = listener;
    this.#during = options.during ?? ((work) => work());
    this.#report = new Report(listener);
    this.#paths = new WatchedPaths(
      { root: this.#root, program: PROGRAM },
      {
        hint: (path) => this.#hint(path),
        error: ({ code = '', message }) => {
          listener({ type: 'watch-warning', diagnostic: watchErrors.noWatches({ code, message }) });
        },
      },
    );
    this.#builds = new Builds(
      { ...options, program: PROGRAM },
      {
        paths: this.#paths,
        report: this.#report,
        listener,
        onMissed: (paths) => {
          for (const path of paths) if (!this.#isSide(path)) this.#note([path]);
        },
      },
    );
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
    this.#rootFolder = folderAt(this.#root);
    this.#rootTimer = setInterval(() => this.#lookForRoot(), ROOT_MS);
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    options.signal.addEventListener('abort', () => this.#signal({ type: 'interrupt' }), { once: true });
    this.#signal(options.signal.aborted ? { type: 'interrupt' } : { type: 'start' });
  }

  async close(): Promise<void> {
    clearInterval(this.#rootTimer);
    this.#quiet.stop();
    await Promise.allSettled([this.#probing, this.#resting]);
    await this.#paths.close();
    await this.#builds.close();
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
        this.#builds.abort();
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
    this.#report.ready(this.#paths.folders);
    this.#report.oscillates(targets, changed);
  }

  // ---- what happens outside ----

  /** Nobody tells when the folder that holds everything else is there again; hosts and shells would stay in the old one. */
  #lookForRoot(): void {
    if (folderAt(this.#root) !== this.#rootFolder)
      this.#fail(new UserFacingError(watchErrors.rootGone({ root: this.#root }), EXIT.failed));
  }

  #hint(path: string): void {
    const role = this.#paths.roleOf(path);
    if (role === undefined) return;
    if (this.#isSide(path)) return;
    const paths = [path, ...this.#paths.linksTo(path)];
    if (role === 'own' && (this.#machine.busy || this.#machine.state === 'settling')) {
      for (const at of paths) this.#builds.wrote(at);
      return;
    }
    if (role === 'own') this.#builds.doubtOutputs();
    this.#note(paths);
  }

  /**
   * Whether it lies empty beside a database, or is gone from there, which reading does: then it is looked into, if not at
   * once.
   */
  #isSide(path: string): boolean {
    if (!isEmptySide(path)) return false;
    if (!this.#machine.busy) return this.#builds.isOfReading(path);
    // What a database holds that is being read is not known yet.
    this.#sides.add(path);
    return true;
  }

  #note(paths: readonly string[]): void {
    const [first] = paths;
    if (first === undefined) return;
    for (const path of paths) this.#builds.doubt(path);
    this.#changes.add(shortPath(first, this.#root));
    this.#signal({ type: 'change' });
  }

  #onQuiet(): void {
    if (this.#machine.state === 'settling') {
      const foreign = this.#builds.foreign();
      for (const path of foreign) this.#note([path]);
      if (foreign.length > 0) return;
    }
    // An editor that deletes and writes anew: without this, its pause would be told as a missing source.
    if (this.#machine.state === 'dirty' && !this.#waitedForReturn && this.#builds.misses()) {
      this.#waitedForReturn = true;
      this.#quiet.wait(RETURN_MS);
      return;
    }
    this.#waitedForReturn = false;
    this.#signal({ type: 'quiet' });
    // A build that begins meanwhile waits for it.
    if (this.#machine.state === 'idle')
      this.#resting = this.#during(() => this.#builds.rest()).catch((error: unknown) => this.#fail(error));
  }

  // ---- builds ----

  async #build(): Promise<void> {
    // What they find out is of no more use, or of use here.
    await this.#probing;
    await this.#resting;
    const { changed, sinceMs } = this.#changes.take();
    if (changed !== undefined) this.#listener({ type: 'watch-changed', changed });
    const outcome = await this.#during(() => this.#builds.build(changed, sinceMs));
    if (outcome === 'interrupted') this.#changes.putBack();
    else this.#report.ready(this.#paths.folders);
    const sides = [...this.#sides];
    this.#sides.clear();
    for (const path of sides) if (!this.#builds.isOfReading(path)) this.#note([path, ...this.#paths.linksTo(path)]);
    this.#signal({ type: 'ended', ran: this.#builds.tally.ran });
  }

  /** Changes came while a build runs: is what it does still of use? */
  async #probe(): Promise<void> {
    const { running } = this.#builds.tally;
    const found = await this.#builds.inVain(() => this.#changes.changed);
    // Some may have ended while it was told that the project is wrong.
    const inVain = found.filter((target) => running.has(target));
    if (this.#machine.state === 'probing') {
      const { changed } = this.#changes;
      if (inVain.length > 0) this.#listener({ type: 'watch-aborted', targets: inVain, changed });
      else this.#listener({ type: 'watch-postponed', changed });
    }
    this.#signal({ type: 'probed', inVain: inVain.length > 0 });
  }
}

/** Which folder it is; empty where there is none. */
function folderAt(path: string): string {
  const stats = statIfThere(path);
  return stats === undefined ? '' : `${stats.dev} ${stats.ino}`;
}
