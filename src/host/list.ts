import { sliceOf, sliceValues } from '../artifacts/handles.js';
import type { Slice } from '../artifacts/kind.js';
import { canonicalJson } from '../base/canonical.js';
import { collectGarbage } from '../base/collect-garbage.js';
import { writeSha256, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { optimizeAsUsual, optimizeLate } from '../base/optimize-late.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import { NO_SLICES, partPrints } from '../plan/part-key.js';
import { databasesFolder } from '../store/layout.js';
import type { Part } from '../rule/define.js';
import type { RuleSlice } from '../rule/roles.js';
import { DIGEST_BYTES, digestAt } from '../store/part-keys.js';
import { PARTS_PER_BLOCK } from '../store/part-lists.js';
import { KnownFailure } from './failure.js';
import { packParts } from './packed-parts.js';
import type { ListedPart, ListTask, TaskMessage, TaskResults } from './protocol.js';
import { loadRule } from './rule-context.js';
import type { RunningTask } from './running-task.js';
import { TaskFiles } from './task-files.js';

type AnyPart = Part<Json, Readonly<Record<string, RuleSlice>>>;
type Send = (message: TaskMessage) => Promise<void>;

/** So many blocks are held until the engine says which of their parts it wants. */
const MOST_UNANSWERED = 3;

/** So many are held until the inputs are read of which their keys are taken: some 20 MB. */
const MOST_KEYLESS = 16;

/** To make so many takes far longer than to give back what listing them took, some 20 MB, before this host makes them. */
const MANY_WANTED = 5_000;

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
  const listed = new ListedParts(task, running, send);
  const toListed = lister();
  // What is loaded until here V8 has kept for its usual flags.
  optimizeLate('listing');
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
    if (listed.wanted >= MANY_WANTED) collectGarbage();
    return { count: listed.count };
  } finally {
    optimizeAsUsual();
    files.close();
  }
}

/**
 * A part as the rule lists it. Its spec is canonical JSON: what the rule does later with the value it yielded is no matter.
 */
type Yielded = Pick<ListedPart, 'id' | 'slices'> & { readonly spec: string };

type PrintOf = ReturnType<typeof partPrints>;

/** Parts that follow each other. */
class Block {
  readonly #parts: Yielded[] = [];
  readonly #keys = Buffer.allocUnsafe(PARTS_PER_BLOCK * DIGEST_BYTES);
  /** By row: the digests of slices with which a key was taken before they were known. */
  readonly #expected: (Digests | undefined)[] = [];
  #keyed = 0;

  get length(): number {
    return this.#parts.length;
  }

  add(part: Yielded): void {
    this.#parts.push(part);
  }

  /** Takes the key that the last part has if its slices are what they most likely are: `takeKeys` sees whether they are. */
  expectKey(printOf: PrintOf): void {
    const row = this.#parts.length - 1;
    const { spec, slices } = this.#parts[row] as Yielded;
    const expected = likelyDigestsOf(slices);
    if (expected === undefined) return;
    this.#expected[row] = expected;
    this.#write(row, printOf({ spec, slices: expected }));
  }

  /** Takes the keys of those that have none yet. */
  takeKeys(printOf: PrintOf): void {
    for (; this.#keyed < this.#parts.length; this.#keyed++) {
      const { spec, slices } = this.#parts[this.#keyed] as Yielded;
      const expected = this.#expected[this.#keyed];
      if (expected !== undefined && areDigestsOf(slices, expected)) continue;
      this.#write(this.#keyed, printOf({ spec, slices: digestsOf(slices) }));
    }
  }

