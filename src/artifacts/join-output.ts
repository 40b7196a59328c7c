import type { Digest } from '../base/digest.js';
import type { ObjectStore } from '../store/objects.js';
import type { JoinAhead } from './join-ahead.js';
import { joinedParts, type MadeBlock } from './joined-parts.js';
import type { ArtifactRecord, KindName } from './kind.js';
import { kindNamed } from './kinds.js';

/**
 * Joins one output of parts, in order, by its kind; parts without it are passed over. With `keep` the result enters the
 * store. `before`: the bytes that came of it the last time. A directory that is kept is not even staged: it is delivered from the store, which has its files already.
 */
export async function joinOutput(
  blocks: readonly MadeBlock[],
  name: string,
  staged: { readonly kind: KindName; readonly path: string | null },
  objects: ObjectStore,
  keep: boolean,
  before: Digest | undefined,
  ahead?: JoinAhead,
): Promise<ArtifactRecord> {
  const { kind, path } = staged;
  const parts = joinedParts(blocks, name);
  const joined = kindNamed(kind).join(parts, kind === 'directory' && keep ? null : path, objects, keep, before, ahead);
  if (joined === undefined) throw new Error(`parts of a ${kind} cannot be joined`);
  return joined;
}
