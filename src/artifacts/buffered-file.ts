import { closeSync, openSync, writeSync } from 'node:fs';

const PIECE = 1 << 20;
/** The first buffer: most outputs of a part are small, and a part is made many times a second. */
const FIRST = 1 << 14;

/** Appends to a file in pieces of 1 MiB. The file is made at once, so that one to which nothing is written is empty. */
export class BufferedFile {
  private file: number | undefined;
  private buffer = Buffer.allocUnsafe(FIRST);
  private used = 0;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  get open(): boolean {
    return this.file !== undefined;
  }

  write(data: Uint8Array): void {
    if (!this.makeRoom(data.length)) {
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

  /** Writes what is buffered and closes the file. */
  finish(): void {
    this.flush();
    this.discard();
  }

  /** Closes the file without writing what is buffered. */
  discard(): void {
    if (this.file === undefined) return;
    const file = this.file;
    this.file = undefined;
    closeSync(file);
  }

  /** Whether so many bytes now fit into the buffer. Where they never can, it is empty afterwards. */
  private makeRoom(bytes: number): boolean {
    if (bytes <= this.buffer.length - this.used) return true;
    if (this.used + bytes > PIECE) this.flush();
    if (bytes > PIECE) return false;
    if (bytes > this.buffer.length - this.used) {
      const larger = Buffer.allocUnsafe(Math.min(PIECE, Math.max(4 * this.buffer.length, this.used + bytes)));
      this.buffer.copy(larger, 0, 0, this.used);
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
    if (this.file === undefined) throw new Error('the file is closed');
    for (let at = 0; at < data.length;) at += writeSync(this.file, data, at);
  }
}
