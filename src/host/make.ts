import { canonicalJson } from '../base/canonical.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import { OpenedSlices } from './opened-slices.js';
import type { MakeTask, TaskResults } from './protocol.js';
import { loadRule, runContext } from './rule-context.js';
import type { RunningTask } from './running-task.js';
import { storeOf, TaskFiles } from './task-files.js';

/** What a part may say of itself, as JSON. */
const LARGEST_META = 64 * 1024;

export async function runMake(task: MakeTask, running: RunningTask): Promise<TaskResults['make']> {
  const rule = await loadRule(task, 'parts');
  const files = new TaskFiles({}, task.outputs);
  const slices = new OpenedSlices(task.part.slices);
  try {
    const meta = await rule.make({
      ...runContext(task, running),
      spec: task.part.spec,
      inputs: slices.handles,
      outputs: files.outputs,
    });
    const checked = checkedMeta(meta ?? {}, running.scrub);
    slices.verify();
    return { outputs: await files.keep(storeOf(task.cache)), meta: checked };
  } finally {
    slices.close();
    files.close();
  }
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
