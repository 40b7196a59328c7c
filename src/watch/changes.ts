import type { Changed } from './events.js';

const NAMED = 20;

/** Changes that were noticed and are still to be built. */
export class Changes {
  /** In the order in which they were noticed. */
  readonly #paths = new Set<string>();
  /** When the first of them was. */
  #since: number | undefined;
  /** What a build under way is for. */
  #taken: { readonly paths: readonly string[]; readonly since: number } | undefined;

  constructor(private readonly now: () => number) {}

  add(path: string): void {
    this.#paths.add(path);
    this.#since ??= this.now();
  }

  /** What there is, but for what was taken. */
  get changed(): Changed {
    return changedOf([...this.#paths]);
  }

  /** For a build: what there is, none where that is nothing, and the time of the first of them, or now. */
  take(): { readonly changed: Changed | undefined; readonly sinceMs: number } {
    const taken = { paths: [...this.#paths], since: this.#since ?? this.now() };
    const isNone = this.#since === undefined;
    this.clear();
    this.#taken = isNone ? undefined : taken;
    return { changed: isNone ? undefined : changedOf(taken.paths), sinceMs: taken.since };
  }

  /** The build did not come to its end: what it was for is still to be built, with what was noticed meanwhile. */
  putBack(): void {
    if (this.#taken === undefined) return;
    const { paths, since } = this.#taken;
    const later = [...this.#paths];
    this.clear();
    for (const path of [...paths, ...later]) this.#paths.add(path);
    this.#since = since;
  }

  clear(): void {
    this.#paths.clear();
    this.#since = undefined;
    this.#taken = undefined;
  }
}

function changedOf(paths: readonly string[]): Changed {
  return { paths: paths.slice(0, NAMED), count: paths.length };
}
