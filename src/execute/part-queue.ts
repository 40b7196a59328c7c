import type { ListedPart } from '../host/protocol.js';

export interface Attempt {
  readonly part: ListedPart;
  /** From 1. */
  readonly attempt: number;
  /** It is made in a batch of its own. */
  readonly alone: boolean;
}

/** What a batch should take: long beside what it costs to hand one out, short beside what a person waits for. */
const BATCH_SECONDS = 0.1;
/** And no shorter than this, as far as is known: less is not worth a message there and back. */
const LEAST_BATCH_SECONDS = 0.005;
/** A part takes at least this, whatever is measured. */
const LEAST_SECONDS = 2e-5;

/**
 * The parts to be made, handed out in batches. A batch is as long as the parts so far let expect, and never so long that
 * other workers would run out of parts before it ends.
 *
 *     waiting --take--> in a batch --> made
 *        ^                  |
 *        '-- again, alone --'
 */
export class PartQueue {
  readonly #workers: number;
  readonly #longest: number;
  readonly #waiting: Attempt[];
  #next = 0;
  #mean: number | undefined;

  constructor(parts: readonly ListedPart[], limits: { readonly workers: number; readonly longest: number }) {
    this.#workers = Math.max(1, limits.workers);
    this.#longest = limits.longest;
    this.#waiting = parts.map((part) => ({ part, attempt: 1, alone: false }));
  }

  get isEmpty(): boolean {
    return this.#next >= this.#waiting.length;
  }

  /** The next batch; none where nothing waits. */
  take(): readonly Attempt[] {
    const [start, first] = [this.#next, this.#waiting[this.#next]];
    if (first === undefined) return [];
    let end = start + 1;
    if (!first.alone) {
      const most = start + this.#length();
      while (end < most && this.#waiting[end]?.alone === false) end++;
    }
    this.#next = end;
    return this.#waiting.slice(start, end);
  }

  /** A part was made in so many seconds. */
  took(seconds: number): void {
    const counted = Math.max(seconds, LEAST_SECONDS);
    this.#mean = this.#mean === undefined ? counted : 0.8 * this.#mean + 0.2 * counted;
  }

  /** It failed, and is tried once more. */
  again({ part, attempt, alone }: Attempt): void {
    this.#waiting.push({ part, attempt: attempt + 1, alone });
  }

  /** It was in a batch whose host was lost: not necessarily its fault. */
  alone({ part, attempt }: Attempt): void {
    this.#waiting.push({ part, attempt, alone: true });
  }

  #length(): number {
    if (this.#mean === undefined) return 1;
    const share = Math.ceil((this.#waiting.length - this.#next) / (2 * this.#workers));
    const least = Math.floor(LEAST_BATCH_SECONDS / this.#mean);
    return Math.max(1, Math.min(this.#longest, Math.max(share, least), Math.floor(BATCH_SECONDS / this.#mean)));
  }
}
