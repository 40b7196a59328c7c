import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeSha256 } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { systemErrorCode } from '../base/system-error.js';
import { encodedEnd, isTold, type ValueHash } from './sqlite-values.js';

/*
 * Rows in short: all values of a row as `ValueBytes` writes them, a long one being its SHA-256. Whoever reads a database for
 * its digest comes by them, and digests of its slices can be taken from them: so the many bytes of a long value are read
 * and hashed once.
 *
 * They are in a file, in pieces of some hundred rows of a table, in rowid order. A row in it is its rowid (8 bytes, IEEE
 * 754), the length of its values (4 bytes), and these. Rows without a long value are not there: to read them is no more.
 * The index is kept where it is known which state of the database they are of; it has a SHA-256 of each piece, so that
 * whatever happens to the file is noticed.
 */

/** By table: its pieces. */
export type ShortRowsIndex = ReadonlyMap<string, PieceColumns>;

interface PieceColumns {
  /** The rowid of the first row. */
  readonly first: Float64Array;
  /** Where in the file it begins, and how long it is. */
  readonly start: Float64Array;
  readonly length: Float64Array;
  /** 32 bytes each. */
  readonly digests: Uint8Array;
}

const PIECE = 1 << 16;
const HEAD = 12;
const DIGEST = 32;

/** Rows in short, one after the other. */
export interface ShortPiece {
  /** The rowid of the first. */
  readonly first: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: Uint8Array;
}

/** Gathers rows of a table in pieces, as they are found. */
export class ShortRowsGathered {
  #pieces: ShortPiece[] = [];
  readonly #piece = Buffer.allocUnsafeSlow(PIECE);
  #used = 0;
  #first = 0;

