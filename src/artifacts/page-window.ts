import { readFully } from '../base/read-fully.js';
import { keptInLeaf, mostInLeaf, type PageLayout } from './sqlite-pages.js';

/** As much is read at once where nearly all of it is wanted. */
const MOST_BYTES = 512 << 10;

/**
 * Pages of a database file as they are asked for. One after the other they come in large pieces, of which there is one at
 * a time; here and there one by one: a piece is twice as long as the last where half of that was wanted, else half.
 */
export class PageWindow {
  bytes = Buffer.alloc(0);
  /** The pages in the window, and how many of them were asked for. */
  #first = 1;
  #count = 0;
  #asked = 0;
  #last = 0;
  #wanted = 4;

  constructor(
    private readonly file: number,
    readonly layout: PageLayout,
  ) {}

  /** Where in `bytes` a page begins, until the next one is asked for; -1 where there is none of this number. */
  at(number: number): number {
    const { size, count } = this.layout;
    if (number < this.#first || number >= this.#first + this.#count) {
      if (number < 1 || number > count || !this.#read(number)) return -1;
    }
    if (number !== this.#last) this.#asked++;
    this.#last = number;
    return (number - this.#first) * size;
  }

  #read(number: number): boolean {
    const { size, count } = this.layout;
    if (2 * this.#asked >= this.#count) this.#wanted = Math.min(2 * this.#wanted, Math.max(1, MOST_BYTES / size));
    else this.#wanted = Math.max(1, this.#wanted >> 1);
    const wanted = Math.min(this.#wanted, count - number + 1);
    if (this.bytes.length < wanted * size) this.bytes = Buffer.allocUnsafeSlow(this.#wanted * size);
    this.#count = 0;
    if (readFully(this.file, this.bytes.subarray(0, wanted * size), (number - 1) * size) < wanted * size) return false;
    this.#first = number;
    this.#count = wanted;
    this.#asked = this.#last = 0;
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
