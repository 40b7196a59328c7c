import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { writeSha256, type Digest } from '../base/digest.js';

/** A value as SQLite stores it, with integers as bigint: the five storage classes are five JavaScript types. */
export type SqliteValue = null | bigint | number | string | Uint8Array;

const [NULL, INTEGER, REAL, TEXT, BLOB, LONG_TEXT, LONG_BLOB] = [0, 1, 2, 3, 4, 5, 6];
/** A text or blob of more bytes is a long one. */
export const LONG_VALUE = 1 << 10;
const [LENGTH, SHA256] = [6, 32];
/** As much as any value takes. */
const MOST = 1 + LENGTH + LONG_VALUE;
const BUFFER = 1 << 16;
/** To call for so few bytes takes longer than to copy them. */
const FEW = 64;

/**
 * Writes values by storage class into a buffer, and passes on what is in it when it is full. Each is a tag byte and
 *
 *     0 NULL       nothing
 *     1 INTEGER    8 bytes, two's complement, little endian
 *     2 REAL       8 bytes, IEEE 754, little endian
 *     3 TEXT       6 bytes of length, little endian, then the UTF-8 bytes
 *     4 BLOB       6 bytes of length, little endian, then the bytes
 *     5 long TEXT  6 bytes of length, little endian, then the SHA-256 of the UTF-8 bytes
 *     6 long BLOB  6 bytes of length, little endian, then the SHA-256 of the bytes
 *
 * so that no two sequences of values give the same bytes: what is long is never written otherwise, what is not long never
 * so. Whoever needs digests of the same values for several reasons takes that of their many bytes once (`addEncoded`).
 */
