import { sliceOf } from '../artifacts/handles.js';
import type { Slice } from '../artifacts/kind.js';
import { writeSha256, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import { NO_SLICES, partPrints } from '../plan/part-key.js';
import { databasesFolder } from '../store/layout.js';
import type { Part } from '../rule/define.js';
import type { RuleSlice } from '../rule/roles.js';
import { DIGEST_BYTES, digestAt } from '../store/part-keys.js';
import { PARTS_PER_BLOCK } from '../store/part-lists.js';
import { KnownFailure } from './failure.js';
import type { ListedPart, ListTask, TaskMessage, TaskResults } from './protocol.js';
import { loadRule } from './rule-context.js';
import type { RunningTask } from './running-task.js';
import { TaskFiles } from './task-files.js';

type AnyPart = Part<Json, Readonly<Record<string, RuleSlice>>>;
type Send = (message: TaskMessage) => Promise<void>;

/** So many blocks are held until the engine says which of their parts it wants. */
const MOST_UNANSWERED = 3;

/**
 * Lists a rule's parts in blocks, of which ids and keys go to the engine; the rest only of those that it wants. Each
 * message goes when the pipe took the one before, so that a listing of any length needs the memory of some blocks, and
 * of the ids.
 */
export async function runList(task: ListTask, running: RunningTask, send: Send): Promise<TaskResults['list']> {
  const rule = await loadRule(task, 'parts');
  const slices = { folder: databasesFolder(task.cache), target: task.target };
  const files = new TaskFiles(task.inputs, {}, 'on disk', { slices });
  const unread = new UnreadInputs(task.inputs, files.inputs);
  const listed = new ListedParts(running, send);
  const toListed = lister(task);
  try {
    const parts = rule.parts({ inputs: files.inputs, params: task.params });
    if (Symbol.asyncIterator in parts) {
      for await (const part of parts) if (listed.add(toListed(part))) await listed.tell();
    } else {
      // Waiting for each would take longer than listing it; but a plain generator may yield promises too.
      for (const item of parts) {
        const part: AnyPart = item instanceof Promise ? ((await item) as AnyPart) : item;
        if (listed.add(toListed(part))) await listed.tell();
      }
    }
    unread.verify();
    await listed.end();
    files.listed();
    return { count: listed.count };
  } finally {
    files.close();
  }
}

/** A part as the rule lists it, with the text whose digest is its key. */
type Yielded = Omit<ListedPart, 'key'> & { readonly print: string };

/** Parts that follow each other, with their keys. */
class Block {
  readonly #parts: Omit<Yielded, 'print'>[] = [];
  readonly #keys = Buffer.allocUnsafe(PARTS_PER_BLOCK * DIGEST_BYTES);

  get length(): number {
    return this.#parts.length;
  }

  add({ id, spec, slices, print }: Yielded): void {
    writeSha256(print, this.#keys, this.#parts.length * DIGEST_BYTES);
    this.#parts.push({ id, spec, slices });
  }

  /** What the engine hears of all of them. */
  get told(): { readonly ids: string; readonly keys: Uint8Array } {
    const ids = JSON.stringify(this.#parts.map(({ id }) => id));
    return { ids, keys: this.#keys.subarray(0, this.#parts.length * DIGEST_BYTES) };
  }

  at(row: number): readonly ListedPart[] {
    const part = this.#parts[row];
    return part === undefined ? [] : [{ ...part, key: digestAt(this.#keys, row) }];
  }
}

/** Parts on their way to the engine. */
class ListedParts {
  count = 0;
  #block = new Block();
  readonly #unanswered: Block[] = [];
  #sent: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(
    private readonly running: RunningTask,
    private readonly send: Send,
  ) {
    running.onWanted = (rows) => {
      const block = this.#unanswered.shift();
      const parts = rows.flatMap((row) => block?.at(row) ?? []);
      if (parts.length > 0) this.#sent = this.send({ type: 'parts', parts });
      this.#wake();
    };
    running.abort.signal.addEventListener('abort', () => this.#wake());
  }

  /** Whether it is time to `tell`. */
  add(part: Yielded): boolean {
    this.#block.add(part);
    this.count++;
    return this.#block.length === PARTS_PER_BLOCK;
  }

  async tell(): Promise<void> {
    const block = this.#block;
    this.#block = new Block();
    this.#unanswered.push(block);
    await this.send({ type: 'listed', block: block.told });
    await this.#answered(MOST_UNANSWERED);
  }

  async end(): Promise<void> {
    if (this.#block.length > 0) await this.tell();
    await this.#answered(0);
    await this.#sent;
  }

  async #answered(most: number): Promise<void> {
    this.running.abort.signal.throwIfAborted();
    while (this.#unanswered.length > most) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.running.abort.signal.throwIfAborted();
    }
  }
}

/** Inputs whose digests are not known yet. A rule that asks for one is told none, and what it lists is not believed. */
class UnreadInputs {
  #asked = false;

  constructor(inputs: ListTask['inputs'], opened: TaskFiles['inputs']) {
    for (const [role, handed] of Object.entries(inputs)) {
      const handles = [opened[role] ?? []].flat();
      for (const [i, { isUnread }] of [handed ?? []].flat().entries()) {
        const handle = handles[i];
        if (isUnread === true && handle !== undefined)
          Object.defineProperty(handle, 'digest', { get: () => this.#ask() });
      }
    }
  }

  verify(): void {
    if (this.#asked) this.#ask();
  }

  #ask(): never {
    this.#asked = true;
    throw new KnownFailure({ type: 'aborted' });
  }
}

const NOTHING: Readonly<Record<string, Slice>> = {};

/** Checks what `parts` yields. */
function lister(task: ListTask): (part: AnyPart) => Yielded {
  const ids = new Set<string>();
  let count = 0;
  const { rule, code, envDigests: env } = task;
  const printOf = partPrints({ rule, code, outputs: Object.keys(task.outputs), env });
  return (part) => {
    const id: unknown = (part as Partial<AnyPart> | null | undefined)?.id;
    if (typeof id !== 'string' || id === '') throw new UserFacingError(hostErrors.partWithoutId());
    if (ids.add(id).size === count) throw new UserFacingError(hostErrors.partTwice(id));
    count++;
    const { spec, inputs } = part;
    const slices = inputs === undefined ? NOTHING : slicesOf(id, inputs);
    const digests = inputs === undefined ? NO_SLICES : digestsOf(slices);
    try {
      return { id, print: printOf({ spec, slices: digests }), spec, slices };
    } catch (error) {
      throw explained(error, (problem) => hostErrors.specNotJson(id, problem));
    }
  };
}

function slicesOf(id: string, inputs: NonNullable<AnyPart['inputs']>): Record<string, Slice> {
  const slices: Record<string, Slice> = {};
  for (const [name, handle] of Object.entries(inputs)) {
    try {
      slices[name] = sliceOf(handle);
    } catch (error) {
      throw explained(error, () => hostErrors.notASlice(id, name));
    }
  }
  return slices;
}

function digestsOf(slices: Readonly<Record<string, Slice>>): Record<string, Digest> {
  return Object.fromEntries(Object.entries(slices).map(([name, { digest }]) => [name, digest]));
}

/** Says it in the user's terms where a value is not what it must be, which the lower layers call a TypeError. */
function explained(error: unknown, diagnostic: (problem: string) => Diagnostic): unknown {
  return error instanceof TypeError ? new UserFacingError(diagnostic(error.message)) : error;
}
