import type { Digest } from '../base/digest.js';
import { EXTENT_BYTES } from '../store/cut.js';
import type { IndexTables } from '../store/gc-index.js';
import { CorruptObject, type ObjectStore } from '../store/objects.js';
import type { Marking, NeededPieces } from './marking.js';

/** What lies in one blob in the room of which more than half is needed by nobody is moved elsewhere. */
const SPARSE = 2;
/** If that gives so much room. */
const LEAST_GAIN = 1 << 20;
/** So many blobs in one batch, for which a build that begins may have to wait. */
const BATCH = 8;

interface Place {
  readonly blob: Digest;
  readonly from: number;
}

/** Blobs that hold outputs of parts of which most are needed no more: in batches, none where it is not worth it. */
export function sparseBlobs(marking: Marking): NeededPieces[][] {
  const sparse = [...marking.pieces()].filter((pieces) => neededOf(pieces) * SPARSE < pieces.size);
  const gain = sparse.reduce((sum, pieces) => sum + pieces.size - neededOf(pieces), 0);
  if (gain < LEAST_GAIN) return [];
  return Array.from({ length: Math.ceil(sparse.length / BATCH) }, (_, n) => sparse.slice(n * BATCH, (n + 1) * BATCH));
}

export function neededOf({ stretches }: NeededPieces): number {
  return stretches.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Moves what is needed of sparse blobs into new ones, so that nothing needs the old ones any more:
 *
 *   write new blobs ──> let lists tell of them ──> let the index tell of them
 *
 * Killed at any moment, each list and each row tells of one that is there. Nobody may read or write meanwhile.
 */
export function repack(
  sparse: readonly NeededPieces[],
  objects: ObjectStore,
  tables: Pick<IndexTables, 'movePieces'>,
): void {
  const places = moveStretches(sparse, objects);
  const placeOf = (blob: Digest, from: number): Place | undefined => {
    const to = places.get(blob)?.findLast((stretch) => stretch.was <= from);
    return to === undefined ? undefined : { blob: to.blob, from: to.from + from - to.was };
  };
  for (const list of new Set(sparse.flatMap(({ lists }) => [...lists]))) {
    const extents = objects.members(list)?.map((extent) => {
      const place = extent.from === undefined ? undefined : placeOf(extent.sha256, extent.from);
      return place === undefined ? extent : { ...extent, sha256: place.blob, from: place.from };
    });
    if (extents !== undefined) objects.moveList(list, extents);
  }
  tables.movePieces(placeOf);
}

type Moved = Place & { readonly was: number };

/** By the blob in which they were, in order. A blob that is damaged is left: whoever needs it finds that out. */
function moveStretches(sparse: readonly NeededPieces[], objects: ObjectStore): Map<Digest, readonly Moved[]> {
  const places = new Map<Digest, Moved[]>();
  let waiting: { readonly old: Digest; readonly was: number; readonly bytes: Buffer }[] = [];
  let used = 0;
  const seal = (): void => {
    const { sha256: blob } = objects.putBytes(Buffer.concat(waiting.map(({ bytes }) => bytes)));
    let from = 0;
    for (const { old, was, bytes } of waiting) {
      const moved = places.get(old) ?? [];
      places.set(old, moved);
      moved.push({ blob, from, was });
      from += bytes.length;
    }
    [waiting, used] = [[], 0];
  };
  for (const { blob, stretches } of sparse) {
    const read = stretches.map(({ from, size }) => {
      try {
        return { old: blob, was: from, bytes: Buffer.concat([...objects.readExtent({ sha256: blob, from, size })]) };
      } catch (error) {
        if (error instanceof CorruptObject) return undefined;
        throw error;
      }
    });
    if (read.includes(undefined)) continue;
    for (const stretch of read) {
      if (stretch === undefined) continue;
      if (used + stretch.bytes.length > EXTENT_BYTES) seal();
      waiting.push(stretch);
      used += stretch.bytes.length;
    }
  }
  if (used > 0) seal();
  return places;
}
