import type { ArtifactRecord } from '../artifacts/kind.js';
import type { LateOutput } from '../host/protocol.js';
import { commandText } from './handing.js';
import { runParts, type PartsResult } from './parts.js';
import { limits, ruleTask } from './rule-task.js';
import { relay, type TargetWork } from './work.js';

export interface Made {
  readonly outputs: Readonly<Record<string, ArtifactRecord | LateOutput>>;
  /** Null where it is not made in parts. */
  readonly parts: PartsResult['parts'] | null;
}

/** Has a target's outputs made in its stage: by its command, by its rule as a whole, or part by part. */
export async function makeOutputs(work: TargetWork): Promise<Made> {
  const { target, handing, staging, grant } = work;
  const { hosts, root, layout, timeline } = work.run.session;
  const options = { ...limits(work), on: relay(work) };
  const running = { phase: 'run', lane: { type: 'slot', slot: grant.slot }, name: target.name } as const;
  const outputs = staging.outputs;
  if (target.work.type === 'command') {
    const task = {
      type: 'command',
      target: target.name,
      root,
      cache: layout.cache,
      env: handing.env,
      secrets: handing.secrets,
      inputs: handing.inputs,
      outputs,
      text: commandText(target.work.text, handing, outputs),
      keep: target.store,
    } as const;
    const { pack } = work.run;
    const onlyLittleLeft = (): void => grant.release();
    const made = await timeline.during(running, () => hosts.run(task, { ...options, onlyLittleLeft, pack }));
    return { outputs: made.outputs, parts: null };
  }
  const { rule } = target.work;
  if (rule.shape === 'parts') return runParts(work, target.work);
  const task = {
    type: 'whole',
    ...ruleTask(work, rule),
    inputs: handing.inputs,
    outputs,
    params: target.params,
    keep: target.store,
  } as const;
  const made = await timeline.during(running, () => hosts.run(task, options));
  return { outputs: made.outputs, parts: null };
}
