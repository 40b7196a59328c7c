import { checkParams } from '../rule/check-params.js';
import { describeRule, ruleOf } from '../rule/describe.js';
import { messageOf, stackOf } from './failure.js';
import { loadModule, type Exports } from './load-module.js';
import { zod } from './own-zod.js';
import type { CheckTask, DescribeTask, TaskResults } from './protocol.js';

export async function runDescribe(task: DescribeTask, root: string): Promise<TaskResults['describe']> {
  let exports: Exports;
  try {
    exports = await loadModule(task.bundle, task.source);
  } catch (error) {
    const thrown = error instanceof Error ? error : new Error(String(error));
    return { ok: false, problem: { type: 'threw', message: messageOf(thrown), stack: stackOf(thrown, root) } };
  }
  return describeRule(exports, zod().z);
}

export async function runCheck(task: CheckTask): Promise<TaskResults['check']> {
  const rule = ruleOf(await loadModule(task.bundle, task.source));
  if (!('shape' in rule)) throw new TypeError(`${task.source} is no rule`);
  return checkParams(rule, task.params);
}
