import { atExit } from '../base/at-exit.js';
import { scrubber } from '../base/scrub.js';
import type { LatePack } from '../store/late-pack.js';
import type { FromHost } from './frames.js';
import { HostGuard } from './guard.js';
import { Commands, findBash } from './commands.js';
import { failureOf } from './failure.js';
import { HostProcess, type HostEnd, type Observed } from './host-process.js';
import { Job, type JobOptions } from './job.js';
import { keepStaged, packStaged, storeOf, toKeep } from './keep-staged.js';
import type { CommandTask, Task, TaskFailure, TaskMessage, TaskResults } from './protocol.js';
import { TaskError } from './task-error.js';

export { TaskError } from './task-error.js';

export interface RunOptions extends JobOptions {
  /** Called in order, before the task's promise settles. `part`: the id of the one that says it. */
  readonly on?: (message: TaskMessage, part?: string) => void;
  /** Stops the task, with every process that it started, within a second (`grace`): it rejects with `aborted`. */
  readonly signal?: AbortSignal;
  /** Stops the task in the same way: it rejects with `timeout`. */
  readonly timeoutMs?: number;
  /** For `make`: how many tasks of this target may be in one host at once (the rule's own `concurrency`). */
  readonly concurrency?: number;
  /** For `command`: its processes have ended, and what is left to do takes no slot. Not called where that is much. */
  readonly onlyLittleLeft?: () => void;
  /** For `command`: where its outputs go if they are small, to be stored with those of others. */
  readonly pack?: LatePack;
}

/** A host and what it works on. */
interface Seat {
  readonly process: HostProcess;
  readonly jobs: Map<number, Job>;
  /** The bundles that it has loaded: tasks of the same rule go where it is. */
  readonly bundles: Set<string>;
  /** It was told to end and takes no more work. */
  ending: boolean;
  /** It takes no more work, and ends after what it has. */
  outdated: boolean;
}

const GRACE_MS = 500;

/**
 * Child processes that run rules and commands: at most `slots`, each started on first need and used again, each in its
 * own process group. Tasks that find no free host wait in order.
 */
