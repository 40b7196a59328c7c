import type { Target } from '../config/pipeline.js';
import type { Decision } from '../plan/decision.js';
import type { BuildState } from './build-state.js';
import { keepReplaced, recordRestored } from './record.js';
import { restoreOutputs } from './restore.js';
import { tellFinished } from './target-finished.js';
import { secondsSince } from './seconds-since.js';

/** Puts a target's result in place that the store has. */
export async function restoreTarget(
  build: BuildState,
  target: Target,
  decision: Extract<Decision, { state: 'restorable' }>,
): Promise<void> {
  const { run } = build;
  const { index } = run.session;
  const started = performance.now();
  const before = index.lastSuccess(target.name)?.outputs;
  run.begin();
  const { key, reasons, outputs } = decision;
  run.emit({ type: 'target-started', target: target.name, key, action: 'restore', reasons, attempt: 1 });
  await keepReplaced(run, target, before);
  recordRestored(run, target, decision);
  await run.places.use((place) => restoreOutputs(run, target, outputs, decision.restore, place));
  build.settle({ ...decision, state: 'fresh', source: 'index' }, index.action(key));
  await tellFinished(build, target, { action: 'restore', seconds: secondsSince(started), before, outputs });
}
