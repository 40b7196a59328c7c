import type { FileStamp } from './file-stamp.js';
import type { KeptDirectory } from './kept-directory.js';
import type { Walked } from './walked-directory.js';

/** Every path looked at and every folder listed, absolute: what a snapshot must cover. */
export class Touched {
  /** With the stat that says for which content the path stands, where that is known: of files of directories. */
  readonly #paths = new Map<string, FileStamp | undefined>();
  /** Of the paths, folders of directories. */
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
    return [...new Set([...this.#paths.keys(), ...this.#keptFolders()])];
  }

  get listed(): ReadonlySet<string> {
    return new Set([...this.#listed, ...this.#keptFolders()]);
  }

  get kept(): ReadonlyMap<string, KeptDirectory> {
    return this.#kept;
  }

  stampOf(path: string): FileStamp | undefined {
    return this.#paths.get(path);
  }

  add(path: string): void {
    this.#paths.set(path, undefined);
  }

  addKept(path: string, directory: KeptDirectory): void {
    this.#kept.set(path, directory);
  }

  /** @param path of the directory */
  addWalked(path: string, { files, folders }: Walked): void {
    this.#kept.delete(path);
    for (const folder of folders) {
      this.add(folder);
      this.#listed.add(folder);
    }
    for (const file of files) this.#paths.set(file.path, file.stamp);
  }

  /** What was read of these files is not what they hold under the stats of the walk. */
  doubt({ files }: Pick<Walked, 'files'>): void {
    for (const { path } of files) this.add(path);
  }

  /** Stats take more room than all else that is known of the paths. */
  forgetStamps(): void {
    for (const path of this.#paths.keys()) this.#paths.set(path, undefined);
  }

  #keptFolders(): readonly string[] {
    return [...this.#kept.values()].flatMap(({ folders }) => folders);
  }
}
