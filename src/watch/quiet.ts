export interface Timers {
  /** Milliseconds from any start. */
  now(): number;
  /** Calls back once; gives a function that prevents it. */
  after(milliseconds: number, call: () => void): () => void;
}

/** Editors write a file in several steps, which an atomic save takes within this. */
const SHORTEST_MS = 6;
/** A pause longer than this is the end of any save. */
const LONGEST_MS = 20;
/** A storm that does not end is not waited for. */
const PATIENCE_MS = 500;

/**
 * Calls back when `wait` has not been called for a moment: a short one after a single save, longer the longer changes have
 * been coming.
 */
export class Quiet {
  #cancel: (() => void) | undefined;
  #since: number | undefined;

  constructor(
    private readonly timers: Timers,
    private readonly call: () => void,
  ) {}

  /** @param leastMs how long the moment is at least */
  wait(leastMs = SHORTEST_MS): void {
    this.#cancel?.();
    const now = this.timers.now();
    this.#since ??= now;
    const going = now - this.#since;
    const moment = Math.max(leastMs, Math.min(LONGEST_MS, going));
    const left = Math.max(0, Math.min(moment, PATIENCE_MS - going));
    this.#cancel = this.timers.after(left, () => {
      this.stop();
      this.call();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#since = undefined;
  }
}
