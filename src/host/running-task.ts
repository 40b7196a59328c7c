import { AsyncLocalStorage } from 'node:async_hooks';
import { scrubber } from '../base/scrub.js';
import type { FromHost } from './frames.js';
import { Lines } from './lines.js';
import type { Task, TaskFailure, TaskMessage, TaskResults } from './protocol.js';

/** Messages gather for this long, progress is said no more often. */
const QUIET_MS = 50;
const FEW = 64;

/** A task in the host that runs it: what it says, on its way to the engine, secrets replaced. */
export class RunningTask {
  /** Done when the task has ended, however it ended. */
  readonly atEnd: (() => void)[] = [];
  /** Of a task that lists parts: the engine says which it wants. */
  onWanted: (rows: readonly number[]) => void = () => undefined;
  /** Of a task that lists parts: inputs that were unread are read. */
  onInputsRead: () => void = () => undefined;
  #areInputsRead = false;
  readonly #out = new Lines((line) => this.log('out', line));
  readonly #err = new Lines((line) => this.log('err', line));
  #messages: TaskMessage[] = [];
  #saidAt = 0;
  #timer: NodeJS.Immediate | undefined;
  #progressAt = 0;
  #progress: Extract<TaskMessage, { type: 'progress' }> | undefined;
  #ended = false;

  private constructor(
    readonly id: number,
    readonly task: Task,
    /** Aborted when the task must end. */
    readonly abort: AbortController,
    /** Replaces the task's secrets. */
    readonly scrub: (text: string) => string,
    private readonly send: (frame: FromHost) => void,
    /** Where a part speaks, and not the whole task. */
    private readonly part?: string,
  ) {}

  static start(id: number, task: Task, send: (frame: FromHost) => void): RunningTask {
    const scrub = scrubber('secrets' in task ? Object.values(task.secrets) : []);
    return new RunningTask(id, task, new AbortController(), scrub, send);
  }

  /** One of the parts that the task makes: what it says is told apart. To be ended by `leave`. */
  enter(part: string): RunningTask {
    return new RunningTask(this.id, this.task, this.abort, this.scrub, this.send, part);
  }

  /** The part has ended: what it said goes out. */
  leave(): void {
    if (this.#ended) return;
    this.#out.end();
    this.#err.end();
    this.#sayProgress();
    this.flush();
    this.#ended = true;
  }

  /** Before the engine hears that it has ended. */
  tidy(): void {
    for (const step of this.atEnd.splice(0)) step();
  }

  get areInputsRead(): boolean {
    return this.#areInputsRead;
  }

  inputsRead(): void {
    this.#areInputsRead = true;
    this.onInputsRead();
  }

  log(stream: 'out' | 'err', line: string): void {
    this.say({ type: 'log', stream, line: this.scrub(line) });
  }

  /** Bytes that the task's code wrote to stdout or stderr. */
  write(stream: 'out' | 'err', chunk: Uint8Array | string): void {
    (stream === 'out' ? this.#out : this.#err).add(chunk);
  }

  progress(done: number, total?: number, unit?: string): void {
    this.#progress = {
      type: 'progress',
      done,
      ...(total !== undefined && { total }),
      ...(unit !== undefined && { unit: this.scrub(unit) }),
    };
    const now = performance.now();
    if (now - this.#progressAt < QUIET_MS) return;
    this.#progressAt = now;
    this.#sayProgress();
    this.flush();
  }

  /** Sent soon, in order; at once where the task's code has not let go for a while. */
  say(message: TaskMessage): void {
    if (this.#ended) return;
    this.#messages.push(message);
    if (this.#messages.length >= FEW || performance.now() - this.#saidAt > QUIET_MS) this.flush();
    else this.#timer ??= setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#timer !== undefined) clearImmediate(this.#timer);
    this.#timer = undefined;
    if (this.#messages.length === 0) return;
    this.#saidAt = performance.now();
    const { id, part } = this;
    this.send({ type: 'messages', id, ...(part === undefined ? {} : { part }), messages: this.#takeMessages() });
  }

  done(result: TaskResults[Task['type']]): void {
    this.#end((messages) => ({ type: 'done', id: this.id, messages, result }));
  }

  failed(failure: TaskFailure): void {
    this.#end((messages) => ({ type: 'failed', id: this.id, messages, failure: this.scrubbed(failure) }));
  }

  startedGroup(group: number): void {
    this.send({ type: 'group', id: this.id, group });
  }

  #end(frame: (messages: readonly TaskMessage[]) => FromHost): void {
    if (this.#ended) return;
    this.#out.end();
    this.#err.end();
    this.#sayProgress();
    this.#ended = true;
    if (this.#timer !== undefined) clearImmediate(this.#timer);
    this.send(frame(this.#takeMessages()));
  }

  #sayProgress(): void {
    if (this.#progress !== undefined) this.#messages.push(this.#progress);
    this.#progress = undefined;
  }

  #takeMessages(): readonly TaskMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  scrubbed(failure: TaskFailure): TaskFailure {
    return Object.fromEntries(
      Object.entries(failure).map(([name, value]) => [
        name,
        typeof value === 'string' && name !== 'type' ? this.scrub(value) : value,
      ]),
    ) as TaskFailure;
  }
}

/** The task whose code is running, across `await`. */
export const currentTask = new AsyncLocalStorage<RunningTask>();