  /** What the engine hears of all parts. */
  get told(): { readonly ids: string; readonly keys: Uint8Array } {
    const ids = JSON.stringify(this.#parts.map(({ id }) => id));
    return { ids, keys: this.#keys.subarray(0, this.#keyed * DIGEST_BYTES) };
  }

  at(row: number): readonly ListedPart[] {
    const part = this.#parts[row];
    if (part === undefined) return [];
    const { id, spec, slices } = part;
    const values = Object.fromEntries(Object.entries(slices).map(([name, slice]) => [name, sliceValues(slice)]));
    return [{ id, spec: JSON.parse(spec) as Json, slices: values, key: digestAt(this.#keys, row) }];
  }

  #write(row: number, print: string): void {
    writeSha256(print, this.#keys, row * DIGEST_BYTES);
  }
}

/** Parts on their way to the engine. */
class ListedParts {
  count = 0;
  /** How many the engine wants to make. */
  wanted = 0;
  #block = new Block();
  readonly #keyless: Block[] = [];
  readonly #unanswered: Block[] = [];
  readonly #printOf: PrintOf;
  readonly #waits: boolean;
  #sent: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(
    { rule, code, outputs, envDigests: env, keysOnceRead }: ListTask,
    private readonly running: RunningTask,
    private readonly send: Send,
  ) {
    this.#printOf = partPrints({ rule, code, outputs: Object.keys(outputs), env });
    this.#waits = keysOnceRead === true;
    running.onInputsRead = () => this.#wake();
    running.onWanted = (rows) => {
      this.wanted += rows.length;
      const block = this.#unanswered.shift();
      const parts = rows.flatMap((row) => block?.at(row) ?? []);
      if (parts.length > 0) this.#sent = this.send({ type: 'parts', parts: packParts(parts) });
      this.#wake();
    };
    running.abort.signal.addEventListener('abort', () => this.#wake());
  }

  /** Whether it is time to `tell`. */
  add(part: Yielded): boolean {
    this.#block.add(part);
    // A block of rows is at hand now, and would be read again.
    if (!this.#waits) this.#block.takeKeys(this.#printOf);
    else if (!this.running.areInputsRead) this.#block.expectKey(this.#printOf);
    this.count++;
    return this.#block.length === PARTS_PER_BLOCK;
  }

  async tell(): Promise<void> {
    this.#keyless.push(this.#block);
    this.#block = new Block();
    if (this.#waits && !this.running.areInputsRead && this.#keyless.length < MOST_KEYLESS) return;
    await this.#tellAll();
  }

  async end(): Promise<void> {
    if (this.#block.length > 0) this.#keyless.push(this.#block);
    await this.#tellAll();
    await this.#answered(0);
    await this.#sent;
  }

  async #tellAll(): Promise<void> {
    if (this.#waits) await this.#until(() => this.running.areInputsRead);
    for (let block = this.#keyless.shift(); block !== undefined; block = this.#keyless.shift()) {
      block.takeKeys(this.#printOf);
      this.#unanswered.push(block);
      await this.send({ type: 'listed', block: block.told });
      await this.#answered(MOST_UNANSWERED);
    }
  }

  #answered(most: number): Promise<void> {
    return this.#until(() => this.#unanswered.length <= most);
  }

  async #until(isSo: () => boolean): Promise<void> {
    this.running.abort.signal.throwIfAborted();
    while (!isSo()) {
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
function lister(): (part: AnyPart) => Yielded {
  const ids = new Set<string>();
  let count = 0;
  return (part) => {
    const id: unknown = (part as Partial<AnyPart> | null | undefined)?.id;
    if (typeof id !== 'string' || id === '') throw new UserFacingError(hostErrors.partWithoutId());
    if (ids.add(id).size === count) throw new UserFacingError(hostErrors.partTwice(id));
    count++;
    const { spec, inputs } = part;
    const slices = inputs === undefined ? NOTHING : slicesOf(id, inputs);
    try {
      return { id, spec: canonicalJson(spec), slices };
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

type Digests = Readonly<Record<string, Digest>>;

function digestsOf(slices: Readonly<Record<string, Slice>>): Digests {
  if (slices === NOTHING) return NO_SLICES;
  return Object.fromEntries(Object.entries(slices).map(([name, { digest }]) => [name, digest]));
}

/** Undefined where one has none. */
function likelyDigestsOf(slices: Readonly<Record<string, Slice>>): Digests | undefined {
  const digests: [name: string, digest: Digest][] = [];
  for (const [name, slice] of Object.entries(slices)) {
    const digest = slice.kind === 'sqlite' ? slice.likelyDigest : undefined;
    if (digest === undefined) return undefined;
    digests.push([name, digest]);
  }
  return Object.fromEntries(digests);
}

/** Whether they are what `digestsOf` gives. */
function areDigestsOf(slices: Readonly<Record<string, Slice>>, digests: Digests): boolean {
  for (const name of Object.keys(slices)) if (slices[name]?.digest !== digests[name]) return false;
  return true;
}

/** Says it in the user's terms where a value is not what it must be, which the lower layers call a TypeError. */
function explained(error: unknown, diagnostic: (problem: string) => Diagnostic): unknown {
  return error instanceof TypeError ? new UserFacingError(diagnostic(error.message)) : error;
}
