import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { atExit } from '../base/at-exit.js';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { storeErrors } from '../diagnostics/store.js';
import { copyDatabase } from './copy-database.js';
import { cacheLayout, cacheUnusable, type CacheLayout } from './layout.js';

/**
 * A `cache/` for whoever only reads, where the project's own cannot be written: SQLite writes beside a database to read it,
 * and rules run from a folder. What must be written is copied to a folder of its own, the rest is read where it is.
 * Whatever is recorded goes away with it.
 */
export class ReadableCache {
  readonly #folder: string;
  readonly #stay: () => void;

  private constructor(
    readonly layout: CacheLayout,
    folder: string,
  ) {
    this.#folder = folder;
    this.#stay = atExit(this.remove);
  }

  /** Undefined where the cache can be written. @throws UserFacingError where it cannot even be read or copied. */
  static of(layout: CacheLayout): ReadableCache | undefined {
    if (isWritable(layout)) return undefined;
    let cache: ReadableCache | undefined;
    try {
      const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-cache-'));
      cache = new ReadableCache(layoutIn(folder, layout), folder);
      cache.#fill(layout);
      return cache;
    } catch (error) {
      cache?.remove();
      throw error instanceof UserFacingError ? error : cacheUnusable(error, layout.cache);
    }
  }

  readonly remove = (): void => {
    this.#stay();
    rmSync(this.#folder, { recursive: true, force: true });
  };

  #fill({ index, answers, rules, objects, databases }: CacheLayout): void {
    const own = this.layout;
    mkdirSync(own.cache, { recursive: true });
    for (const [from, to] of [
      [index, own.index],
      [answers, own.answers],
    ] as const)
      if (!copyDatabase(from, to)) throw new UserFacingError(storeErrors.databaseBusy({ path: from }), EXIT.failed);
    if (existsSync(rules)) copyFiles(rules, own.rules);
    // Hosts look for these in the folder that they are given.
    for (const path of [objects, databases]) if (existsSync(path)) symlinkSync(path, join(own.cache, basename(path)));
  }
}

/** Large folders stay where they are; those that are not there would have to be made. */
function layoutIn(folder: string, layout: CacheLayout): CacheLayout {
  const own = cacheLayout(folder);
  const at = (name: 'objects' | 'databases' | 'logs' | 'aside' | 'stage'): string =>
    existsSync(layout[name]) ? layout[name] : own[name];
  return {
    ...own,
    root: layout.root,
    objects: at('objects'),
    databases: at('databases'),
    logs: at('logs'),
    aside: at('aside'),
    stage: at('stage'),
  };
}

/** Whether all can be written that commands write which build nothing. */
function isWritable({ root, cache, index, answers, locks, rules }: CacheLayout): boolean {
  if (!existsSync(cache)) return mayWrite(root);
  const files = [index, answers].flatMap((path) => SUFFIXES.map((suffix) => path + suffix));
  return [cache, locks, rules, join(cache, 'clock'), ...files].every((path) => !existsSync(path) || mayWrite(path));
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const SUFFIXES = ['', '-wal', '-shm'] as const;

/** Those of a folder without folders. Copies may be written, whatever the originals allow. */
function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) writeFileSync(join(to, name), readFileSync(join(from, name)));
}
