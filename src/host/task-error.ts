import type { TaskFailure } from './protocol.js';

/** A task that failed, or was stopped. */
export class TaskError extends Error {
  readonly failure: TaskFailure;

  constructor(failure: TaskFailure) {
    super('message' in failure ? failure.message : failure.type);
    this.name = 'TaskError';
    this.failure = failure;
  }
}
