export interface Attempt {
  /** Its number among those that are to be made. */
  readonly part: number;
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
  readonly #count: number;
  #next = 0;
  /** Handed out before; they wait behind all others. */
  readonly #again: Attempt[] = [];
  #mean: number | undefined;

  constructor(count: number, limits: { readonly workers: number; readonly longest: number }) {
    this.#workers = Math.max(1, limits.workers);
    this.#longest = limits.longest;
    this.#count = count;
  }

  get isEmpty(): boolean {
    return this.#waiting === 0;
  }

  /** The next batch; none where nothing waits. */
  take(): readonly Attempt[] {
    const batch: Attempt[] = [];
    const most = this.#length();
    while (batch.length < most && this.#next < this.#count)
      batch.push({ part: this.#next++, attempt: 1, alone: false });
    if (batch.length === 0 && this.#again[0]?.alone === true) return this.#again.splice(0, 1);
    while (batch.length < most && this.#again[0]?.alone === false) batch.push(...this.#again.splice(0, 1));
    return batch;
  }

  /** A part was made in so many seconds. */
  took(seconds: number): void {
    const counted = Math.max(seconds, LEAST_SECONDS);
    const mean = this.#mean ?? counted;
    // The first ones in a host take many times as long, until their code is compiled: that is soon forgotten.
    const weight = counted < mean ? 0.5 : 0.2;
    this.#mean = (1 - weight) * mean + weight * counted;
  }

  /** It failed, and is tried once more. */
  again({ part, attempt, alone }: Attempt): void {
    this.#again.push({ part, attempt: attempt + 1, alone });
  }

  /** It was in a batch whose host was lost: not necessarily its fault. */
  alone({ part, attempt }: Attempt): void {
    this.#again.push({ part, attempt, alone: true });
  }

  get #waiting(): number {
    return this.#count - this.#next + this.#again.length;
  }

  #length(): number {
    if (this.#mean === undefined) return 1;
    const share = Math.ceil(this.#waiting / (2 * this.#workers));
    const least = Math.floor(LEAST_BATCH_SECONDS / this.#mean);
    return Math.max(1, Math.min(this.#longest, Math.max(share, least), Math.floor(BATCH_SECONDS / this.#mean)));
  }
}
