export interface Timers {
  /** Milliseconds from any start. */
  now(): number;
  /** Calls back once; gives a function that prevents it. */
  after(milliseconds: number, call: () => void): () => void;
}

/** Editors write a file in several steps, a few milliseconds apart. */
const QUIET_MS = 20;
/** A storm that does not end is not waited for. */
const PATIENCE_MS = 500;

/** Calls back when `wait` has not been called for a moment. */
export class Quiet {
  #cancel: (() => void) | undefined;
  #since: number | undefined;

  constructor(
    private readonly timers: Timers,
    private readonly call: () => void,
  ) {}

  wait(): void {
    this.#cancel?.();
    const now = this.timers.now();
    this.#since ??= now;
    const left = Math.max(0, Math.min(QUIET_MS, this.#since + PATIENCE_MS - now));
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
