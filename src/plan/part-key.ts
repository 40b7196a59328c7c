import { digestOf, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { compareBytes } from '../base/order.js';
import { KEY_FORMAT } from './fingerprint.js';

/** Everything that a part's result depends on. Not its id, not its position, not the target's params. */
export interface PartPrint {
  readonly rule: string;
  readonly code: Digest;
  readonly spec: Json;
  /** By slice name. */
  readonly slices: Readonly<Record<string, Digest>>;
  /** Names of the wanted outputs. */
  readonly outputs: readonly string[];
  /** The declared environment: the digest of each value, null where unset. */
  readonly env: Readonly<Record<string, Digest | null>>;
}

export function partKey(part: PartPrint): Digest {
  return digestOf({
    format: KEY_FORMAT,
    rule: part.rule,
    code: part.code,
    spec: part.spec,
    slices: part.slices,
    outputs: part.outputs.toSorted(compareBytes),
    env: part.env,
  });
}
