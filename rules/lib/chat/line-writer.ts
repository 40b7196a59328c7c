/** Larger buffers are given up after use. */
const KEPT = 4 << 20;
/** UTF-16 units of a long text that are written at once. */
const PIECE = 1 << 16;

/** Builds a line of UTF-8 in a buffer that is used again. */
export class LineWriter {
  private buffer = Buffer.allocUnsafeSlow(1 << 16);
  private used = 0;

  /** How many bytes are written. To undo what was written since, set it back. */
  get length(): number {
    return this.used;
  }
  set length(length: number) {
    this.used = length;
  }

  clear(): void {
    this.used = 0;
    if (this.buffer.length > KEPT) this.buffer = Buffer.allocUnsafeSlow(1 << 16);
  }

  /** What is written; valid until more is. */
  line(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  text(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    const most = text.length * 3;
    this.reserve(most <= KEPT ? most : Buffer.byteLength(text));
    this.used += this.buffer.write(text, this.used);
  }

  /** The text as JSON, in pieces: as a whole it would be held once more. */
  jsonString(text: string): void {
    this.reserve(Buffer.byteLength(text) + 2);
    this.text('"');
    for (let start = 0; start < text.length;) {
      let end = Math.min(start + PIECE, text.length);
      // Both halves of a pair, or they would be written as what has no partner.
      if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++;
      this.text(JSON.stringify(text.slice(start, end)).slice(1, -1));
      start = end;
    }
    this.text('"');
  }

  bytes(from: Buffer, start: number, end: number): void {
    const length = end - start;
    this.reserve(length);
    const { buffer, used } = this;
    if (length > 32) from.copy(buffer, used, start, end);
    else for (let i = 0; i < length; i++) buffer[used + i] = from[start + i] as number;
    this.used = used + length;
  }

  private reserve(length: number): void {
    const needed = this.used + length;
    if (needed <= this.buffer.length) return;
    // Twice as much while it is little; what is large is seldom followed by as much again.
    const grown = Buffer.allocUnsafeSlow(needed < KEPT ? 2 * needed : needed + (needed >> 3));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }
}
