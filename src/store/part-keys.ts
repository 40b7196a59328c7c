import { hexOf, type Digest } from '../base/digest.js';

/** Digests of many parts are kept as their bytes, one after the other. */
export const DIGEST_BYTES = 32;

export function digestCount(bytes: Uint8Array): number {
  return bytes.length / DIGEST_BYTES;
}

export function bytesAt(bytes: Uint8Array, row: number): Uint8Array {
  return bytes.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES);
}

export function digestAt(bytes: Uint8Array, row: number): Digest {
  return `sha256:${hex(bytesAt(bytes, row))}`;
}

/** Of all rows: one text is cut quicker than many are made. */
export function digestsOf(bytes: Uint8Array): Digest[] {
  const text = hex(bytes);
  const width = 2 * DIGEST_BYTES;
  const cut = (_: unknown, row: number): Digest => `sha256:${text.slice(row * width, (row + 1) * width)}`;
  return Array.from({ length: digestCount(bytes) }, cut);
}

export function bytesOfDigests(digests: readonly Digest[]): Buffer {
  return Buffer.from(digests.map(hexOf).join(''), 'hex');
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function hex({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('hex');
}

/** Digests, numbered as they come, and found by their bytes: for those that are looked for one by one. */
export class KeyTable {
  #words: Uint32Array;
  /** By the first word of a digest: the row that has it, plus one. Twice as long as needed, so that ways are short. */
  #slots = new Uint32Array(2);
  #count: number;

  constructor(keys: Uint8Array = Buffer.of()) {
    this.#words = wordsOf(keys);
    this.#count = digestCount(keys);
    this.#seat();
  }

  get count(): number {
    return this.#count;
  }

  digest(row: number): Digest {
    return digestAt(new Uint8Array(this.#words.buffer), row);
  }

  /** Adds those of the rows of `keys` whose digests are not in it yet. Gives their rows there. */
  addNew(keys: Uint8Array, rows: Iterable<number>): number[] {
    const words = wordsOf(keys);
    const added: number[] = [];
    for (const row of rows) {
      if (this.#rowOf(words, row) >= 0) continue;
      if ((this.#count + 1) * WORDS > this.#words.length) this.#grow();
      this.#words.set(words.subarray(row * WORDS, (row + 1) * WORDS), this.#count * WORDS);
      this.#seatRow(this.#count++);
      added.push(row);
    }
    return added;
  }

  /** For each row of `keys` its row among those of the table, or -1. */
  rowsOf(keys: Uint8Array): Int32Array {
    const words = wordsOf(keys);
    const rows = new Int32Array(digestCount(keys));
    for (let row = 0; row < rows.length; row++) rows[row] = this.#rowOf(words, row);
    return rows;
  }

  #rowOf(words: Uint32Array, row: number): number {
    for (let slot = this.#slotOf(words, row); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const found = (this.#slots[slot] ?? 0) - 1;
      if (found < 0 || this.#isSame(found, words, row)) return found;
    }
  }

  #grow(): void {
    const words = new Uint32Array(WORDS * Math.max(256, 2 * this.#count));
    words.set(this.#words);
    this.#words = words;
    this.#seat();
  }

  /** Takes as many slots as there is room for rows. */
  #seat(): void {
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2((2 * this.#words.length) / WORDS + 2)));
    for (let row = 0; row < this.#count; row++) this.#seatRow(row);
  }

  #seatRow(row: number): void {
    let slot = this.#slotOf(this.#words, row);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1);
    this.#slots[slot] = row + 1;
  }

  #slotOf(words: Uint32Array, row: number): number {
    return (words[row * WORDS] ?? 0) & (this.#slots.length - 1);
  }

  #isSame(own: number, words: Uint32Array, row: number): boolean {
    for (let i = 0; i < WORDS; i++) if (this.#words[own * WORDS + i] !== words[row * WORDS + i]) return false;
    return true;
  }
}

const WORDS = DIGEST_BYTES / 4;

/** A copy, because bytes from elsewhere need not begin where a word does. */
function wordsOf(keys: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(keys).buffer);
}
