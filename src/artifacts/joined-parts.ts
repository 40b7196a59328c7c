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
  sizes(): Iterable<number>;
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
    *sizes() {
      for (const { sizes } of columns) for (const size of sizes) if (size >= 0) yield size;
    },
    extents: () => extentsIn(columns),
  };
}

function extentsIn(columns: readonly OutputColumn[]): readonly Extent[] {
  const extents = new Extents();
  for (const { sizes, sha256, holders, from, blobs } of columns) {
    for (const [row, size] of sizes.entries()) {
      if (size <= 0) continue;
      const blob: Digest | undefined = blobs[holders[row] ?? -1];
      if (blob === undefined) extents.add(digestAt(sha256, row), size);
      else extents.add(blob, size, from[row]);
    }
  }
  return extents.all;
}
