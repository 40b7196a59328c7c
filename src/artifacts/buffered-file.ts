import { closeSync, openSync, writevSync } from 'node:fs';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';

/** What is short is gathered up to this; what is longer is written as it is, but for its end. */
const PIECE = 1 << 18;
/** A piece ends at a multiple of this: the system handles a page that is written in two pieces twice, and larger ones faster. */
const PAGES = 1 << 16;
/** Longer pieces are written in such: of 4 MiB each, files that are read, digested and written again took the system twice as long. */
const MOST = 1 << 20;
/** The first buffer: most outputs of a part are small, and a part is made many times a second. */
const FIRST = 1 << 14;
const NOTHING = Buffer.alloc(0);

/**
 * Appends to a file in large pieces.
 *
 *     held ──more bytes than may be held, or `toDisk`──> on disk ──finish, discard──> closed
 *       └──finish: gives the bytes, there is no file──────────────────────────────────> closed
 *
 * With `hold: 0` it is on disk from the start, so that a file to which nothing is written is empty.
 */
export class BufferedFile {
  private state: 'held' | 'on disk' | 'closed' = 'held';
  private file = -1;
  private buffer: Buffer<ArrayBuffer>;
  private used = 0;
  /** Bytes in the file. */
  private written = 0;

  /** @param hold how many bytes may be held in memory before there is a file */
  constructor(
    private readonly path: string,
    private readonly hold: number,
  ) {
    this.buffer = Buffer.allocUnsafe(hold === 0 ? FIRST : Math.min(FIRST, hold));
    if (hold === 0) this.toDisk();
  }

  get open(): boolean {
    return this.state !== 'closed';
  }

  write(data: Uint8Array): void {
    if (data.length > MOST) {
      for (let at = 0; at < data.length; at += MOST) this.write(data.subarray(at, at + MOST));
      return;
    }
    if (this.makeRoom(data.length)) {
      this.buffer.set(data, this.used);
      this.used += data.length;
      return;
    }
    const { buffer, used, written } = this;
    const whole = Math.max(0, data.length - ((written + used + data.length) % PAGES));
    this.writeAll([buffer.subarray(0, used), data.subarray(0, whole)]);
    const rest = data.length - whole;
    if (rest > buffer.length) this.replaceBuffer(takeBuffer(PIECE));
    this.buffer.set(data.subarray(whole));
    this.used = rest;
  }

  writeText(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    if (this.makeRoom(text.length * 3)) this.used += this.buffer.write(text, this.used);
    else this.write(Buffer.from(text));
  }

  /** From now on the path has all that was written. */
  toDisk(): void {
    if (this.state === 'held') {
      this.file = openSync(this.path, 'a');
      this.state = 'on disk';
    }
    if (this.state === 'on disk') this.flush();
  }

  /** Writes what is buffered and closes the file; where there is none, gives the bytes, which are valid until `discard`. */
  finish(): Buffer | undefined {
    if (this.state === 'held') {
      this.state = 'closed';
      return this.buffer.subarray(0, this.used);
    }
    if (this.state === 'on disk') this.flush();
    this.discard();
    return undefined;
  }

  /** Closes the file without writing what is buffered. */
  discard(): void {
    if (this.state === 'on disk') closeSync(this.file);
    this.state = 'closed';
    giveBack(this.buffer);
    this.buffer = NOTHING;
  }

  /** Whether so many bytes now fit into the buffer. Where they do not, there is a file. */
  private makeRoom(bytes: number): boolean {
    if (bytes <= this.buffer.length - this.used) return true;
    if (this.state === 'held' && this.used + bytes > this.hold) this.toDisk();
    const most = this.state === 'held' ? this.hold : PIECE;
    if (this.used + bytes > most) return false;
    if (bytes > this.buffer.length - this.used)
      this.replaceBuffer(takeBuffer(Math.min(most, Math.max(4 * this.buffer.length, this.used + bytes))));
    return true;
  }

  /** What is used of the buffer is in the new one, too. */
  private replaceBuffer(larger: Buffer<ArrayBuffer>): void {
    this.buffer.copy(larger, 0, 0, this.used);
    giveBack(this.buffer);
    this.buffer = larger;
  }

  private flush(): void {
    if (this.used > 0) this.writeAll([this.buffer.subarray(0, this.used)]);
  }

  /** Writes what is buffered, and more. */
  private writeAll(pieces: Uint8Array[]): void {
    if (this.state !== 'on disk') throw new Error('the file is closed');
    this.used = 0;
    for (let first = pieces[0]; first !== undefined; first = pieces[0]) {
      let count = writevSync(this.file, pieces);
      this.written += count;
      for (; first !== undefined && count >= first.length; first = pieces[0]) {
        count -= first.length;
        pieces.shift();
      }
      if (first !== undefined) pieces[0] = first.subarray(count);
    }
  }
}
