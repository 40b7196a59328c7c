import { canonicalJson } from '../base/canonical.js';
import { sha256, type Digest } from '../base/digest.js';
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

type SharedPrint = Omit<PartPrint, 'spec' | 'slices'>;

export function partKey(part: PartPrint): Digest {
  return sha256(partPrints(part)({ slices: part.slices, spec: canonicalJson(part.spec) }));
}

/**
 * Of many parts that differ in spec and slices only, the texts whose digests are their keys: each one's print with the
 * format, in canonical JSON, as which its spec is given. In byte order the names of what they share come first, so its
 * text is made once.
 */
export function partPrints(shared: SharedPrint): (part: Pick<PartPrint, 'slices'> & { spec: string }) => string {
  const { code, env, rule } = shared;
  const text = canonicalJson({ code, env, format: KEY_FORMAT, outputs: shared.outputs.toSorted(compareBytes), rule });
  const start = `${text.slice(0, -1)},"slices":`;
  const sliceless = `${start}{},"spec":`;
  return ({ slices, spec }) => {
    const before = slices === NO_SLICES ? sliceless : `${start}${canonicalJson(slices)},"spec":`;
    return `${before}${spec}}`;
  };
}

/** Of a part whose spec says all. */
export const NO_SLICES: PartPrint['slices'] = {};
