import type { Timers } from './quiet.js';

/** What is over by then would not have gained what it takes to optimize its code. */
const LONG_MS = 1_000;

/**
 * When V8 optimizes code in a process that mostly waits: while it works on something long, and not for what is over soon.
 * What V8's optimizing threads take does not go back to the system: that is more than all else that is kept of 20,000
 * watched files. Baseline code, WebAssembly and hosts are not concerned.
 */
export class Optimizing {
  /** How many works are under way. */
  #works = 0;
  #cancel: () => void = () => undefined;

  /**
   * Nothing is optimized from now on.
   *
   * @param set whether V8 optimizes
   */
  constructor(
    private readonly after: Timers['after'],
    private readonly set: (isOn: boolean) => void,
  ) {
    set(false);
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#works++ === 0) this.#cancel = this.after(LONG_MS, () => this.set(true));
    try {
      return await work();
    } finally {
      if (--this.#works === 0) {
        this.#cancel();
        this.set(false);
      }
    }
  }
}
