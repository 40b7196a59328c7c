import { closeSync, fstatSync, openSync, read } from 'node:fs';
import { sha256, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { EXTENT_BYTES } from './cut.js';
import type { Extent } from './object-list.js';
import { CorruptObject, dropDamaged, type ObjectStore } from './objects.js';

/** The blob at hand, and the one before. */
const WINDOW = 2;
/** What is shorter is read before another thread would hear of it. */
const SHORT = 128 << 10;

/** A blob in a buffer of its own. */
interface Opened {
  readonly buffer: Buffer<ArrayBuffer>;
  /** Undefined where there is none of that name. */
  readonly bytes: Buffer | 'too long' | undefined;
  isChecked: boolean;
}

/**
 * Reads objects piece by piece: the next on another thread, while the caller works on one. The last ones stay as they are
 * while they are on their way to a file.
 *
 * They are checked on this thread: what Node digests on another one it copies before, into fresh memory, and that alone
 * takes longer than the digest.
 *
 *     const reader = new ExtentReader(objects);
 *     for await (const piece of reader.pieces(extents)) …
 *     await reader.close();
 */
export class ExtentReader {
  /** The one that was used last comes last: neighbours often lie in the same few blobs. */
  readonly #window = new Map<Digest, Opened>();
  /** The next one. */
  #ahead: { readonly digest: Digest; readonly opened: Promise<Opened> } | undefined;

  constructor(private readonly objects: ObjectStore) {}

  /**
   * The bytes of extents in order, each piece checked before it is given. A piece is valid until the second one after it is
   * asked for, or the reader is closed: so long it may still be on its way to a file.
   *
   * @param unchecked the first so many are given as they are, for the caller to check as a whole
   * @throws CorruptObject where a piece is damaged or gone. A damaged blob is dropped before.
   */
  async *pieces(extents: readonly Extent[], unchecked = 0): AsyncGenerator<Buffer, void, undefined> {
    for (const [i, extent] of extents.entries()) {
      const { sha256: digest, size, from } = extent;
      const opened = await this.#open(digest);
      const next = extents[i + 1];
      if (next !== undefined) this.#readAhead(next);
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
  async close(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const last = await ahead?.opened.catch(() => undefined);
    for (const { buffer } of [...this.#window.values(), ...(last === undefined ? [] : [last])]) giveBack(buffer);
    this.#window.clear();
  }

  #readAhead({ sha256: digest, size }: Extent): void {
    if (this.#ahead !== undefined || size < SHORT || this.#window.has(digest)) return;
    const opened = open(this.objects.pathOf(digest));
    // Whoever wants it hears of it.
    opened.catch(() => undefined);
    this.#ahead = { digest, opened };
  }

  async #open(digest: Digest): Promise<Opened> {
    let opened = this.#window.get(digest);
    if (opened === undefined) {
      const ahead = this.#ahead;
      this.#ahead = undefined;
      opened = await (ahead?.digest === digest ? ahead.opened : open(this.objects.pathOf(digest)));
      const [oldest] = this.#window;
      if (oldest !== undefined && this.#window.size >= WINDOW) {
        this.#window.delete(oldest[0]);
        giveBack(oldest[1].buffer);
      }
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

async function open(path: string): Promise<Opened> {
  const buffer = takeBuffer(EXTENT_BYTES);
  try {
    return { buffer, bytes: await readBlob(path, buffer), isChecked: false };
  } catch (error) {
    giveBack(buffer);
    throw error;
  }
}

async function readBlob(path: string, buffer: Buffer<ArrayBuffer>): Promise<Buffer | 'too long' | undefined> {
  let file;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size > buffer.length) return 'too long';
    let used = 0;
    while (size - used >= SHORT) {
      const count = await readAt(file, buffer.subarray(used, size), used);
      if (count === 0) break;
      used += count;
    }
    return buffer.subarray(0, used + readFully(file, buffer.subarray(used, size), used));
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, into: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, into, 0, into.length, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
