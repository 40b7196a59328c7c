import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FSWatcher } from 'chokidar';

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

/** Watches folders, not what is below them. What an event means is for others to find out: it is a hint. */
export class FolderWatcher {
  readonly #watched = new Map<string, Watched>();
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
    const added: { folder: string; identity: string }[] = [];
    for (const folder of this.#watched.keys()) if (!folders.has(folder)) this.#drop(folder);
    for (const folder of folders) {
      const identity = identityOf(folder);
      if (this.#watched.get(folder)?.identity === identity) continue;
      this.#drop(folder);
      if (identity !== undefined) added.push({ folder, identity });
    }
    if (added.length > 0) this.#ready = Promise.all([this.#ready, this.#add(added)]);
    await this.#ready;
    return new Set(added.map(({ folder }) => folder));
  }

  async close(): Promise<void> {
    const batches = new Set([...this.#watched.values()].map(({ batch }) => batch));
    this.#watched.clear();
    for (const { watcher } of batches) await watcher.close();
  }

  #add(added: readonly { folder: string; identity: string }[]): Promise<void> {
    const watcher = new RawWatcher({ atomic: false, ignoreInitial: true });
    const batch: Batch = { watcher, folders: new Set(added.map(({ folder }) => folder)) };
    for (const { folder, identity } of added) this.#watched.set(folder, { batch, identity });
    watcher.on('raw', (_event, name, details) => this.#raw((details as { watchedPath: string }).watchedPath, name));
    watcher.on('error', (error) => this.#onError(error as NodeJS.ErrnoException));
    return new Promise((resolve) => {
      watcher.once('ready', () => resolve());
      watcher.add([...batch.folders]);
    });
  }

  /** The name is that of an entry, or the folder's own where the folder itself went away or was moved. */
  #raw(folder: string, name: string | null | undefined): void {
    if (typeof name === 'string') this.#onHint(join(folder, name));
    if (typeof name !== 'string' || name === basename(folder)) this.#onHint(folder);
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

function identityOf(folder: string): string | undefined {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev} ${stats.ino}` : undefined;
}
