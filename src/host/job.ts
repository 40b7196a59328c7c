import type { FromHost } from './frames.js';
import { ProcessTree } from './process-tree.js';
import type { Task, TaskFailure, TaskMessage, TaskResults } from './protocol.js';
import type { PartBlock } from '../store/part-lists.js';
import { TaskError } from './task-error.js';

export interface JobOptions {
  readonly on?: (message: TaskMessage, part?: string) => void;
  /** For `list`: takes parts as they are listed, in order, and gives the rows of those that are to be sent (`parts`). */
  readonly listed?: (block: Omit<PartBlock, 'made'>) => readonly number[];
  /** For `list`: done when the inputs that were unread are read. */
  readonly inputsRead?: Promise<void>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly concurrency?: number;
  readonly grace?: Grace;
}

/** How long a stopped task may take to end by itself, and after that how long SIGTERM has before SIGKILL. */
export interface Grace {
  readonly softMs: number;
  readonly termMs: number;
}

const GRACE: Grace = { softMs: 250, termMs: 350 };

/** What a job needs of the host that works on it. */
export interface JobHost {
  want(id: number, rows: readonly number[]): void;
  abort(id: number): void;
  /** Ends the whole host: tasks that share it are put back and run again in another one. */
  end(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/**
 * A task on its way through the pool.
 *
 *     waiting --start--> running --settle--> settled
 *        |                  |
 *        | stop             | stop
 *        v                  v
 *     settled            stopping: asked to end --softMs--> SIGTERM --termMs--> SIGKILL --> settled
 *
 *     running --put back (its host was ended because of another job)--> waiting
 */
export class Job {
  readonly id: number;
  readonly task: Task;
  readonly options: JobOptions;
  readonly promise: Promise<TaskResults[Task['type']]>;
  #resolve: (result: TaskResults[Task['type']]) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #host: JobHost | undefined;
  /** The processes of its command. */
  #command: ProcessTree | undefined;
  #stopped: TaskFailure | undefined;
  #settled = false;
  #timers: NodeJS.Timeout[] = [];
  #onSettled: () => void;
  readonly #abort = (): void => this.stop({ type: 'aborted' });

  constructor(id: number, task: Task, options: JobOptions, onSettled: () => void) {
    this.id = id;
    this.task = task;
    this.options = options;
    this.#onSettled = onSettled;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get settled(): boolean {
    return this.#settled;
  }

  get stopping(): boolean {
    return this.#stopped !== undefined;
  }

  start(host: JobHost): void {
    this.#host = host;
    const { timeoutMs } = this.options;
    if (timeoutMs !== undefined) {
      this.#after(timeoutMs, () => this.stop({ type: 'timeout', seconds: timeoutMs / 1000 }));
    }
  }

  stop(failure: TaskFailure): void {
    if (this.#settled || this.#stopped !== undefined) return;
    this.#stopped = failure;
    const host = this.#host;
    if (host === undefined) {
      this.settle(failure);
      return;
    }
    const { softMs, termMs } = this.options.grace ?? GRACE;
    host.abort(this.id);
    this.#signal('SIGTERM');
    this.#after(softMs, () => {
      this.#signal('SIGTERM');
      // A command's group has its SIGTERM already; its host need not go with it.
      if (this.#command === undefined) host.end('SIGTERM');
    });
    this.#after(softMs + termMs, () => {
      this.#signal('SIGKILL');
      host.end('SIGKILL');
    });
  }

  /** Ends its command at once. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  /** Back to waiting: the host is gone, for no fault of this job's. */
  putBack(): void {
    this.#clear();
    this.#host = undefined;
    this.#command = undefined;
  }

  receive(frame: FromHost): void {
    if (this.#settled || frame.type === 'leaving') return;
    if (frame.type === 'group') {
      this.#command = new ProcessTree(frame.group);
      if (this.stopping) this.#signal('SIGTERM');
      return;
    }
    const part = frame.type === 'messages' ? frame.part : undefined;
    for (const message of frame.messages) this.say(message, part);
    if (frame.type === 'done') this.settle(this.#stopped, frame.result);
    else if (frame.type === 'failed') this.settle(this.#stopped ?? frame.failure);
  }

  /** @param part the id of the part that says it, of those of a `make` task */
  say(message: TaskMessage, part?: string): void {
    if (this.#settled) return;
    if (message.type === 'listed') this.#host?.want(this.id, this.options.listed?.(message.block) ?? []);
    else this.options.on?.(message, part);
  }

  /** The host ended under the job. */
  lost(failure: TaskFailure): void {
    this.kill();
    this.settle(this.#stopped ?? failure);
  }

  settle(failure: TaskFailure | undefined, result?: TaskResults[Task['type']]): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#clear();
    this.options.signal?.removeEventListener('abort', this.#abort);
    if (failure !== undefined || result === undefined) this.#reject(new TaskError(failure ?? { type: 'aborted' }));
    else this.#resolve(result);
    this.#onSettled();
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#command?.signal(signal);
  }

  #after(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }

  #clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
