import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { sha256, sha256Aside, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { EXTENT_BYTES } from './cut.js';
import type { Extent } from './object-list.js';
import { CorruptObject, type ObjectStore } from './objects.js';

/** Less is digested before another thread has heard of it. */
const LITTLE = 64 << 10;
/** The blob at hand, the one before, and the one that is read ahead. */
const WINDOW = 3;

/** A blob in a buffer of its own. */
interface Opened {
  readonly buffer: Buffer<ArrayBuffer>;
  /** Once it is checked; undefined where there is no blob of that name. */
  readonly bytes: Promise<Buffer | undefined>;
}

/**
 * Reads objects for somebody who works on one piece while the next is read, and checked on another thread.
 *
 *     const reader = new ReadAhead(objects);
 *     for await (const piece of reader.pieces(extents)) …
 *     reader.close();
 */
export class ReadAhead {
  /** The one that was used last comes last: neighbours often lie in the same few blobs. */
  readonly #window = new Map<Digest, Opened>();

  constructor(private readonly objects: ObjectStore) {}

  /**
   * The bytes of extents in order, each piece checked before it is given. A piece is valid until the second one after it is
   * asked for, or the reader is closed: so long it may still be on its way to a file.
   *
   * @throws CorruptObject where a piece is damaged or gone. A damaged blob is dropped before.
   */
  async *pieces(extents: readonly Extent[]): AsyncGenerator<Buffer, void, undefined> {
    for (const [index, extent] of extents.entries()) {
      const { sha256, size, from } = extent;
      const blob = await this.#open(sha256).bytes;
      const next = extents[index + 1];
      if (next !== undefined) this.#open(next.sha256);
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
    for (const { buffer, bytes } of this.#window.values()) {
      // Another thread may still look at it.
      void bytes.catch(() => undefined).then(() => giveBack(buffer));
    }
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
      const bytes = checked(this.objects.pathOf(digest), digest, buffer);
      // Whoever asks for it hears of a failure, and perhaps nobody does.
      bytes.catch(() => undefined);
      opened = { buffer, bytes };
    }
    this.#window.delete(digest);
    this.#window.set(digest, opened);
    return opened;
  }
}

async function checked(path: string, digest: Digest, buffer: Buffer<ArrayBuffer>): Promise<Buffer | undefined> {
  const blob = read(path, buffer);
  if (blob === undefined) return undefined;
  if (blob !== 'too long' && (blob.length < LITTLE ? sha256(blob) : await sha256Aside(blob)) === digest) return blob;
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
