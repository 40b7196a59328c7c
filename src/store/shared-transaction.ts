interface Waiting {
  readonly before: () => void;
  readonly work: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** So long is waited for others to come, where nobody says that there will be none. */
const WAIT_MS = 20;
/** So many are enough: a transaction of more writes hardly fewer pages for each. */
const ENOUGH = 16;

/**
 * Writes of several, which do not know of each other, in one transaction: on its own each would write all pages on the way
 * to its rows.
 *
 *     waiting --enough, asked for, or time is up--> committed
 *                                              '--> failed: each alone, so that only what is to blame fails
 */
export class SharedTransaction {
  readonly #transact: (work: () => void) => void;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(transact: (work: () => void) => void) {
    this.#transact = transact;
  }

  /**
   * Resolves when it is committed. The work may run twice.
   *
   * @param before what is to be done before the transaction begins: as late as can be, so that it too can be done for
   *   several
   */
  add(work: () => void, before: () => void = () => undefined): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#waiting.push({ before, work, resolve, reject }));
    if (this.#waiting.length >= ENOUGH) this.commit();
    else this.#timer ??= setTimeout(() => this.commit(), WAIT_MS);
    return done;
  }

  /** Commits what waits, at once. */
  commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#waiting.filter(({ before, reject }) => {
      try {
        before();
        return true;
      } catch (error) {
        reject(error);
        return false;
      }
    });
    this.#waiting = [];
    if (group.length > 1) {
      try {
        this.#transact(() => {
          for (const { work } of group) work();
        });
        for (const { resolve } of group) resolve();
        return;
      } catch {
        // One of them, or all: that shows where each is alone.
      }
    }
    for (const { work, resolve, reject } of group) {
      try {
        this.#transact(work);
        resolve();
      } catch (error) {
        reject(error);
      }
    }
  }
}
