import { sliceOf } from '../artifacts/handles.js';
import type { Slice } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import { partKey } from '../plan/part-key.js';
import { UserError, type Part } from '../rule/define.js';
import type { Json } from '../base/json.js';
import type { InputsOf, Roles, RuleSlice } from '../rule/roles.js';
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
    const parts = rule.parts({ inputs: files.inputs as InputsOf<Roles>, params: task.params });
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
  const outputs = Object.keys(task.outputs);
  return (part) => {
    const { id, spec, inputs = {} } = (part as AnyPart | null | undefined) ?? ({} as AnyPart);
    if (typeof (id as unknown) !== 'string' || id === '') {
      throw new UserError('`parts` yielded something without an `id`, which is a text that is not empty');
    }
    if (ids.has(id)) {
      throw new UserError(`\`parts\` yielded two parts with the id \`${id}\``, {
        next: 'give each part an id of its own: it is how people and messages name it',
      });
    }
    ids.add(id);
    const slices: Record<string, Slice> = {};
    const digests: Record<string, Digest> = {};
    for (const [name, handle] of Object.entries(inputs)) {
      const slice = sliceIn(id, name, handle);
      slices[name] = slice;
      digests[name] = slice.digest;
    }
    try {
      const print = { rule: task.rule, code: task.code, spec, slices: digests, outputs, env: task.envDigests };
      return { id, key: partKey(print), spec, slices };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new UserError(`the \`spec\` of part \`${id}\` is not JSON: ${error.message}`);
    }
  };
}

function sliceIn(id: string, name: string, handle: object): Slice {
  try {
    return sliceOf(handle);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError(`input \`${name}\` of part \`${id}\` is no slice`, {
      next: 'give what `blocks()`, `entries()` or `slice()` of an input gave; anything else belongs in `spec`',
    });
  }
}
