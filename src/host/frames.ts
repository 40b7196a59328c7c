import type { MadeParts, Task, TaskFailure, TaskMessage, TaskResults } from './protocol.js';

/** From engine to host. `id` counts tasks within a pool. */
export type ToHost =
  /** Parts of an `assemble` task that follows: too many for one frame. */
  | { readonly type: 'parts'; readonly id: number; readonly parts: MadeParts }
  /** Which parts of the oldest block that was listed and not answered yet are to be made: their rows in it. */
  | { readonly type: 'wanted'; readonly id: number; readonly rows: readonly number[] }
  /** The inputs of a `list` task that were unread are read by now. */
  | { readonly type: 'read'; readonly id: number }
  | { readonly type: 'run'; readonly id: number; readonly task: Task }
  | { readonly type: 'abort'; readonly id: number }
  /** There is nothing more to do: the channel closes after this. */
  | { readonly type: 'end' };

/** From host to engine. Messages come before the end that they belong to. */
export type FromHost =
  /** `part`: the id of the one that says it, of those of a `make` task. */
  | {
      readonly type: 'messages';
      readonly id: number;
      readonly part?: string;
      readonly messages: readonly TaskMessage[];
    }
  /** A command was started in a process group of its own, which must go when the task is stopped. */
  | { readonly type: 'group'; readonly id: number; readonly group: number }
  /** The host is about to end, because its state cannot be trusted: it takes no more work. */
  | { readonly type: 'leaving'; readonly id: 0 }
  | {
      readonly type: 'done';
      readonly id: number;
      readonly messages: readonly TaskMessage[];
      readonly result: TaskResults[Task['type']];
    }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly messages: readonly TaskMessage[];
      readonly failure: TaskFailure;
    };
