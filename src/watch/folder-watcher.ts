import { basename, join, sep } from 'node:path';
import { FSWatcher } from 'chokidar';
import { statIfThere } from '../base/stat-if-there.js';

/**
 * chokidar without its listings: it reads and stats a whole folder when it begins to watch it and at every event, to say
 * what was added. Content decides here, so the raw events are enough. Should a later chokidar list in another way, this
 * costs time and nothing else.
 */
class RawWatcher extends FSWatcher {
  override _throttle(...args: Parameters<FSWatcher['_throttle']>): ReturnType<FSWatcher['_throttle']> {
    return args[0] === 'readdir' ? false : super._throttle(...args);
  }
}

/** Folders that were added together: chokidar tells only of its first folders when it has them. */
interface Batch {
  readonly watcher: RawWatcher;
  readonly folders: Set<string>;
}

interface Watched {
  readonly batch: Batch;
  /** Which folder it is, so that another one in its place is told from it. */
  readonly identity: string;
}

interface Found extends Pick<Watched, 'identity'> {
  readonly folder: string;
}

/**
 * Watches folders, not what is below them. What an event means is for others to find out: it is a hint. A folder that goes
 * and comes back, as another one or with all that is in it, is watched again at once: the system watches folders, not
 * paths.
 */
export class FolderWatcher {
  readonly #watched = new Map<string, Watched>();
  #wanted: ReadonlySet<string> = new Set();
  /** Of these it is to be found out whether they are still there, when all events at hand have been heard. */
  readonly #doubted = new Set<string>();
  readonly #onHint: (path: string) => void;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  #ready: Promise<unknown> = Promise.resolve();

  /** @param on.hint an absolute path that may have appeared, changed or gone */
  constructor(on: { readonly hint: (path: string) => void; readonly error: (error: NodeJS.ErrnoException) => void }) {
    this.#onHint = on.hint;
    this.#onError = on.error;
  }

  get size(): number {
    return this.#watched.size;
  }

  /**
   * Watches these (absolute) of them that are there, and no others. Gives those that were not watched before; resolves
   * when every one is watched.
   */
  async set(folders: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const added: Found[] = [];
    this.#wanted = folders;
    for (const folder of this.#watched.keys()) if (!folders.has(folder)) this.#drop(folder);
    for (const folder of folders) {
      const found = this.#another(folder);
      if (found !== undefined) added.push(found);
    }
    if (added.length > 0) this.#ready = Promise.all([this.#ready, this.#add(added)]);
    await this.#ready;
    return new Set(added.map(({ folder }) => folder));
  }

  async close(): Promise<void> {
    this.#wanted = new Set();
    const batches = new Set([...this.#watched.values()].map(({ batch }) => batch));
    this.#watched.clear();
    for (const { watcher } of batches) await watcher.close();
  }

  /** What is at the path, if it is not watched yet. What is watched and not there any more no longer is. */
  #another(folder: string): Found | undefined {
    const identity = identityOf(folder);
    if (this.#watched.get(folder)?.identity === identity) return undefined;
    this.#drop(folder);
    return identity === undefined ? undefined : { folder, identity };
  }

  /** Another folder may be at the path: then that one is watched, and what is in it may have changed. */
  #renew(folder: string): void {
    const found = this.#wanted.has(folder) ? this.#another(folder) : undefined;
    if (found === undefined) return;
    this.#ready = Promise.all([this.#ready, this.#add([found])]).then(() => {
      if (!this.#wanted.has(folder)) return;
      this.#onHint(folder);
      // What is in it came with it; and a link that led nowhere may lead here.
      for (const other of this.#wanted)
        if (other.startsWith(folder + sep) || !this.#watched.has(other)) this.#renew(other);
    });
  }

  #add(added: readonly Found[]): Promise<void> {
    const watcher = new RawWatcher({ atomic: false, ignoreInitial: true });
    const batch: Batch = { watcher, folders: new Set(added.map(({ folder }) => folder)) };
    for (const { folder, identity } of added) this.#watched.set(folder, { batch, identity });
    watcher.on('raw', (event, name, details) => {
      this.#raw(event, (details as { watchedPath: string }).watchedPath, name);
    });
    watcher.on('error', (error) => this.#onError(error as NodeJS.ErrnoException));
    return new Promise((resolve) => {
      watcher.once('ready', () => resolve());
      watcher.add([...batch.folders]);
    });
  }

  /** The name is that of an entry, or the folder's own where the folder itself went away or was moved. */
  #raw(event: string, folder: string, name: string | null | undefined): void {
    if (typeof name === 'string') {
      this.#onHint(join(folder, name));
      this.#renew(join(folder, name));
    }
    if (typeof name !== 'string' || name === basename(folder)) this.#onHint(folder);
    // Where a folder is watched under two names, its own going away is told under one of them.
    if (event === 'rename') this.#doubt(folder);
  }

  #doubt(folder: string): void {
    if (this.#doubted.size === 0)
      setImmediate(() => {
        const doubted = [...this.#doubted];
        this.#doubted.clear();
        for (const other of doubted) {
          const before = this.#watched.get(other)?.identity;
          if (before !== undefined && before !== identityOf(other)) this.#onHint(other);
          this.#renew(other);
        }
      });
    this.#doubted.add(folder);
  }

  #drop(folder: string): void {
    const batch = this.#watched.get(folder)?.batch;
    if (batch === undefined) return;
    this.#watched.delete(folder);
    batch.folders.delete(folder);
    if (batch.folders.size === 0) void batch.watcher.close();
    else batch.watcher.unwatch(folder);
  }
}

/** Another folder may get the inode of one that is gone, but was made later. */
function identityOf(folder: string): string | undefined {
  const stats = statIfThere(folder);
  return stats?.isDirectory() === true ? `${stats.dev} ${stats.ino} ${stats.birthtimeMs}` : undefined;
}
