import { sliceOf } from '../artifacts/handles.js';
import type { Slice } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import { partKeys } from '../plan/part-key.js';
import type { Part } from '../rule/define.js';
import type { RuleSlice } from '../rule/roles.js';
import { PARTS_PER_FRAME } from './frames.js';
import type { ListedPart, ListTask, TaskResults } from './protocol.js';
import { loadRule } from './rule-context.js';
import type { RunningTask } from './running-task.js';
import { TaskFiles } from './task-files.js';

type AnyPart = Part<Json, Readonly<Record<string, RuleSlice>>>;

/** A batch waits no longer for more parts. */
const BATCH_MS = 50;

/**
 * Lists a rule's parts in batches. Each batch goes when the pipe took the one before, so that a listing of any length
 * needs the memory of one batch, and of the ids.
 */
export async function runList(
  task: ListTask,
  running: RunningTask,
  send: (parts: readonly ListedPart[]) => Promise<void>,
): Promise<TaskResults['list']> {
  const rule = await loadRule(task, 'parts');
  const files = new TaskFiles(task.inputs, {});
  const toListed = lister(task);
  let batch: ListedPart[] = [];
  let count = 0;
  let sentAt = performance.now();
  try {
    const parts = rule.parts({ inputs: files.inputs, params: task.params });
    for await (const part of parts) {
      batch.push(toListed(part));
      count++;
      if (batch.length < PARTS_PER_FRAME && performance.now() - sentAt < BATCH_MS) continue;
      running.abort.signal.throwIfAborted();
      await send(batch);
      batch = [];
      sentAt = performance.now();
    }
    if (batch.length > 0) await send(batch);
    return { count };
  } finally {
    files.close();
  }
}

/** Checks what `parts` yields and gives it its key. */
function lister(task: ListTask): (part: AnyPart) => ListedPart {
  const ids = new Set<string>();
  const { rule, code, envDigests: env } = task;
  const keyOf = partKeys({ rule, code, outputs: Object.keys(task.outputs), env });
  return (part) => {
    const id: unknown = (part as Partial<AnyPart> | null | undefined)?.id;
    if (typeof id !== 'string' || id === '') throw new UserFacingError(hostErrors.partWithoutId());
    if (ids.has(id)) throw new UserFacingError(hostErrors.partTwice(id));
    ids.add(id);
    const { spec, inputs = {} } = part;
    const slices: Record<string, Slice> = {};
    const digests: Record<string, Digest> = {};
    for (const [name, handle] of Object.entries(inputs)) {
      const slice = explained(hostErrors.notASlice(id, name), () => sliceOf(handle));
      slices[name] = slice;
      digests[name] = slice.digest;
    }
    const key = explained(
      (problem) => hostErrors.specNotJson(id, problem),
      () => keyOf({ spec, slices: digests }),
    );
    return { id, key, spec, slices };
  };
}

/** Says it in the user's terms where a value is not what it must be, which the lower layers call a TypeError. */
function explained<T>(diagnostic: Diagnostic | ((problem: string) => Diagnostic), work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserFacingError(typeof diagnostic === 'function' ? diagnostic(error.message) : diagnostic);
  }
}
