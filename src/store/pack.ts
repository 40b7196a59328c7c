import { sha256, type Digest } from '../base/digest.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { EXTENT_BYTES } from './cut.js';
import type { ObjectRef, ObjectStore } from './objects.js';

/** What is larger is a blob of its own: then a file costs little beside its bytes. */
export const LARGEST_PACKED = 256 << 10;

/** Where some bytes will be, once the pack is sealed. */
export type Packed = ObjectRef | { readonly sha256: Digest; readonly size: number; readonly from: number };

/**
 * Gathers small objects into blobs: making a file for each costs more than most of them. What was added is stored when
 * the pack is sealed.
 *
 *     empty --add--> filled --seal--> empty
 */
export class Pack {
  readonly #objects: ObjectStore;
  #buffer: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  /** By digest: where it begins. */
  readonly #places = new Map<Digest, number>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** Whether the next small object may not fit any more. */
  get full(): boolean {
    return this.#used > EXTENT_BYTES - LARGEST_PACKED;
  }

  /** Stores bytes, at the latest when the pack is sealed, which is to be done when it is `full`. They may be used again. */
  add(data: Uint8Array): Packed {
    if (data.length > LARGEST_PACKED || data.length === 0) return this.#objects.putBytes(data);
    const digest = sha256(data);
    let from = this.#places.get(digest);
    if (from === undefined) {
      // A part with many outputs fills it before anybody can seal it.
      if (this.#used + data.length > EXTENT_BYTES) return this.#objects.putBytes(data);
      from = this.#used;
      this.#buffer ??= takeBuffer(EXTENT_BYTES);
      this.#buffer.set(data, from);
      this.#used += data.length;
      this.#places.set(digest, from);
    }
    return { sha256: digest, size: data.length, from };
  }

  /** Writes what was added, and gives what tells where each piece of it is. */
  seal(): (packed: Packed) => ObjectRef {
    const alone = this.#places.size === 1;
    const blob =
      this.#used === 0 ? undefined : this.#objects.putBytes(this.#buffer?.subarray(0, this.#used) ?? Buffer.of());
    if (this.#buffer !== undefined) giveBack(this.#buffer);
    this.#buffer = undefined;
    this.#used = 0;
    this.#places.clear();
    return (packed) => {
      if (!('from' in packed) || blob === undefined) return packed;
      const { sha256, size, from } = packed;
      return alone ? { sha256, size } : { sha256, size, inside: { blob: blob.sha256, from } };
    };
  }
}