export class HostPool {
  readonly #slots: number;
  readonly #root: string;
  readonly #cache: string;
  readonly #observed: Observed | undefined;
  readonly #seats = new Set<Seat>();
  readonly #waiting: Job[] = [];
  /** However this process ends by its own doing, no host or command outlives it. */
  readonly #killHosts = (): void => {
    for (const { process, jobs } of this.#seats) {
      for (const job of jobs.values()) job.kill();
      process.signal('SIGKILL');
    }
  };
  readonly #killCommands = (): void => {
    for (const job of this.#inShells) job.kill();
    this.#commands.kill();
  };
  #spareHosts: (() => void) | undefined;
  #spareCommands: (() => void) | undefined;
  /** And however else it ends, not for longer than a second or two. */
  readonly #guard = new HostGuard();
  readonly #commands: Commands;
  /** Tasks whose commands run in shells. */
  readonly #inShells = new Set<Job>();
  /** Bundles at which a host failed: tasks meet the failure themselves. */
  readonly #unloadable = new Set<string>();
  #lastId = 0;
  #closed = false;
  #onEmpty: (() => void) | undefined;

  /**
   * @param options.cache the project's cache folder: where hosts keep what V8 compiled
   * @param options.commands `hosts`: commands run in hosts also where there is a shell for them
   */
  constructor(options: {
    readonly slots: number;
    readonly root: string;
    readonly cache: string;
    readonly observed?: Observed;
    readonly commands?: 'shells' | 'hosts';
  }) {
    this.#observed = options.observed;
    this.#slots = Math.max(1, options.slots);
    this.#root = options.root;
    this.#cache = options.cache;
    // What is observed is what hosts do, and all that they start.
    const inHosts = options.commands === 'hosts' || options.observed !== undefined;
    this.#commands = new Commands(this.#root, inHosts ? undefined : findBash(process.env['PATH']));
  }

  /** @throws TaskError */
  async run<T extends Task>(task: T, options: RunOptions = {}): Promise<TaskResults[T['type']]> {
    if (this.#closed || options.signal?.aborted === true) throw new TaskError({ type: 'aborted' });
    const job = new Job(++this.#lastId, task, options, () => this.#settled(job));
    if (task.type === 'command' && this.#commands.takes(task)) void this.#runInShell(job, task, options);
    else {
      this.#waiting.push(job);
      this.#dispatch();
    }
    return job.promise as Promise<TaskResults[T['type']]>;
  }

  /**
   * Starts hosts for a rule until there are so many, if there may be, and has them load it: while others are busy, or are
   * told what there is to do.
   */
  prepare({ bundle, source }: { readonly bundle: string; readonly source: string }, count: number): void {
    while (!this.#closed && this.#taken < Math.min(count, this.#slots)) {
      const job = new Job(++this.#lastId, { type: 'load', bundle, source }, {}, () => this.#settled(job));
      job.promise.catch(() => {
        this.#unloadable.add(bundle);
        this.#dispatch();
      });
      this.#start(this.#open(), job);
    }
  }

  /** Starts what the first command will need, while it is made out what that is. */
  prepareCommands(): void {
    if (!this.#closed) this.#commands.prepare();
  }

  /** No command will come, most likely. */
  restCommands(): void {
    this.#commands.rest();
  }

  /** No work will come, most likely: hosts that have none end, while the caller goes on. */
  restHosts(): void {
    for (const seat of this.#seats) if (seat.jobs.size === 0 && !seat.ending) this.#dismiss(seat);
  }

  /** What hosts have loaded is no longer what is there: other hosts take what comes. */
  renew(): void {
    this.#unloadable.clear();
    for (const seat of this.#seats) {
      seat.outdated = true;
      if (seat.jobs.size === 0 && !seat.ending) this.#dismiss(seat);
    }
  }

  /** Ends idle hosts at once, those at work after it. Resolves when all are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const commands = this.#commands.close();
    if (this.#seats.size === 0) return commands;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const seat of this.#seats) {
      // Also one that is ending already: until it is gone it has to keep this process.
      if (seat.jobs.size === 0) this.#dismiss(seat);
      else if (isLoading(seat)) this.#end(seat, 'SIGKILL');
    }
    await Promise.all([empty, commands]);
  }

  /** Ends every host and command at once: SIGTERM, then SIGKILL, all within a second. Running tasks are `aborted`. */
  kill(): void {
    this.#closed = true;
    for (const job of [...this.#waiting.splice(0), ...this.#inShells]) job.stop({ type: 'aborted' });
    for (const seat of this.#seats) {
      const jobs = [...seat.jobs.values()];
      for (const job of jobs) job.stop({ type: 'aborted' });
      // A command has its own group and its own grace; its host sees it through.
      if (!jobs.some((job) => job.task.type === 'command')) this.#end(seat, 'SIGTERM');
    }
  }

  async #runInShell(job: Job, task: CommandTask, options: RunOptions): Promise<void> {
    this.#spareCommands ??= atExit(this.#killCommands);
    this.#inShells.add(job);
    const { id } = job;
    try {
      const { code, signal, lost } = await this.#commands.run(job, task);
      if (lost) job.lost({ type: 'host-lost', code, signal });
      else if (code !== 0) job.receive({ type: 'failed', id, messages: [], failure: { type: 'exit', code, signal } });
      else job.receive({ type: 'done', id, messages: [], result: await this.#keep(task, options) });
    } catch (error) {
      const failure = error instanceof TaskError ? error.failure : failureOf(error, this.#root);
      job.receive({ type: 'failed', id, messages: [], failure });
    }
  }

  /** What a command has written. Much of it is looked through in a host, so that the engine can go on. */
  async #keep(
    { target, cache, outputs, keep }: CommandTask,
    { signal, onlyLittleLeft, pack }: RunOptions,
  ): Promise<TaskResults['command']> {
    const amount = toKeep(outputs);
    if (amount === 'little' && onlyLittleLeft !== undefined) {
      onlyLittleLeft();
      // What waited for it is to start before this one's outputs are looked through.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (amount === 'little' && keep && pack !== undefined)
      return { outputs: await packStaged(outputs, storeOf(cache), pack) };
    if (amount !== 'much') return { outputs: await keepStaged(outputs, keep ? storeOf(cache) : null) };
    return this.run({ type: 'keep', target, cache, outputs, keep }, signal === undefined ? {} : { signal });
  }

  #dispatch(): void {
    for (let i = 0; i < this.#waiting.length;) {
      const job = this.#waiting[i];
      const seat = job && this.#seatFor(job);
      if (job === undefined || seat === undefined) {
        i++;
        continue;
      }
      this.#waiting.splice(i, 1);
      this.#start(seat, job);
    }
  }

  /** A shared host where the rule allows it; else an idle one, best the one that has the rule; else a new one. */
  #seatFor(job: Job): Seat | undefined {
    const { task, options } = job;
    const limit = options.concurrency ?? 1;
    const idle: Seat[] = [];
    for (const seat of this.#seats) {
      if (seat.ending || seat.outdated) continue;
      if (seat.jobs.size === 0) idle.push(seat);
      else if (task.type === 'make' && seat.jobs.size < limit) {
        const [other] = seat.jobs.values();
        if (other?.task.type === 'make' && other.task.target === task.target && !anyStopping(seat)) return seat;
      }
    }
    const bundle = 'bundle' in task ? task.bundle : '';
    const best = idle.find((seat) => seat.bundles.has(bundle)) ?? idle[0];
    if (best !== undefined) return best;
    if (this.#taken >= this.#slots) return undefined;
    if (!('bundle' in task) || this.#unloadable.has(task.bundle)) return this.#open();
    if (task.type !== 'make' || limit > 1) return this.#isSoonFree(job, task.bundle) ? undefined : this.#open();
    // Not bound to a host that only starts: if another one is free before, it makes these parts.
    const waiting = this.#waiting.filter((other) => other.task.type === 'make').length;
    if ([...this.#seats].filter(isLoading).length < waiting) this.prepare(task, this.#taken + 1);
    return undefined;
  }

  /**
   * Whether a host that loads the rule will be free for the job, sooner than one that is not even started. A job with a
   * timeout, which counts in its host alone, waits for none: a rule may never come to the end of loading.
   */
  #isSoonFree(job: Job, bundle: string): boolean {
    if (job.options.timeoutMs !== undefined) return false;
    const seats = [...this.#seats].filter((seat) => !seat.ending && isLoading(seat) && seat.bundles.has(bundle));
    const others = this.#waiting.filter((other) => other !== job && 'bundle' in other.task);
    return seats.length > others.length;
  }

  get #taken(): number {
    return [...this.#seats].filter((seat) => !seat.ending).length;
  }

  #open(): Seat {
    const seat: Seat = {
      process: new HostProcess(
        {
          root: this.#root,
          cache: this.#cache,
          ...(this.#observed === undefined ? {} : { observed: this.#observed }),
        },
        {
          frame: (frame) => this.#receive(seat, frame),
          stray: (stream, line) => this.#stray(seat, stream, line),
          end: (end) => this.#ended(seat, end),
        },
      ),
      jobs: new Map(),
      bundles: new Set(),
      ending: false,
      outdated: false,
    };
    this.#spareHosts ??= atExit(this.#killHosts);
    this.#seats.add(seat);
    if (seat.process.pid !== undefined) this.#guard.add(seat.process.pid);
    return seat;
  }

  #start(seat: Seat, job: Job): void {
    const { id, task, options } = job;
    seat.jobs.set(id, job);
    if ('bundle' in task) seat.bundles.add(task.bundle);
    seat.process.work();
    job.start({
      abort: () => seat.process.send({ type: 'abort', id }),
      want: (_, rows) => seat.process.send({ type: 'wanted', id, rows }),
      end: (signal) => this.#end(seat, signal),
    });
    if (task.type === 'assemble' && task.parts.length > 1) void this.#sendInPieces(seat, job, task);
    else seat.process.send({ type: 'run', id, task });
    void options.inputsRead?.then(() => seat.process.send({ type: 'read', id }));
  }

  async #sendInPieces(seat: Seat, { id }: Job, task: Extract<Task, { type: 'assemble' }>): Promise<void> {
    for (const parts of task.parts) await seat.process.sendSlowly({ type: 'parts', id, parts });
    seat.process.send({ type: 'run', id, task: { ...task, parts: [] } });
  }

  #receive(seat: Seat, frame: FromHost): void {
    if (frame.type === 'leaving') seat.ending = true;
    seat.jobs.get(frame.id)?.receive(frame);
  }

  /** What no task of the host's claimed goes to the latest one. */
  #stray(seat: Seat, stream: 'out' | 'err', line: string): void {
    const job = [...seat.jobs.values()].at(-1);
    if (job === undefined) return;
    const secrets = 'secrets' in job.task ? Object.values(job.task.secrets) : [];
    job.say({ type: 'log', stream, line: scrubber(secrets)(line) });
  }

  #settled(job: Job): void {
    if (this.#inShells.delete(job) && this.#inShells.size === 0) {
      this.#spareCommands?.();
      this.#spareCommands = undefined;
    }
    const waiting = this.#waiting.indexOf(job);
    if (waiting >= 0) this.#waiting.splice(waiting, 1);
    for (const seat of this.#seats) {
      if (!seat.jobs.delete(job.id) || seat.jobs.size > 0) continue;
      seat.process.rest();
      if (this.#closed || seat.outdated) this.#dismiss(seat);
    }
    this.#dispatch();
  }

  #ended(seat: Seat, { code, signal, error }: HostEnd): void {
    this.#seats.delete(seat);
    if (seat.process.pid !== undefined) this.#guard.remove(seat.process.pid);
    const failure: TaskFailure =
      error === undefined
        ? { type: 'host-lost', code, signal }
        : { type: 'system', code: error.code ?? 'SPAWN', message: `a host cannot be started: ${error.message}` };
    for (const job of seat.jobs.values()) {
      // The host was ended because of another task: what shared it is run again.
      if (seat.ending && !job.stopping && !this.#closed) {
        job.putBack();
        this.#waiting.unshift(job);
      } else {
        job.lost(failure);
      }
    }
    seat.jobs.clear();
    if (this.#seats.size === 0) {
      this.#spareHosts?.();
      this.#spareHosts = undefined;
      this.#onEmpty?.();
    }
    this.#dispatch();
  }

  #end(seat: Seat, signal: 'SIGTERM' | 'SIGKILL'): void {
    if (signal === 'SIGTERM' && !seat.ending) {
      setTimeout(() => {
        if (this.#seats.has(seat)) seat.process.signal('SIGKILL');
      }, GRACE_MS).unref();
    }
    seat.ending = true;
    seat.process.signal(signal);
  }

  #dismiss(seat: Seat): void {
    seat.ending = true;
    seat.process.dismiss();
    setTimeout(() => {
      if (this.#seats.has(seat)) seat.process.signal('SIGKILL');
    }, GRACE_MS).unref();
  }
}

function isLoading({ jobs }: Seat): boolean {
  return jobs.size > 0 && [...jobs.values()].every(({ task }) => task.type === 'load');
}

function anyStopping(seat: Seat): boolean {
  return [...seat.jobs.values()].some((job) => job.stopping);
}
