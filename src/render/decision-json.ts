import type { JsonObject } from '../base/json.js';
import type { PartsPreview } from '../execute/parts-preview.js';
import type { Decision } from '../plan/decision.js';

/** A decision for programs: target, state, key where known, reasons as in src/plan/reasons.ts. */
export function decisionJson(decision: Decision, parts: PartsPreview | undefined): JsonObject {
  return {
    v: 1,
    type: 'decision',
    target: decision.target,
    state: decision.state,
    ...('key' in decision ? { key: decision.key } : {}),
    ...(parts === undefined ? {} : { parts: partsJson(parts) }),
    reasons: decision.state === 'fresh' ? [] : decision.reasons,
  };
}

function partsJson({ asks, ...counts }: PartsPreview): JsonObject {
  return asks === undefined ? counts : { ...counts, asks: { ...asks } };
}
