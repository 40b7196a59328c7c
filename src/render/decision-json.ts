import type { JsonObject } from '../base/json.js';
import type { Decision } from '../plan/decision.js';

/** A decision for programs: target, state, key where known, reasons as in src/plan/reasons.ts. */
export function decisionJson(decision: Decision): JsonObject {
  return {
    v: 1,
    type: 'decision',
    target: decision.target,
    state: decision.state,
    ...('key' in decision ? { key: decision.key } : {}),
    reasons: decision.state === 'fresh' ? [] : decision.reasons,
  };
}
