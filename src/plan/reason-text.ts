import type { Reason } from './reasons.js';

/** A reason in one line, the same words everywhere. */
export function reasonText(reason: Reason): string {
  return reason.type;
}
