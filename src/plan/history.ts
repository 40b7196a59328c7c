import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';

/** What planning asks of the record of earlier builds: a part of the store's index. */
export interface History {
  action(key: Digest): PastAction | undefined;
  lastSuccess(target: string): PastAction | undefined;
  /** Newest first. */
  actionsOf(target: string): Iterable<PastAction>;
  /** Of all targets, newest first. */
  recentActions(limit: number): Iterable<PastAction>;
  failure(target: string): { readonly key: Digest; readonly message: string } | undefined;
  /** Whether anything that was ever recorded had this digest: then a file with it was not edited by hand. */
  knowsOutput(digest: Digest): boolean;
}

/** The recorded result of a key. */
export interface PastAction {
  readonly key: Digest;
  readonly target: string;
  readonly fingerprint: JsonObject;
  /** What the code digest was made of. */
  readonly modules: Readonly<Record<string, Digest>>;
  readonly outputs: Readonly<Record<string, PastOutput>>;
  readonly parts: { readonly total: number; readonly failed: number; readonly made?: number } | null;
  readonly seconds: number;
  readonly accepted?: string | undefined;
  /** An `ActionDetails`. */
  readonly details: JsonObject;
}

export interface PastOutput {
  /** A kind's name: the store knows no kinds. */
  readonly kind: string;
  readonly digest: Digest;
  readonly bytes: { readonly sha256: Digest; readonly size: number };
}
