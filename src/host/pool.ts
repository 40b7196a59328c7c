import type { Task, TaskFailure, TaskMessage, TaskResults } from './protocol.js';

/** A task that failed, or was stopped. */
export class TaskError extends Error {
  readonly failure: TaskFailure;

  constructor(failure: TaskFailure) {
    super('message' in failure ? failure.message : failure.type);
    this.name = 'TaskError';
    this.failure = failure;
  }
}

export interface RunOptions {
  /** Called in order, before the task's promise settles. */
  on?(message: TaskMessage): void;
  /** Stops the task, with every process that it started, within a second: it rejects with `aborted`. */
  readonly signal?: AbortSignal;
  /** Stops the task in the same way: it rejects with `timeout`. */
  readonly timeoutMs?: number;
  /** For `make`: how many tasks of this target may be in one host at once (the rule's own `concurrency`). */
  readonly concurrency?: number;
}

/**
 * Child processes that run rules and commands: at most `slots`, each started on first need and used again, each in its
 * own process group.
 */
export class HostPool {
  constructor(options: { readonly slots: number; readonly root: string; readonly cache: string }) {
    void options;
  }

  /** @throws TaskError */
  async run<T extends Task>(task: T, options: RunOptions = {}): Promise<TaskResults[T['type']]> {
    throw new Error(`not yet: ${task.type} ${Object.keys(options).join()}`);
  }

  /** Ends idle hosts; those at work end after it. */
  async close(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends every host and command at once: SIGTERM, then SIGKILL, all within a second. */
  kill(): void {
    return;
  }
}
