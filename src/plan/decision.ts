import type { ArtifactRecord } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Fingerprint } from './fingerprint.js';
import type { Reason } from './reasons.js';

/**
 * What a build will do with a target.
 *
 *   fresh       the outputs on disk are the result of the present key
 *   restorable  the store has the result of the present key; `reasons` say what is wrong with the outputs
 *   stale       the key has no result
 *   waiting     something upstream is not fresh or restorable, so the key is unknown
 */
export type Decision =
  | {
      readonly state: 'fresh';
      readonly target: string;
      readonly key: Digest;
      readonly fingerprint: Fingerprint;
      readonly outputs: OutputRecords;
    }
  | {
      readonly state: 'restorable';
      readonly target: string;
      readonly key: Digest;
      readonly fingerprint: Fingerprint;
      readonly outputs: OutputRecords;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly state: 'stale';
      readonly target: string;
      readonly key: Digest;
      readonly fingerprint: Fingerprint;
      readonly reasons: readonly Reason[];
    }
  | { readonly state: 'waiting'; readonly target: string; readonly reasons: readonly Reason[] };

/** By output name. */
export type OutputRecords = Readonly<Record<string, ArtifactRecord>>;
