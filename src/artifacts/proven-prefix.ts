import type { Digest } from '../base/digest.js';
import type { Extent } from '../store/object-list.js';

/** Bytes at the head of a list of which it is known what they come to. */
export interface ProvenPrefix {
  /** So many extents. */
  readonly extents: number;
  /** Of their bytes, one after the other. */
  readonly digest: Digest;
}

/**
 * What two lists have in common at their head, as far as the one before tells its digest. Whoever hashes what is joined
 * anyway finds out at that place whether all bytes until there are whole, and need not digest each piece as well.
 *
 * @param before of a list, with the digest of all its bytes
 */
export function provenPrefix(
  extents: readonly Extent[],
  before: { readonly extents: readonly Extent[]; readonly digest: Digest },
): ProvenPrefix | undefined {
  let proven: ProvenPrefix | undefined;
  for (const [i, was] of before.extents.entries()) {
    const now = extents[i];
    if (now?.sha256 !== was.sha256 || now.size !== was.size || now.from !== was.from) break;
    const digest = i === before.extents.length - 1 ? before.digest : was.through;
    if (digest !== undefined) proven = { extents: i + 1, digest };
  }
  return proven;
}
