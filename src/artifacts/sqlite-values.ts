import { createHash } from 'node:crypto';
import type { Digest } from '../base/digest.js';

/** A value as SQLite stores it, with integers as bigint: the five storage classes are five JavaScript types. */
export type SqliteValue = null | bigint | number | string | Uint8Array;

const [NULL, INTEGER, REAL, TEXT, BLOB] = [0, 1, 2, 3, 4];
const BUFFER = 1 << 16;
/** From here on a text or blob goes to the hash directly. */
const LARGE = 1 << 12;

/**
 * Digests values by storage class. Each is a tag byte and
 *
 *     0 NULL      nothing
 *     1 INTEGER   8 bytes, two's complement, little endian
 *     2 REAL      8 bytes, IEEE 754, little endian
 *     3 TEXT      6 bytes of length, little endian, then the UTF-8 bytes
 *     4 BLOB      6 bytes of length, little endian, then the bytes
 *
 * so that no two sequences of values give the same bytes.
 */
export class ValueHash {
  /** Bytes digested so far. */
  bytes = 0;
  private hash = createHash('sha256');
  private readonly buffer = Buffer.allocUnsafe(BUFFER);
  private used = 0;

  add(value: SqliteValue): void {
    if (BUFFER - this.used < LARGE * 3 + 7) this.flush();
    if (value === null) this.used = this.buffer.writeUInt8(NULL, this.used);
    else if (typeof value === 'bigint') {
      this.used = this.buffer.writeUInt8(INTEGER, this.used);
      this.used = this.buffer.writeBigInt64LE(value, this.used);
    } else if (typeof value === 'number') {
      this.used = this.buffer.writeUInt8(REAL, this.used);
      this.used = this.buffer.writeDoubleLE(value, this.used);
    } else if (typeof value === 'string') this.text(value);
    else this.binary(BLOB, value);
  }

  /** Text given by its bytes, which need not be UTF-8. */
  addTextBytes(bytes: Uint8Array): void {
    if (BUFFER - this.used < LARGE * 3 + 7) this.flush();
    this.binary(TEXT, bytes);
  }

  /** Forgets what was added: the next digest is of what comes now. */
  reset(): void {
    this.bytes = this.used = 0;
    this.hash = createHash('sha256');
  }

  digest(): Digest {
    this.flush();
    return `sha256:${this.hash.digest('hex')}`;
  }

  private text(value: string): void {
    if (value.length < LARGE) {
      const length = this.buffer.write(value, this.used + 7, 'utf8');
      this.head(TEXT, length);
      this.used += length;
    } else {
      this.head(TEXT, Buffer.byteLength(value));
      this.flush();
      this.hash.update(value, 'utf8');
      this.bytes += value.length;
    }
  }

  private binary(tag: number, value: Uint8Array): void {
    this.head(tag, value.byteLength);
    if (value.byteLength < LARGE) {
      this.buffer.set(value, this.used);
      this.used += value.byteLength;
    } else {
      this.flush();
      this.hash.update(value);
      this.bytes += value.byteLength;
    }
  }

  private head(tag: number, length: number): void {
    this.used = this.buffer.writeUInt8(tag, this.used);
    this.used = this.buffer.writeUIntLE(length, this.used, 6);
  }

  private flush(): void {
    if (this.used > 0) this.hash.update(this.buffer.subarray(0, this.used));
    this.bytes += this.used;
    this.used = 0;
  }
}
