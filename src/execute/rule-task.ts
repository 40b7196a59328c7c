import { join } from 'node:path';
import type { LoadedRule } from '../rule/description.js';
import type { TargetWork } from './work.js';

/** What all tasks of a rule share. */
export function ruleTask(work: TargetWork, rule: LoadedRule) {
  const { run, target, handing, askAgain } = work;
  const { root, layout } = run.session;
  return {
    target: target.name,
    root,
    cache: layout.cache,
    env: handing.env,
    secrets: handing.secrets,
    rule: rule.name,
    code: rule.code,
    bundle: rule.bundle,
    source: rule.path,
    ...(askAgain ? { askAgain: join(run.begin().stage, 'asked') } : {}),
  };
}

export function limits({ target, signal }: TargetWork): { signal: AbortSignal; timeoutMs?: number } {
  return target.timeoutMs === undefined ? { signal } : { signal, timeoutMs: target.timeoutMs };
}
