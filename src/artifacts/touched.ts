import type { KeptDirectory } from './kept-directory.js';
import type { Walked } from './walked-directory.js';

/** Every path looked at and every folder listed, absolute: what a snapshot must cover. */
export class Touched {
  readonly #paths = new Set<string>();
  /** Of those, folders of directories. */
  readonly #listed = new Set<string>();
  /** Directories that were believed to be as they were kept, by path. */
  readonly #kept = new Map<string, KeptDirectory>();

  /** All of them. */
  get paths(): readonly string[] {
    const paths = new Set(this.outline);
    for (const [path, kept] of this.#kept) for (const name of kept.names) paths.add(`${path}/${name}`);
    return [...paths];
  }

  /** Without the files of kept directories, for whom folders stand for what is in them. */
  get outline(): readonly string[] {
    return [...new Set([...this.#paths, ...this.#keptFolders()])];
  }

  get listed(): ReadonlySet<string> {
    return new Set([...this.#listed, ...this.#keptFolders()]);
  }

  get kept(): ReadonlyMap<string, KeptDirectory> {
    return this.#kept;
  }

  add(path: string): void {
    this.#paths.add(path);
  }

  addKept(path: string, directory: KeptDirectory): void {
    this.#kept.set(path, directory);
  }

  /** @param path of the directory */
  addWalked(path: string, { files, folders }: Walked): void {
    this.#kept.delete(path);
    for (const folder of folders) {
      this.#paths.add(folder);
      this.#listed.add(folder);
    }
    for (const file of files) this.#paths.add(file.path);
  }

  #keptFolders(): readonly string[] {
    return [...this.#kept.values()].flatMap(({ folders }) => folders);
  }
}
