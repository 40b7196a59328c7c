import type { Walked } from './walked-directory.js';

/** Every path looked at and every folder listed, absolute: what a snapshot must cover. */
export class Touched {
  readonly #paths = new Set<string>();
  /** Of those, folders of directories. */
  readonly #listed = new Set<string>();

  get paths(): readonly string[] {
    return [...this.#paths];
  }

  get listed(): ReadonlySet<string> {
    return this.#listed;
  }

  add(path: string): void {
    this.#paths.add(path);
  }

  addWalked({ files, folders }: Walked): void {
    for (const folder of folders) {
      this.#paths.add(folder);
      this.#listed.add(folder);
    }
    for (const { path } of files) this.#paths.add(path);
  }
}
