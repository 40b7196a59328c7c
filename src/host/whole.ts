import type { TaskResults, WholeTask } from './protocol.js';
import { loadRule, runContext } from './rule-context.js';
import type { RunningTask } from './running-task.js';
import { storeOf } from './keep-staged.js';
import { TaskFiles } from './task-files.js';

export async function runWhole(task: WholeTask, running: RunningTask): Promise<TaskResults['whole']> {
  const rule = await loadRule(task, 'whole');
  const files = new TaskFiles(task.inputs, task.outputs);
  try {
    await rule.run({
      ...runContext(task, running),
      inputs: files.inputs,
      outputs: files.outputs,
      params: task.params,
    });
    return { outputs: await files.keep(task.keep ? storeOf(task.cache) : null) };
  } finally {
    files.close();
  }
}
