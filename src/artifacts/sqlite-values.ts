import { createHash } from 'node:crypto';
import type { Digest } from '../base/digest.js';

/** A value as SQLite stores it, with integers as bigint: the five storage classes are five JavaScript types. */
export type SqliteValue = null | bigint | number | string | Uint8Array;

const [NULL, INTEGER, REAL, TEXT, BLOB] = [0, 1, 2, 3, 4];
/** More than the head of any value takes. */
const HEAD = 16;

/**
 * Writes values by storage class into a buffer, and passes on what it cannot hold. Each is a tag byte and
 *
 *     0 NULL      nothing
 *     1 INTEGER   8 bytes, two's complement, little endian
 *     2 REAL      8 bytes, IEEE 754, little endian
 *     3 TEXT      6 bytes of length, little endian, then the UTF-8 bytes
 *     4 BLOB      6 bytes of length, little endian, then the bytes
 *
 * so that no two sequences of values give the same bytes.
 */
export class ValueBytes {
  /** Bytes written since the last `clear`, those passed on included. */
  length = 0;
  private readonly buffer: Buffer;
  private used = 0;

  /** @param pass told of bytes in order; what is in the buffer is valid until it returns */
  constructor(
    size: number,
    private readonly pass: (bytes: Uint8Array | string) => void,
  ) {
    this.buffer = Buffer.allocUnsafeSlow(size);
  }

  add(value: SqliteValue): void {
    if (this.buffer.length - this.used < HEAD) this.flush();
    const start = this.used;
    if (value === null) this.used = this.buffer.writeUInt8(NULL, start);
    else if (typeof value === 'bigint') {
      this.buffer[start] = INTEGER;
      this.used = this.buffer.writeBigInt64LE(value, start + 1);
    } else if (typeof value === 'number') {
      this.buffer[start] = REAL;
      this.used = this.buffer.writeDoubleLE(value, start + 1);
    } else {
      if (typeof value === 'string') this.text(value);
      else this.binary(BLOB, value);
      return;
    }
    this.length += this.used - start;
  }

  /** Text given by its bytes, which need not be UTF-8. */
  addTextBytes(bytes: Uint8Array): void {
    if (this.buffer.length - this.used < HEAD) this.flush();
    this.binary(TEXT, bytes);
  }

  /** A whole number that is exact. */
  addInteger(value: number): void {
    if (this.buffer.length - this.used < HEAD) this.flush();
    const start = this.used;
    this.buffer[start] = INTEGER;
    this.buffer.writeUInt32LE(value >>> 0, start + 1);
    this.used = this.buffer.writeInt32LE(Math.floor(value / 2 ** 32), start + 5);
    this.length += 9;
  }

  /** Bytes of a buffer, as a text or as they are. */
  addPiece(kind: 'text' | 'blob', bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size > this.buffer.length - HEAD) {
      if (kind === 'text') this.addTextBytes(bytes.subarray(start, end));
      else this.add(bytes.subarray(start, end));
      return;
    }
    if (this.buffer.length - this.used < HEAD + size) this.flush();
    this.head(kind === 'text' ? TEXT : BLOB, size);
    this.used += bytes.copy(this.buffer, this.used, start, end);
    this.length += size;
  }

  /** What is in the buffer and was not passed on. */
  get held(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  /** Passes on what is in the buffer. */
  flush(): void {
    if (this.used > 0) this.pass(this.held);
    this.used = 0;
  }

  clear(): void {
    this.length = this.used = 0;
  }

  private text(value: string): void {
    // No character of a string takes more than three bytes.
    if (this.buffer.length - this.used < HEAD + 3 * value.length) this.flush();
    if (this.buffer.length < HEAD + 3 * value.length) {
      const size = Buffer.byteLength(value);
      this.head(TEXT, size);
      this.flush();
      this.pass(value);
      this.length += size;
      return;
    }
    const size = this.buffer.write(value, this.used + 7, 'utf8');
    this.head(TEXT, size);
    this.used += size;
    this.length += size;
  }

  private binary(tag: number, value: Uint8Array): void {
    this.head(tag, value.byteLength);
    if (this.buffer.length - this.used < value.byteLength) this.flush();
    if (this.buffer.length < value.byteLength) this.pass(value);
    else {
      this.buffer.set(value, this.used);
      this.used += value.byteLength;
    }
    this.length += value.byteLength;
  }

  private head(tag: number, size: number): void {
    this.buffer[this.used] = tag;
    this.used = this.buffer.writeUIntLE(size, this.used + 1, 6);
    this.length += 7;
  }
}

/** SHA-256 of values. */
export class ValueHash {
  private hash = createHash('sha256');
  private readonly values = new ValueBytes(1 << 16, (bytes) => this.hash.update(bytes));

  add(value: SqliteValue): void {
    this.values.add(value);
  }

  /** Text given by its bytes, which need not be UTF-8. */
  addTextBytes(bytes: Uint8Array): void {
    this.values.addTextBytes(bytes);
  }

  /** Forgets what was added: the next digest is of what comes now. */
  reset(): void {
    this.values.clear();
    this.hash = createHash('sha256');
  }

  digest(): Digest {
    this.values.flush();
    return `sha256:${this.hash.digest('hex')}`;
  }
}
