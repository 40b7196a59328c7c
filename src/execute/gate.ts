/** After so many pieces of work that never waited for anything, what has come from outside gets a turn. */
const TURN = 16;

/** Lets so many pieces of work through at once, in order of arrival. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #passed = 0;

  constructor(width: number) {
    this.#free = width;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      this.#passed++;
      if (this.#passed % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
