import { createHash, type Hash } from 'node:crypto';
import { writeSha256 } from '../base/digest.js';
import { ValueBytes, type SqliteValue } from './sqlite-values.js';

/** The chunks of a table, in columns: there may be very many. */
export interface Chunks {
  /** Of a table with an integer for its primary key, that of the rows, divided; else the chunk's place. */
  readonly numbers: Float64Array;
  /** How many rows. */
  readonly rows: Float64Array;
  /** SHA-256 of the rows' values (ValueBytes), 32 bytes a chunk. */
  readonly digests: Uint8Array;
}

/** Rows, or values of an integer primary key, of a chunk. */
export const CHUNK = 32;

const DIGEST = 32;
/** Of what is written of values so much is held at most between two rows, that a row is held as a whole. */
const HELD = 1 << 15;

/** Told of rows in short that have a long value. */
export interface LongRows {
  /** @param values as `ValueBytes` writes them; valid until it returns */
  add(rowid: number, values: Buffer): void;
}

/**
 * Digests rows chunk by chunk.
 *
 *     begun --add, row--> begun --end--> begun … --taken--> done
 */
export class ChunkDigests {
  #numbers = new Float64Array(64);
  #counts = new Float64Array(64);
  #digests = new Uint8Array(64 * DIGEST);
  #length = 0;
  /** Of what of the chunk is held no more. */
  #hash: Hash | undefined;
  readonly #digest = Buffer.alloc(DIGEST);
  readonly #values = new ValueBytes((bytes) => {
    (this.#hash ??= createHash('sha256')).update(bytes);
    this.#rowStart = -1;
  });
  #rows = 0;
  /** Where among what is held the row begins that is added; -1 where a part of it is held no more. */
  #rowStart = 0;
  /** How many long values there were before it. */
  #longs = 0;

  /** How many chunks are ended. */
  get length(): number {
    return this.#length;
  }

  /** Rows of the chunk that is begun. */
  get rows(): number {
    return this.#rows;
  }

  add(value: SqliteValue): void {
    this.#values.add(value);
  }

  addTextBytes(bytes: Uint8Array): void {
    this.#values.addTextBytes(bytes);
  }

  /** A whole number that is exact. */
  addInteger(value: number): void {
    this.#values.addInteger(value);
  }

  addTextOf(bytes: Buffer, start: number, end: number): void {
    this.#values.addPiece('text', bytes, start, end);
  }

  addBytesOf(bytes: Buffer, start: number, end: number): void {
    this.#values.addPiece('blob', bytes, start, end);
  }

  /** Ends a row. */
  row(): void {
    this.#rows++;
    if (this.#values.used > HELD) this.#values.flush();
    this.#beginRow();
  }

  /** As `row`, of one whose rowid is known. */
  rowOf(rowid: number, rows: LongRows): void {
    const { held, longs } = this.#values;
    if (longs > this.#longs && this.#rowStart >= 0) rows.add(rowid, held.subarray(this.#rowStart));
    this.row();
  }

  /** Ends the chunk that is begun, if it has rows; says how many bytes these have. */
  end(number: number): number {
    if (this.#rows === 0) return 0;
    const { length } = this.#values;
    this.#append(number, this.#rows, this.#taken());
    this.#begin();
    return length;
  }

  /** Of most chunks all is held, and needs no object that is begun, fed and ended. */
  #taken(): Uint8Array {
    if (this.#hash === undefined) {
      writeSha256(this.#values.held, this.#digest, 0);
      return this.#digest;
    }
    this.#values.flush();
    return this.#hash.digest();
  }

  /** Takes a chunk over that is as it was. */
  keep(chunks: Chunks, index: number): void {
    const digest = chunks.digests.subarray(index * DIGEST, (index + 1) * DIGEST);
    this.#append(chunks.numbers[index] ?? 0, chunks.rows[index] ?? 0, digest);
  }

  /** Forgets the chunk that is begun, and those after the first `length`. */
  takeBack(length: number): void {
    this.#length = length;
    this.#begin();
  }

  taken(): Chunks {
    return {
      numbers: this.#numbers.slice(0, this.#length),
      rows: this.#counts.slice(0, this.#length),
      digests: this.#digests.slice(0, this.#length * DIGEST),
    };
  }

  #begin(): void {
    this.#hash = undefined;
    this.#rows = 0;
    this.#values.clear();
    this.#beginRow();
  }

  #beginRow(): void {
    this.#rowStart = this.#values.used;
    this.#longs = this.#values.longs;
  }

  #append(number: number, rows: number, digest: Uint8Array): void {
    const at = this.#length++;
    if (at === this.#numbers.length) {
      const grown = 2 * at;
      const [numbers, counts, digests] = [this.#numbers, this.#counts, this.#digests];
      (this.#numbers = new Float64Array(grown)).set(numbers);
      (this.#counts = new Float64Array(grown)).set(counts);
      (this.#digests = new Uint8Array(grown * DIGEST)).set(digests);
    }
    this.#numbers[at] = number;
    this.#counts[at] = rows;
    this.#digests.set(digest, at * DIGEST);
  }
}

/** Those of one stretch of a table after those of the one before. */
export function joinedChunks(all: readonly Chunks[]): Chunks {
  const [one] = all;
  if (one !== undefined && all.length === 1) return one;
  const count = all.reduce((sum, { rows }) => sum + rows.length, 0);
  const joined = {
    numbers: new Float64Array(count),
    rows: new Float64Array(count),
    digests: new Uint8Array(count * DIGEST),
  };
  let at = 0;
  for (const { numbers, rows, digests } of all) {
    joined.numbers.set(numbers, at);
    joined.rows.set(rows, at);
    joined.digests.set(digests, at * DIGEST);
    at += rows.length;
  }
  return joined;
}