export class ValueBytes {
  /** Bytes of the values added since the last `clear`, long ones included. */
  length = 0;
  /** How many long ones were added, ever. */
  longs = 0;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER);
  #used = 0;

  /** @param pass told of bytes in order, which are valid until it returns */
  constructor(private readonly pass: (bytes: Uint8Array) => void) {}

  add(value: SqliteValue): void {
    this.#makeRoom();
    const start = this.#used;
    const buffer = this.#buffer;
    if (value === null) this.#used = buffer.writeUInt8(NULL, start);
    else if (typeof value === 'bigint') {
      buffer[start] = INTEGER;
      this.#used = buffer.writeBigInt64LE(value, start + 1);
    } else if (typeof value === 'number') {
      buffer[start] = REAL;
      this.#used = buffer.writeDoubleLE(value, start + 1);
    } else {
      if (typeof value === 'string') this.#text(value);
      else this.#bytes(BLOB, value);
      return;
    }
    this.length += this.#used - start;
  }

  /** Text given by its bytes, which need not be UTF-8. */
  addTextBytes(bytes: Uint8Array): void {
    this.#makeRoom();
    this.#bytes(TEXT, bytes);
  }

  /** A whole number that is exact. */
  addInteger(value: number): void {
    this.#makeRoom();
    const start = this.#used;
    this.#buffer[start] = INTEGER;
    this.#buffer.writeUInt32LE(value >>> 0, start + 1);
    this.#used = this.#buffer.writeInt32LE(Math.floor(value / 2 ** 32), start + 5);
    this.length += 9;
  }

  /** Bytes of a buffer, as a text or as they are. */
  addPiece(kind: 'text' | 'blob', bytes: Buffer, start: number, end: number): void {
    this.#makeRoom();
    const size = end - start;
    const tag = kind === 'text' ? TEXT : BLOB;
    if (size > LONG_VALUE) {
      this.#long(tag, size, bytes.subarray(start, end));
      return;
    }
    this.#head(tag, size);
    this.#copy(bytes, start, end);
  }

  /** A value that was written so before, of which `isTold` says that it can be. */
  addEncoded(bytes: Buffer, start: number, end: number, as: 'stored' | 'bytes'): void {
    this.#makeRoom();
    const buffer = this.#buffer;
    const at = this.#used;
    this.#copy(bytes, start, end);
    this.length += end - start;
    const tag = bytes[start];
    if (as === 'bytes' && tag === TEXT) buffer[at] = BLOB;
    if (as === 'bytes' && tag === LONG_TEXT) buffer[at] = LONG_BLOB;
  }

  /** What was written and not passed on. */
  get held(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }

  /** How many bytes are held: those of values to come stand behind them. */
  get used(): number {
    return this.#used;
  }

  /** Passes on what is held. */
  flush(): void {
    if (this.#used > 0) this.pass(this.held);
    this.#used = 0;
  }

  clear(): void {
    this.length = this.#used = 0;
  }

  #makeRoom(): void {
    if (BUFFER - this.#used < MOST) this.flush();
  }

  #copy(bytes: Buffer, start: number, end: number): void {
    const buffer = this.#buffer;
    if (end - start > FEW) bytes.copy(buffer, this.#used, start, end);
    else for (let from = start, to = this.#used; from < end; from++, to++) buffer[to] = bytes[from] as number;
    this.#used += end - start;
  }

  #text(value: string): void {
    // No character of a string takes more than three bytes.
    const size = 3 * value.length > LONG_VALUE ? Buffer.byteLength(value) : 0;
    if (size > LONG_VALUE) {
      this.#long(TEXT, size, value);
      return;
    }
    const written = this.#buffer.write(value, this.#used + 1 + LENGTH, 'utf8');
    this.#head(TEXT, written);
    this.#used += written;
  }

  #bytes(tag: number, value: Uint8Array): void {
    const size = value.byteLength;
    if (size > LONG_VALUE) {
      this.#long(tag, size, value);
      return;
    }
    this.#head(tag, size);
    this.#buffer.set(value, this.#used);
    this.#used += size;
  }

  #long(tag: number, size: number, value: string | Uint8Array): void {
    this.#head(tag === TEXT ? LONG_TEXT : LONG_BLOB, size);
    writeSha256(value, this.#buffer, this.#used);
    this.#used += SHA256;
    this.longs++;
  }

  #head(tag: number, size: number): void {
    this.#buffer[this.#used] = tag;
    this.#used = this.#buffer.writeUIntLE(size, this.#used + 1, LENGTH);
    this.length += 1 + LENGTH + size;
  }
}

/** Where a value that `ValueBytes` wrote ends. */
export function encodedEnd(bytes: Buffer, start: number): number {
  const tag = bytes[start] as number;
  if (tag === NULL) return start + 1;
  if (tag === INTEGER || tag === REAL) return start + 9;
  return start + 1 + LENGTH + (tag >= LONG_TEXT ? SHA256 : bytes.readUIntLE(start + 1, LENGTH));
}

/**
 * Whether a value as it was written tells what SQLite would give: as its bytes, a number is another value; and a text is
 * another one where it is not UTF-8, or may not be.
 */
export function isTold(bytes: Buffer, start: number, end: number, as: 'stored' | 'bytes'): boolean {
  const tag = bytes[start] as number;
  if (as === 'bytes') return tag !== INTEGER && tag !== REAL;
  if (tag !== TEXT) return tag !== LONG_TEXT;
  const text = start + 1 + LENGTH;
  // As most are.
  for (let at = text; (bytes[at] as number) < 0x80; at++) if (at >= end) return true;
  return isUtf8(bytes.subarray(text, end));
}

/** SHA-256 of values. */
export class ValueHash {
  private hash = createHash('sha256');
  private readonly values = new ValueBytes((bytes) => this.hash.update(bytes));

  add(value: SqliteValue): void {
    this.values.add(value);
  }

  /** A whole number that is exact. */
  addInteger(value: number): void {
    this.values.addInteger(value);
  }

  addEncoded(bytes: Buffer, start: number, end: number, as: 'stored' | 'bytes'): void {
    this.values.addEncoded(bytes, start, end, as);
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
