import type { BuildState } from './build-state.js';
import { adoptResult } from './record.js';

/**
 * Where the index was lost while targets were built, those that were decided or recorded before are unknown to the new
 * one: what they have is recorded once more, from what is on disk. Of those in which parts failed nothing is recorded: they
 * are tried again.
 */
export async function recordAgain(build: BuildState): Promise<void> {
  const { run } = build;
  const { index, pipeline } = run.session;
  run.recordAgain();
  for (const decision of build.whole.values()) {
    const target = pipeline.targets.get(decision.target);
    if (target === undefined || index.lastSuccess(target.name)?.key === decision.key) continue;
    await adoptResult(run, target, decision);
  }
}
