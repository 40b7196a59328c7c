import type { ArtifactRecord, KindName } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { ActionDetails } from './details.js';
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
      readonly outputs: KnownOutputs;
      /** Who knows the result: `lock` where the index does not, and the lock's digests were found on disk. */
      readonly source: 'index' | 'lock';
    }
  | {
      readonly state: 'restorable';
      readonly target: string;
      readonly key: Digest;
      readonly fingerprint: Fingerprint;
      readonly outputs: OutputRecords;
      /** Names of the outputs that are not on disk as recorded; the bytes of these are in the store. The others stay. */
      readonly restore: readonly string[];
      readonly reasons: readonly Reason[];
    }
  | {
      readonly state: 'stale';
      readonly target: string;
      readonly key: Digest;
      readonly fingerprint: Fingerprint;
      readonly reasons: readonly Reason[];
      /** To record with the action: the names behind the digests, for later reasons. */
      readonly details: ActionDetails;
      /**
       * Set where running it unasked would be wrong (a result that cannot be made again is lost): fail with this instead.
       */
      readonly refused?: Diagnostic;
    }
  | { readonly state: 'waiting'; readonly target: string; readonly reasons: readonly Reason[] };

/** By output name. */
export type OutputRecords = Readonly<Record<string, ArtifactRecord>>;

/** By output name: what is on disk; `bytes` is null where only the lock told the digest. */
export type KnownOutputs = Readonly<
  Record<string, { readonly kind: KindName; readonly digest: Digest; readonly bytes: ArtifactRecord['bytes'] | null }>
>;
