import type { WholeRule } from '../rule/define.js';
import type { InputsOf, OutputsOf, Roles } from '../rule/roles.js';
import type { TaskResults, WholeTask } from './protocol.js';
import { loadRule, runContext } from './rule-context.js';
import type { RunningTask } from './running-task.js';
import { storeOf, TaskFiles } from './task-files.js';

type Context = Parameters<WholeRule<never, Roles, Roles>['run']>[0];

export async function runWhole(task: WholeTask, running: RunningTask): Promise<TaskResults['whole']> {
  const rule = await loadRule(task, 'whole');
  const files = new TaskFiles(task.inputs, task.outputs);
  try {
    await rule.run({
      ...runContext(task, running),
      inputs: files.inputs as InputsOf<Roles>,
      outputs: files.outputs as OutputsOf<Roles>,
      params: task.params as Context['params'],
    });
    return { outputs: await files.keep(task.keep ? storeOf(task.cache) : null) };
  } finally {
    files.close();
  }
}
