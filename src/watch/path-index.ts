import { dirname, sep } from 'node:path';

/** Values by path (absolute), found by what happens at a path, below it or above it. */
export class PathIndex<T> {
  readonly #values = new Map<string, Set<T>>();
  /** How many paths are below a folder. */
  readonly #above = new Set<string>();

  add(path: string, value: T): void {
    const values = this.#values.get(path);
    if (values !== undefined) {
      values.add(value);
      return;
    }
    this.#values.set(path, new Set([value]));
    for (let at = dirname(path); !this.#above.has(at); at = dirname(at)) this.#above.add(at);
  }

  /** Those whose path is this one, is above it (a folder), or below it (a folder that came, went or was moved). */
  *touchedBy(path: string): Generator<T> {
    for (let at = path; ; at = dirname(at)) {
      yield* this.#values.get(at) ?? [];
      if (at === dirname(at)) break;
    }
    if (!this.#above.has(path)) return;
    const start = path.endsWith(sep) ? path : `${path}${sep}`;
    for (const [other, values] of this.#values) if (other.startsWith(start)) yield* values;
  }
}
