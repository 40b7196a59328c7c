/** Larger buffers are given up after use. */
const KEPT = 4 << 20;
/** Bytes of a long text that are written at once. */
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

  byte(byte: number): void {
    this.reserve(1);
    this.buffer[this.used++] = byte;
  }

  /** A character by its number, from U+0080 on: any but a half of a surrogate pair. */
  codePoint(point: number): void {
    this.reserve(4);
    const { buffer } = this;
    if (point < 0x800) {
      buffer[this.used++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x10000) {
        buffer[this.used++] = 0xe0 | (point >> 12);
      } else {
        buffer[this.used++] = 0xf0 | (point >> 18);
        buffer[this.used++] = 0x80 | ((point >> 12) & 0x3f);
      }
      buffer[this.used++] = 0x80 | ((point >> 6) & 0x3f);
    }
    buffer[this.used++] = 0x80 | (point & 0x3f);
  }

  /** Bytes as a JSON string, in pieces: as text they would be held twice more. What is no UTF-8 is written as U+FFFD. */
  jsonString(bytes: Buffer): void {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    this.text('"');
    if (bytes.length > KEPT) this.reserve(2 * bytes.length);
    // Pieces of text end between characters, never between halves of a pair.
    for (let start = 0; start < bytes.length; start += PIECE) {
      const piece = decoder.decode(bytes.subarray(start, start + PIECE), { stream: start + PIECE < bytes.length });
      this.text(JSON.stringify(piece).slice(1, -1));
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

  /** Makes room for so many bytes more. */
  reserve(length: number): void {
    const needed = this.used + length;
    if (needed <= this.buffer.length) return;
    // Twice as much while it is little; what is large is seldom followed by as much again.
    const grown = Buffer.allocUnsafeSlow(needed < KEPT ? 2 * needed : needed + (needed >> 3));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }
}
