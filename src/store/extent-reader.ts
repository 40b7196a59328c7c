import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { sha256, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { EXTENT_BYTES } from './cut.js';
import type { Extent } from './object-list.js';
import { CorruptObject, type ObjectStore } from './objects.js';

/** The blob at hand, and the one before. */
const WINDOW = 2;

/** A blob in a buffer of its own; undefined where there is none of that name. */
interface Opened {
  readonly buffer: Buffer<ArrayBuffer>;
  readonly bytes: Buffer | undefined;
}

/**
 * Reads objects piece by piece, each checked. The last ones stay as they are while they are on their way to a file.
 *
 * They are checked on this thread: what Node digests on another one it copies before, into fresh memory, and that alone takes
 * longer than the digest.
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
   * The bytes of extents in order, each piece checked before it is given. A piece is valid until the second one after it is
   * asked for, or the reader is closed: so long it may still be on its way to a file.
   *
   * @throws CorruptObject where a piece is damaged or gone. A damaged blob is dropped before.
   */
  *pieces(extents: readonly Extent[]): Generator<Buffer, void, undefined> {
    for (const extent of extents) {
      const { sha256, size, from } = extent;
      const blob = this.#open(sha256).bytes;
      if (blob === undefined) {
        // A list, or not there at all.
        yield* this.objects.readExtent(extent);
      } else if (from === undefined) {
        if (blob.length > 0) yield blob;
      } else {
        if (from + size > blob.length) throw new CorruptObject(sha256, 'corrupt');
        yield blob.subarray(from, from + size);
      }
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
      const buffer = takeBuffer(EXTENT_BYTES);
      opened = { buffer, bytes: checked(this.objects.pathOf(digest), digest, buffer) };
    }
    this.#window.delete(digest);
    this.#window.set(digest, opened);
    return opened;
  }
}

/** Undefined where there is no blob of that name. @throws CorruptObject */
function checked(path: string, digest: Digest, buffer: Buffer<ArrayBuffer>): Buffer | undefined {
  const blob = read(path, buffer);
  if (blob === undefined) return undefined;
  if (blob !== 'too long' && sha256(blob) === digest) return blob;
  rmSync(path, { force: true });
  throw new CorruptObject(digest, 'corrupt');
}

function read(path: string, buffer: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> | 'too long' | undefined {
  let file;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (fstatSync(file).size > buffer.length) return 'too long';
    return buffer.subarray(0, readFully(file, buffer, 0));
  } finally {
    closeSync(file);
  }
}
