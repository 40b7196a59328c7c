import type { Session } from '../execute/session.js';
import { tickLength } from '../store/clock.js';
import { FolderWatcher } from './folder-watcher.js';
import { scopeOf, snapshotScope, wideScope, type Role } from './scope.js';
import { Scopes } from './scopes.js';

/** What the system is asked to tell of, and what is to be thought of a path that it tells of. */
export class WatchedPaths {
  readonly #root: string;
  /** The folder of the running vlmbuild. */
  readonly #program: string;
  readonly #scopes = new Scopes();
  readonly #watcher: FolderWatcher;
  #isBlind = false;

  /**
   * @param on.hint an absolute path that may have appeared, changed or gone
   * @param on.error from then on changes may go unnoticed
   */
  constructor(
    { root, program }: { readonly root: string; readonly program: string },
    on: { readonly hint: (path: string) => void; readonly error: (error: NodeJS.ErrnoException) => void },
  ) {
    this.#root = root;
    this.#program = program;
    this.#watcher = new FolderWatcher({
      hint: on.hint,
      error: (error) => {
        this.#isBlind = true;
        on.error(error);
      },
    });
  }

  /** How many are watched. */
  get folders(): number {
    return this.#watcher.size;
  }

  /** Whether nothing may be believed that nobody told of: the system watches no more folders, or too much was added. */
  get isDoubtful(): boolean {
    return this.#isBlind || this.#scopes.isLong;
  }

  /** Undefined for a path (absolute) that no build depends on. */
  roleOf(path: string): Role | undefined {
    return this.#scopes.roleOf(path);
  }

  /** Paths (absolute) of links that lead to this one. */
  linksTo(path: string): readonly string[] {
    return this.#scopes.linksTo(path);
  }

  /** Watches what a snapshot covers, and nothing else. */
  async coverSnapshot(
    covered: Parameters<typeof snapshotScope>[1],
    { lock, searched }: { readonly lock: string; readonly searched: string },
  ): Promise<void> {
    this.#scopes.set(snapshotScope(this.#root, covered, { lock, program: this.#program, searched }));
    await this.#watcher.set(this.#scopes.folders);
  }

  /**
   * Watches what a build of these targets depends on: `anew` and nothing else, or `also`. Gives what was written while
   * nobody looked (absolute).
   *
   * @param changedFolders whether folders were among what changed: there may be more to watch
   */
  async coverBuild(
    { session, folders: changedFolders }: { readonly session: Session; readonly folders: boolean },
    names: readonly string[],
    how: 'anew' | 'also',
  ): Promise<readonly string[]> {
    const { digester, layout, openedMs, lockPath: lock, pipeline } = session;
    const touched = digester.outline();
    const isNew =
      changedFolders ||
      touched.some((path) => this.#scopes.roleOf(path) === undefined) ||
      [...digester.listed()].some((path) => !this.#scopes.folders.has(path));
    if (how === 'also' && !isNew) return [];
    const scope = scopeOf({ pipeline, needed: names, touched, lock, program: this.#program });
    if (how === 'anew') this.#scopes.set(scope);
    else this.#scopes.add(scope);
    const added = await this.#watcher.set(this.#scopes.folders);
    if (added.size === 0) return [];
    return scope.changedSince(added, openedMs - Number(tickLength(layout)) / 1e6);
  }

  /** Watches the whole project as well, until a build is covered `anew`: nobody knows what the project depends on. */
  async coverAll(): Promise<void> {
    this.#scopes.widen(wideScope(this.#root));
    await this.#watcher.set(this.#scopes.folders);
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }
}
