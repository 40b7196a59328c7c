import type { Digest } from '../base/digest.js';
import type { ActionDetails } from './details.js';
import type { Fingerprint } from './fingerprint.js';
import type { Reason } from './reasons.js';

/** One side of a comparison: a fingerprint and what stands behind its digests. */
export interface Print {
  readonly fingerprint: Fingerprint;
  readonly modules: Readonly<Record<string, Digest>>;
  readonly details: ActionDetails;
}

/** Why two fingerprints have two keys. Empty exactly when they are equal. */
export function differences(before: Print, now: Print): Reason[] {
  throw new Error(`not there yet: ${String(before)} ${String(now)}`);
}
