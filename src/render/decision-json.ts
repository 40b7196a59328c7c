import type { JsonObject } from '../base/json.js';
import type { PartsPreview } from '../execute/parts-preview.js';
import type { Decision } from '../plan/decision.js';
import type { Prediction } from './prediction.js';

/** A decision for programs: target, state, key where known, reasons as in src/plan/reasons.ts, and what it would take. */
export function decisionJson(
  decision: Decision,
  parts: PartsPreview | undefined,
  expectedSeconds: number | undefined,
): JsonObject {
  return {
    v: 1,
    type: 'decision',
    target: decision.target,
    state: decision.state,
    ...('key' in decision ? { key: decision.key } : {}),
    ...(parts === undefined ? {} : { parts: partsJson(parts) }),
    ...(expectedSeconds === undefined ? {} : { expectedSeconds }),
    reasons: decision.state === 'fresh' ? [] : decision.reasons,
  };
}

/** The last line of a plan: all of it together. `untimed` targets are not in the seconds. */
export function predictionJson(decisions: readonly Decision[], prediction: Prediction, jobs: number): JsonObject {
  const { work, left, questions } = prediction;
  return {
    v: 1,
    type: 'prediction',
    targets: decisions.length,
    ahead: decisions.filter(({ state }) => state !== 'fresh').length,
    workSeconds: work,
    expectedSeconds: left.seconds,
    untimed: left.untimed,
    questions,
    jobs,
  };
}

function partsJson({ asks, total, remembered, changed, added }: PartsPreview): JsonObject {
  const counts = { total, remembered, changed, added };
  return asks === undefined ? counts : { ...counts, asks: { ...asks } };
}
