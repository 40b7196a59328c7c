import type { AnyRule, RunContext } from '../rule/define.js';
import { ruleOf } from '../rule/describe.js';
import { answersOf } from './answers-of.js';
import { boundRoom } from './bounded-room.js';
import { loadModule } from './load-module.js';
import { onceFor } from './once.js';
import type { AssembleTask, ListTask, MakeTask, WholeTask } from './protocol.js';
import type { RunningTask } from './running-task.js';

export type RuleTask = WholeTask | ListTask | MakeTask | AssembleTask;

/** Loads the rule of a task; that it is one was found when it was described. */
export async function loadRule<S extends AnyRule['shape']>(
  { bundle, source }: { readonly bundle: string; readonly source: string },
  shape: S,
): Promise<Extract<AnyRule, { shape: S }>> {
  const rule = ruleOf(await loadModule(bundle, source));
  if (!('shape' in rule) || rule.shape !== shape) throw new TypeError(`${source} is no rule of shape '${shape}'`);
  boundRoom();
  return rule as Extract<AnyRule, { shape: S }>;
}

/** What every running rule gets beside its data. */
export function runContext(task: RuleTask, running: RunningTask): RunContext {
  return {
    env: Object.freeze({ ...task.env }),
    secrets: Object.freeze({ ...task.secrets }),
    log: (line) => {
      for (const part of line.split('\n')) running.log('out', part);
    },
    progress: (done, total, unit) => running.progress(done, total, unit),
    signal: running.abort.signal,
    once: onceFor({
      answers: () => answersOf(task.cache),
      rule: task.rule,
      scrub: running.scrub,
      askAgain: task.askAgain,
      signal: running.abort.signal,
      onAsked: () => running.say({ type: 'asked' }),
      atEnd: (work) => running.atEnd.push(work),
    }),
  };
}
