import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Digest } from '../base/digest.js';
import { joinPacked, type PackedParts } from '../host/packed-parts.js';
import { KeyTable } from '../store/part-keys.js';
import type { PartBlock } from '../store/part-lists.js';

/** Those of the parts of a block that are to be made. */
interface Group {
  /** The number of the first. */
  readonly first: number;
  readonly block: number;
  readonly ids: string;
  /** Which of the block's. */
  readonly rows: Uint16Array;
  packed?: HeldParts;
}

interface HeldParts extends PackedParts {
  readonly isDeflated: boolean;
}

/**
 * So many bytes are held as they came, beyond that in a sixth of it: what parts of a rule say of themselves is much alike.
 */
const HELD_PLAIN = 8 << 20;

/**
 * Parts that are to be made, each key once, numbered in the order of the listing. What making one takes is held as the
 * bytes that the host packed: as an object it would be several times as large.
 */
export class MissingParts {
  readonly #keys = new KeyTable();
  readonly #groups: Group[] = [];
  #described = 0;
  #plain = 0;
  #names: { readonly of: Group; readonly ids: readonly string[] } | undefined;
  #inflated: { readonly of: Group; readonly bytes: Uint8Array } | undefined;

  get count(): number {
    return this.#keys.count;
  }

  /** Of the rows of a block, takes those whose keys are new, and gives them. */
  add(block: number, { ids, keys }: Pick<PartBlock, 'ids' | 'keys'>, rows: readonly number[]): readonly number[] {
    const first = this.count;
    const added = this.#keys.addNew(keys, rows);
    if (added.length > 0) this.#groups.push({ first, block, ids, rows: Uint16Array.from(added) });
    return added;
  }

  /** What making those of the next block takes. */
  describe({ bytes, ends }: PackedParts): void {
    const group = this.#groups[this.#described++];
    if (group?.rows.length !== ends.length) throw new Error('a host told of other parts than it was asked for');
    const isDeflated = this.#plain + bytes.length > HELD_PLAIN;
    if (!isDeflated) this.#plain += bytes.length;
    group.packed = { bytes: isDeflated ? deflateRawSync(bytes, { level: 1 }) : bytes, ends, isDeflated };
  }

  key(part: number): Digest {
    return this.#keys.digest(part);
  }

  /** For people. */
  id(part: number): string {
    const group = this.#groupOf(part);
    if (this.#names?.of !== group) this.#names = { of: group, ids: JSON.parse(group.ids) as string[] };
    return this.#names.ids[group.rows[part - group.first] ?? -1] ?? '';
  }

  /** Where in the listing it is. */
  place(part: number): { readonly block: number; readonly row: number } {
    const { block, rows, first } = this.#groupOf(part);
    return { block, row: rows[part - first] ?? -1 };
  }

  /** Which parts have the keys, or -1. */
  withKeys(keys: Uint8Array): Int32Array {
    return this.#keys.rowsOf(keys);
  }

  packed(parts: readonly number[]): PackedParts {
    return joinPacked(parts.map((part) => this.#bytesOf(part)));
  }

  #bytesOf(part: number): Uint8Array {
    const group = this.#groupOf(part);
    const { packed } = group;
    if (packed === undefined) throw new Error('a part is to be made of which nothing is known');
    let { bytes } = packed;
    if (packed.isDeflated) {
      if (this.#inflated?.of !== group) this.#inflated = { of: group, bytes: inflateRawSync(bytes) };
      ({ bytes } = this.#inflated);
    }
    const row = part - group.first;
    return bytes.subarray(packed.ends[row - 1] ?? 0, packed.ends[row]);
  }

  #groupOf(part: number): Group {
    let [low, high] = [0, this.#groups.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#groups[middle]?.first ?? Infinity) <= part) low = middle;
      else high = middle - 1;
    }
    const group = this.#groups[low];
    if (group === undefined || part < 0 || part >= this.count)
      throw new RangeError(`there is no part ${part} to be made`);
    return group;
  }
}
