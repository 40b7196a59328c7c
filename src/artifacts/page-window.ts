import { readFully } from '../base/read-fully.js';
import { keptInLeaf, mostInLeaf, type PageLayout } from './sqlite-pages.js';

/** As much is read at once where nearly all of it is wanted. */
const MOST_BYTES = 256 << 10;

interface Piece {
  bytes: Buffer;
  /** Its pages, and how many of them were asked for. */
  first: number;
  count: number;
  asked: number;
}

/**
 * Pages of a database file as they are asked for. One after the other they come in large pieces, here and there one by
 * one: a piece is twice as long as the one whose place it takes where more than half of that was wanted, and it is near
 * that, else half. Two are kept, and begin at multiples of their length: what belongs to a row lies before its page as
 * well as behind it.
 */
export class PageWindow {
  /** Of the page that was asked for last. */
  bytes: Buffer = Buffer.alloc(0);
  #recent: Piece = { bytes: this.bytes, first: 1, count: 0, asked: 0 };
  #other: Piece = { bytes: this.bytes, first: 1, count: 0, asked: 0 };
  /** How many pages are read at once. */
  #wanted = 2;

  constructor(
    private readonly file: number,
    readonly layout: PageLayout,
  ) {}

  /** Where in `bytes` a page begins, until the next one is asked for; -1 where there is none of this number. */
  at(number: number): number {
    let piece = this.#recent;
    if (number < piece.first || number >= piece.first + piece.count) {
      piece = this.#other;
      this.#other = this.#recent;
      this.#recent = piece;
      const isThere = number >= piece.first && number < piece.first + piece.count;
      if (!isThere && (number < 1 || number > this.layout.count || !this.#read(number, piece))) return -1;
      this.bytes = piece.bytes;
    }
    piece.asked++;
    return (number - piece.first) * this.layout.size;
  }

  #read(number: number, piece: Piece): boolean {
    const { size, count } = this.layout;
    // What is far from there says nothing of what is beside it.
    const isNear = Math.abs(number - piece.first) < 4 * this.#wanted;
    if (isNear && 2 * piece.asked > piece.count)
      this.#wanted = Math.min(2 * this.#wanted, Math.max(1, MOST_BYTES / size));
    else this.#wanted = Math.max(1, this.#wanted >> 1);
    const first = number - ((number - 1) % this.#wanted);
    const length = Math.min(this.#wanted, count - first + 1) * size;
    if (piece.bytes.length < length) piece.bytes = Buffer.allocUnsafeSlow(this.#wanted * size);
    piece.count = piece.asked = 0;
    if (readFully(this.file, piece.bytes.subarray(0, length), (first - 1) * size) < length) return false;
    piece.first = first;
    piece.count = length / size;
    return true;
  }
}

/**
 * Copies the payload of a cell together, from where it starts in its leaf and from the pages that it goes on in:
 * https://sqlite.org/fileformat2.html#cellformat. False where it goes on where no page is.
 *
 * @param into as long as the payload, at least.
 */
export function gatherPayload(window: PageWindow, leaf: Buffer, start: number, payload: number, into: Buffer): boolean {
  const { usable } = window.layout;
  const kept = payload <= mostInLeaf(usable) ? payload : keptInLeaf(payload, usable);
  if (start + kept + (kept < payload ? 4 : 0) > usable) return false;
  leaf.copy(into, 0, start, start + kept);
  let next = kept < payload ? leaf.readUInt32BE(start + kept) : 0;
  for (let used = kept; used < payload;) {
    const at = window.at(next);
    if (at < 0) return false;
    const { bytes } = window;
    const length = Math.min(payload - used, usable - 4);
    bytes.copy(into, used, at + 4, at + 4 + length);
    next = bytes.readUInt32BE(at);
    used += length;
  }
  return true;
}
