import type { Digest } from '../base/digest.js';
import { Extents, type Extent } from '../store/object-list.js';
import { outputAt, type OutputColumn, type PartColumns } from '../store/part-columns.js';
import { digestAt } from '../store/part-keys.js';
import type { ArtifactRecord } from './kind.js';

/** A part's output to join, with the part's id for messages. */
export type JoinedPart = ArtifactRecord & { readonly id: string };

/** One output of many parts, in order; those without it are left out. */
export interface JoinedParts {
  all(): Iterable<JoinedPart>;
  /** How many bytes each has. */
  sizes(): Float64Array;
  /** Where their bytes lie, one after the other. */
  extents(): readonly Extent[];
}

/** Parts that are made, a stretch of a listing. */
export interface MadeBlock {
  /** A JSON array. */
  readonly ids: string;
  readonly made: PartColumns;
}

/** Of one name. What is not asked for is not made an object of: there may be very many parts. */
export function joinedParts(blocks: readonly MadeBlock[], name: string): JoinedParts {
  const columns = blocks.flatMap(({ made: { outputs } }) => outputs[name] ?? []);
  return {
    *all() {
      for (const { ids, made } of blocks) {
        const column = made.outputs[name];
        if (column === undefined) continue;
        const names = JSON.parse(ids) as string[];
        for (const [row, id] of names.entries()) {
          const output = outputAt(column, row);
          if (output !== undefined) yield { ...(output as ArtifactRecord), id };
        }
      }
    },
    sizes: () => sizesIn(columns),
    extents: () => extentsIn(columns),
  };
}

// Of many parts, once a build: before the compiler has seen what iterators do, these would be most of what joining takes.

function sizesIn(columns: readonly OutputColumn[]): Float64Array {
  const all = new Float64Array(columns.reduce((sum, { sizes }) => sum + sizes.length, 0));
  let count = 0;
  for (const { sizes } of columns) {
    for (let row = 0; row < sizes.length; row++) {
      const size = sizes[row] ?? -1;
      if (size >= 0) all[count++] = size;
    }
  }
  return all.subarray(0, count);
}

function extentsIn(columns: readonly OutputColumn[]): readonly Extent[] {
  const extents = new Extents();
  for (const column of columns) addExtents(extents, column, 0, column.sizes.length);
  return extents.all;
}

/** Of the rows from `start` to `end`. */
export function addExtents(extents: Extents, column: OutputColumn, start: number, end: number): void {
  const { sizes, sha256, holders, from, blobs } = column;
  for (let row = start; row < end; row++) {
    const size = sizes[row] ?? -1;
    if (size <= 0) continue;
    const blob: Digest | undefined = blobs[holders[row] ?? -1];
    if (blob === undefined) extents.add(digestAt(sha256, row), size);
    else extents.add(blob, size, from[row]);
  }
}
