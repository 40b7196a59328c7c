import type { Changed } from './events.js';

const NAMED = 20;

/** Changes noticed and not yet built, and when the first of them was. */
export class Changes {
  readonly #paths = new Set<string>();
  #since: number | undefined;

  constructor(private readonly now: () => number) {}

  add(path: string): void {
    this.#paths.add(path);
    this.#since ??= this.now();
  }

  get any(): boolean {
    return this.#since !== undefined;
  }

  /** What there is, in the order in which it was noticed. */
  get changed(): Changed {
    return { paths: [...this.#paths].slice(0, NAMED), count: this.#paths.size };
  }

  /** The time of the first of them, or now where there is none. */
  get sinceMs(): number {
    return this.#since ?? this.now();
  }

  clear(): void {
    this.#paths.clear();
    this.#since = undefined;
  }
}
