import type { ArtifactRecord } from '../artifacts/kind.js';
import { Readings } from '../artifacts/handles.js';
import { canonicalJson } from '../base/canonical.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import { keepReadings, takeReadings } from './kept-readings.js';
import { OpenedSlices } from './opened-slices.js';
import { Pack, type Packed } from '../store/pack.js';
import type { ObjectRef } from '../store/objects.js';
import { failureOf } from './failure.js';
import { unpackParts } from './packed-parts.js';
import type { ListedPart, LoadTask, MadePart, MakeTask, TaskFailure, TaskResults } from './protocol.js';
import { loadRule, runContext } from './rule-context.js';
import { currentTask, type RunningTask } from './running-task.js';
import { storeOf } from './keep-staged.js';
import { TaskFiles, type PackedOutput } from './task-files.js';

/** What a part may say of itself, as JSON. */
const LARGEST_META = 64 * 1024;

/** A part that is made waits no longer for others before it is stored and told of. */
const HOLD_MS = 50;

/** So that the first part does not wait for it. */
export async function loadForMake(task: LoadTask): Promise<TaskResults['load']> {
  await loadRule(task, 'parts');
  return {};
}

/**
 * Makes parts, one after the other. A part that fails is told of, and the next one made; but what fails every part alike
 * (a full disk, an input that changed) ends the task.
 */
export async function runMake(task: MakeTask, running: RunningTask, root: string): Promise<TaskResults['make']> {
  const rule = await loadRule(task, 'parts');
  const readings = takeReadings(task.target) ?? new Readings();
  const finished = new FinishedParts(task, running);
  const make = async (part: ListedPart, own: RunningTask): Promise<Finished> => {
    const started = performance.now();
    const files = new TaskFiles({}, task.outputs, 'held');
    const slices = new OpenedSlices(part.slices, readings);
    try {
      // Not as `{ ...context, spec }`: V8 then makes an object of a shape that no other has, which takes as long as a small part.
      const given = { spec: part.spec, inputs: slices.handles, outputs: files.outputs };
      const meta = await rule.make(Object.assign(given, runContext(task, own)));
      const checked = checkedMeta(meta ?? {}, own.scrub);
      slices.verify();
      const outputs = await files.pack(storeOf(task.cache), finished.pack);
      return { key: part.key, outputs, meta: checked, seconds: (performance.now() - started) / 1000 };
    } finally {
      slices.close();
      files.close();
      own.tidy();
      own.leave();
    }
  };
  let made = 0;
  try {
    for (const part of unpackParts(task.parts)) {
      running.abort.signal.throwIfAborted();
      const own = running.enter(part.id);
      try {
        finished.add(await currentTask.run(own, () => make(part, own)));
        made++;
      } catch (error) {
        running.abort.signal.throwIfAborted();
        const failure = failureOf(error, root);
        if (failsAll(failure)) throw error;
        running.say({ type: 'part-failed', key: part.key, failure: running.scrubbed(failure) });
        running.flush();
      }
    }
    keepReadings(task.target, readings);
    return { made };
  } catch (error) {
    readings.close();
    throw error;
  } finally {
    finished.tell();
  }
}

function failsAll({ type }: TaskFailure): boolean {
  return type === 'system' || type === 'input-changed';
}

type Finished = Omit<MadePart, 'outputs'> & { readonly outputs: Readonly<Record<string, PackedOutput>> };

/**
 * Parts that are made, on their way into the store. The engine hears of each when it is there, which is soon: however long
 * the next part takes, as long as it lets go of the thread now and then.
 */
class FinishedParts {
  readonly pack: Pack;
  #waiting: Finished[] = [];
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    task: MakeTask,
    private readonly running: RunningTask,
  ) {
    this.pack = new Pack(storeOf(task.cache));
  }

  add(part: Finished): void {
    if (this.#waiting.length === 0) this.#since = performance.now() - part.seconds * 1000;
    this.#waiting.push(part);
    if (this.pack.full || performance.now() - this.#since > HOLD_MS) this.tell();
    else this.#timer ??= setTimeout(() => this.#tellLater(), HOLD_MS).unref();
  }

  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#waiting.length === 0) return;
    const place = this.pack.seal();
    const parts = this.#waiting.map(({ outputs, ...part }): MadePart => ({ ...part, outputs: placed(outputs, place) }));
    this.#waiting = [];
    this.running.say({ type: 'made', parts });
    this.running.flush();
  }

  /** Nobody could catch what a timer throws. */
  #tellLater(): void {
    try {
      this.tell();
    } catch (error) {
      this.#failure = { error };
    }
  }
}

function placed(
  outputs: Readonly<Record<string, PackedOutput>>,
  place: (packed: Packed) => ObjectRef,
): Record<string, ArtifactRecord> {
  const records: Record<string, ArtifactRecord> = {};
  for (const [name, output] of Object.entries(outputs)) records[name] = { ...output, bytes: place(output.bytes) };
  return records;
}

function checkedMeta(meta: unknown, scrub: (text: string) => string): JsonObject {
  if (!isJsonObject(meta)) throw new UserFacingError(hostErrors.metaNotJson('it is no object'));
  let text: string;
  try {
    text = canonicalJson(meta);
  } catch (error) {
    throw new UserFacingError(hostErrors.metaNotJson((error as Error).message));
  }
  const size = Buffer.byteLength(text);
  if (size > LARGEST_META) throw new UserFacingError(hostErrors.metaTooLarge(size, LARGEST_META));
  return JSON.parse(scrub(text)) as JsonObject;
}
