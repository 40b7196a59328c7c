import { closeSync, fstatSync, openSync } from 'node:fs';
import { sha256, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { EXTENT_BYTES } from './cut.js';
import type { Extent } from './object-list.js';
import { CorruptObject, dropDamaged, type ObjectStore } from './objects.js';

/** The blob at hand, and the one before. */
const WINDOW = 2;

/** A blob in a buffer of its own. */
interface Opened {
  readonly buffer: Buffer<ArrayBuffer>;
  /** Undefined where there is none of that name. */
  readonly bytes: Buffer | 'too long' | undefined;
  isChecked: boolean;
}

/**
 * Reads objects piece by piece, and checks them, on the caller's thread: bytes that another thread has read are in its
 * processor's cache, and what Node digests on another one it copies before, into fresh memory, which alone takes longer
 * than the digest.
 *
 *     const reader = new ExtentReader(objects);
 *     for (const piece of reader.pieces(extents)) …
 *     reader.close();
 */
export class ExtentReader {
  /** The one that was used last comes last: neighbours often lie in the same few blobs. */
  readonly #window = new Map<Digest, Opened>();

  constructor(private readonly objects: ObjectStore) {}

  /**
   * The bytes of extents in order, each piece checked before it is given. A piece is valid until the next is asked
   * for, or the reader is closed.
   *
   * @param unchecked the first so many are given as they are, for the caller to check as a whole
   * @throws CorruptObject where a piece is damaged or gone. A damaged blob is dropped before.
   */
  *pieces(extents: readonly Extent[], unchecked = 0): Generator<Buffer, void, undefined> {
    for (const [i, extent] of extents.entries()) {
      const { sha256: digest, size, from } = extent;
      const opened = this.#open(digest);
      if (i >= unchecked) check(opened, digest, this.objects);
      const { bytes } = opened;
      if (bytes === undefined) {
        // A list, or not there at all.
        yield* this.objects.readExtent(extent);
        continue;
      }
      if (bytes === 'too long' || (from ?? 0) + size > bytes.length) throw new CorruptObject(digest, 'corrupt');
      if (from !== undefined) yield bytes.subarray(from, from + size);
      else if (size !== bytes.length) throw new CorruptObject(digest, 'corrupt');
      else if (size > 0) yield bytes;
    }
  }

  /** Nobody uses a piece any more. */
  close(): void {
    for (const { buffer } of this.#window.values()) giveBack(buffer);
    this.#window.clear();
  }

  #open(digest: Digest): Opened {
    let opened = this.#window.get(digest);
    if (opened === undefined) {
      const [oldest] = this.#window;
      if (oldest !== undefined && this.#window.size >= WINDOW) {
        this.#window.delete(oldest[0]);
        giveBack(oldest[1].buffer);
      }
      opened = open(this.objects.pathOf(digest));
    }
    this.#window.delete(digest);
    this.#window.set(digest, opened);
    return opened;
  }
}

/** @throws CorruptObject */
function check(opened: Opened, digest: Digest, objects: ObjectStore): void {
  const { bytes } = opened;
  if (opened.isChecked || bytes === undefined) return;
  opened.isChecked = bytes !== 'too long' && sha256(bytes) === digest;
  if (opened.isChecked) return;
  dropDamaged(objects.pathOf(digest));
  throw new CorruptObject(digest, 'corrupt');
}

function open(path: string): Opened {
  const buffer = takeBuffer(EXTENT_BYTES);
  try {
    return { buffer, bytes: readBlob(path, buffer), isChecked: false };
  } catch (error) {
    giveBack(buffer);
    throw error;
  }
}

function readBlob(path: string, buffer: Buffer<ArrayBuffer>): Buffer | 'too long' | undefined {
  let file;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    return size > buffer.length ? 'too long' : buffer.subarray(0, readFully(file, buffer.subarray(0, size), 0));
  } finally {
    closeSync(file);
  }
}
