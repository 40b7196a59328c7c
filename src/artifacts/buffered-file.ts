import { closeSync, openSync, writeSync } from 'node:fs';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';

/** What is short is gathered up to this. */
const PIECE = 1 << 18;
/** To copy less into a buffer first saves a call of the system; more is written as it is. */
const LONG = 1 << 18;
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
  private buffer = Buffer.allocUnsafe(FIRST);
  private used = 0;

  /** @param hold how many bytes may be held in memory before there is a file */
  constructor(
    private readonly path: string,
    private readonly hold: number,
  ) {
    if (hold === 0) this.toDisk();
  }

  get open(): boolean {
    return this.state !== 'closed';
  }

  write(data: Uint8Array): void {
    const isLong = this.state === 'on disk' && data.length >= LONG;
    if (isLong) this.flush();
    if (isLong || !this.makeRoom(data.length)) {
      this.writeAll(data);
      return;
    }
    this.buffer.set(data, this.used);
    this.used += data.length;
  }

  writeText(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    if (!this.makeRoom(text.length * 3)) {
      this.writeAll(Buffer.from(text));
      return;
    }
    this.used += this.buffer.write(text, this.used);
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

  /** Whether so many bytes now fit into the buffer. Where they never can, it is empty afterwards. */
  private makeRoom(bytes: number): boolean {
    if (bytes <= this.buffer.length - this.used) return true;
    if (this.state === 'held' && this.used + bytes > this.hold) this.toDisk();
    const most = this.state === 'held' ? this.hold : PIECE;
    if (this.used + bytes > most) this.flush();
    if (bytes > most) return false;
    if (bytes > this.buffer.length - this.used) {
      const larger = takeBuffer(Math.min(most, Math.max(4 * this.buffer.length, this.used + bytes)));
      this.buffer.copy(larger, 0, 0, this.used);
      giveBack(this.buffer);
      this.buffer = larger;
    }
    return true;
  }

  private flush(): void {
    const { used } = this;
    this.used = 0;
    if (used > 0) this.writeAll(this.buffer.subarray(0, used));
  }

  private writeAll(data: Uint8Array): void {
    if (this.state !== 'on disk') throw new Error('the file is closed');
    for (let at = 0; at < data.length;) at += writeSync(this.file, data, at);
  }
}
