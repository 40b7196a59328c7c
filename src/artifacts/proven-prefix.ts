import type { Digest } from '../base/digest.js';
import type { Extent } from '../store/object-list.js';

/**
 * What a list has in common with one that was joined before, as far as that tells what the bytes until there come to: its last
 * extent says it. Whoever hashes what is joined anyway finds out at that place whether all bytes until there are whole, and
 * need not digest each piece as well.
 *
 * @param before of a list, with the digest of all its bytes
 */
export function provenPrefix(
  extents: readonly Extent[],
  before: { readonly extents: readonly Extent[]; readonly digest: Digest },
): readonly Extent[] {
  const proven = withWhole(before).slice(0, sharedHead(extents, before.extents));
  return proven.slice(0, proven.findLastIndex(({ through }) => through !== undefined) + 1);
}

/** Its last extent says what all bytes come to. */
export function withWhole({
  extents,
  digest,
}: {
  readonly extents: readonly Extent[];
  readonly digest: Digest;
}): readonly Extent[] {
  const last = extents.at(-1);
  return last === undefined ? [] : [...extents.slice(0, -1), { ...last, through: digest }];
}

/** How many extents two lists have in common at their head. */
export function sharedHead(one: readonly Extent[], other: readonly Extent[]): number {
  const isOther = ({ sha256, size, from }: Extent, i: number): boolean =>
    other[i]?.sha256 !== sha256 || other[i].size !== size || other[i].from !== from;
  const at = one.findIndex(isOther);
  return at < 0 ? one.length : at;
}