  add(rowid: number, values: Buffer): void {
    const length = HEAD + values.length;
    if (length > PIECE) return;
    if (length > PIECE - this.#used) this.#end();
    if (this.#used === 0) this.#first = rowid;
    this.#piece.writeDoubleLE(rowid, this.#used);
    this.#piece.writeUInt32LE(values.length, this.#used + 8);
    values.copy(this.#piece, this.#used + HEAD);
    this.#used += length;
  }

  /** The pieces, of which it forgets all. */
  taken(): ShortPiece[] {
    this.#end();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #end(): void {
    if (this.#used === 0) return;
    const bytes = new Uint8Array(this.#piece.subarray(0, this.#used));
    this.#used = 0;
    const digest = Buffer.alloc(DIGEST);
    writeSha256(bytes, digest, 0);
    this.#pieces.push({ first: this.#first, bytes, digest });
  }
}

interface WrittenPiece {
  readonly first: number;
  readonly start: number;
  readonly length: number;
  readonly digest: Uint8Array;
}

/** Writes a file of them. Where that cannot be written, there are none. */
export class ShortRowsWriter {
  readonly #tables = new Map<string, WrittenPiece[]>();
  #file: number | undefined;
  #isBroken = false;
  #written = 0;

  /** @param path of the file; it is replaced when there is a row */
  constructor(private readonly path: string) {}

  /** Pieces of a table may come in any order, whose rows are between those of others. */
  write(table: string, pieces: readonly ShortPiece[]): void {
    const written = this.#tables.get(table) ?? [];
    this.#tables.set(table, written);
    for (const { first, bytes, digest } of pieces) {
      if (this.#isBroken) return;
      written.push({ first, start: this.#written, length: bytes.length, digest });
      this.#append(bytes);
    }
  }

  /** Undefined where there are none. */
  finish(): ShortRowsIndex | undefined {
    this.close();
    if (this.#isBroken || this.#written === 0) return undefined;
    const tables = [...this.#tables].filter(([, pieces]) => pieces.length > 0);
    return new Map(tables.map(([name, pieces]) => [name, columnsOf(pieces)]));
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #append(bytes: Uint8Array): void {
    try {
      this.#file ??= this.#open();
      for (let done = 0; done < bytes.length;) {
        const count = writeSync(this.#file, bytes, done, bytes.length - done, this.#written);
        done += count;
        this.#written += count;
      }
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      this.#isBroken = true;
    }
  }

  #open(): number {
    mkdirSync(dirname(this.path), { recursive: true });
    return openSync(this.path, 'w');
  }
}

function columnsOf(pieces: WrittenPiece[]): PieceColumns {
  pieces.sort((a, b) => a.first - b.first);
  return {
    first: Float64Array.from(pieces, ({ first }) => first),
    start: Float64Array.from(pieces, ({ start }) => start),
    length: Float64Array.from(pieces, ({ length }) => length),
    digests: new Uint8Array(Buffer.concat(pieces.map(({ digest }) => digest))),
  };
}

/** Of a column that is asked for: its place in the table, negative for the rowid; and whether its bytes are wanted. */
export interface AskedColumn {
  readonly field: number;
  readonly isBytes: boolean;
}

/** Reads them. */
export class ShortRows {
  readonly #tables = new Map<string, ShortTable>();

  private constructor(
    private readonly file: number,
    private readonly index: ShortRowsIndex,
  ) {}

  /** Undefined where the file is gone. */
  static open(path: string, index: ShortRowsIndex): ShortRows | undefined {
    try {
      return new ShortRows(openSync(path, 'r'), index);
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      return undefined;
    }
  }

  table(name: string): ShortTable | undefined {
    let table = this.#tables.get(name);
    if (table !== undefined) return table;
    const pieces = this.index.get(name);
    if (pieces === undefined) return undefined;
    table = new ShortTable(this.file, pieces);
    this.#tables.set(name, table);
    return table;
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Those of one table. */
export class ShortTable {
  /** The piece at hand, and the row in it. */
  #number = -1;
  #piece: Buffer = Buffer.alloc(0);
  #row = 0;
  readonly #starts: number[] = [];
  readonly #room = Buffer.allocUnsafeSlow(PIECE);

  constructor(
    private readonly file: number,
    private readonly pieces: PieceColumns,
  ) {}

  /** Adds what a row has in the columns, in their order; false where that is not known from here. */
  addTo(hash: ValueHash, rowid: number, columns: readonly AskedColumn[]): boolean {
    if (!this.#find(rowid)) return false;
    const piece = this.#piece;
    this.#split();
    const starts = this.#starts;
    for (const { field, isBytes } of columns) {
      const [start, end] = [starts[field], starts[field + 1]];
      if (field >= 0 && (start === undefined || end === undefined || !isTold(piece, start, end, asOf(isBytes))))
        return false;
    }
    for (const { field, isBytes } of columns) {
      if (field < 0) hash.addInteger(rowid);
      else hash.addEncoded(piece, starts[field] as number, starts[field + 1] as number, asOf(isBytes));
    }
    return true;
  }

  #find(rowid: number): boolean {
    const number = this.#numberOf(rowid);
    if (number < 0 || (number !== this.#number && !this.#take(number))) return false;
    const piece = this.#piece;
    // Rows mostly come one after the other.
    if (piece.readDoubleLE(this.#row) > rowid) this.#row = 0;
    for (let at = this.#row; at < piece.length; at += HEAD + piece.readUInt32LE(at + 8)) {
      const found = piece.readDoubleLE(at);
      if (found > rowid) return false;
      this.#row = at;
      if (found === rowid) return true;
    }
    return false;
  }

  /** The last piece that does not begin behind the row. */
  #numberOf(rowid: number): number {
    const { first } = this.pieces;
    const isIn = (number: number): boolean =>
      number >= 0 && rowid >= (first[number] as number) && rowid < (first[number + 1] ?? Infinity);
    if (isIn(this.#number)) return this.#number;
    let [low, high] = [0, first.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((first[middle] as number) <= rowid) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #take(number: number): boolean {
    const { start, length, digests } = this.pieces;
    const piece = this.#room.subarray(0, length[number]);
    this.#number = -1;
    this.#row = 0;
    if (readFully(this.file, piece, start[number] as number) < piece.length) return false;
    const digest = Buffer.allocUnsafe(DIGEST);
    writeSha256(piece, digest, 0);
    if (!digest.equals(digests.subarray(number * DIGEST, (number + 1) * DIGEST))) return false;
    this.#number = number;
    this.#piece = piece;
    return true;
  }

  /** Finds where the values of the row at hand begin. */
  #split(): void {
    const piece = this.#piece;
    const end = this.#row + HEAD + piece.readUInt32LE(this.#row + 8);
    let count = 0;
    for (let at = this.#row + HEAD; at < end; at = encodedEnd(piece, at)) this.#starts[count++] = at;
    this.#starts[count++] = end;
    this.#starts.length = count;
  }
}

function asOf(isBytes: boolean): 'stored' | 'bytes' {
  return isBytes ? 'bytes' : 'stored';
}
