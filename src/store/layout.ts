import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexOf, sha256 } from '../base/digest.js';
import { systemErrorCode } from '../base/system-error.js';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { storeErrors } from '../diagnostics/store.js';

/** Where things are in `cache/`. All absolute. */
export interface CacheLayout {
  readonly root: string;
  readonly cache: string;
  readonly objects: string;
  /** File. */
  readonly index: string;
  /** File. */
  readonly answers: string;
  readonly locks: string;
  readonly stage: string;
  readonly rules: string;
  readonly databases: string;
  readonly logs: string;
  readonly aside: string;
  /** File. */
  readonly snapshot: string;
}

export function cacheLayout(root: string): CacheLayout {
  const cache = join(root, 'cache');
  return {
    root,
    cache,
    objects: join(cache, 'objects'),
    index: join(cache, 'index.db'),
    answers: join(cache, 'answers.db'),
    locks: join(cache, 'locks'),
    stage: join(cache, 'stage'),
    rules: join(cache, 'rules'),
    databases: databasesFolder(cache),
    logs: join(cache, 'logs'),
    aside: join(cache, 'aside'),
    snapshot: join(cache, 'snapshot'),
  };
}

/** Where it is remembered what databases held. */
export function databasesFolder(cache: string): string {
  return join(cache, 'databases');
}

/** The log of a target in one run. A long name (a matrix of many keys) ends in a digest: file names have 255 bytes. */
export function logPath(layout: CacheLayout, run: string, target: string): string {
  const name = target.length <= 200 ? target : `${target.slice(0, 150)}-${hexOf(sha256(target))}`;
  return join(layout.logs, run, `${name}.log`);
}

/** By https://bford.info/cachedir/: backup programs leave out a folder whose tag starts with these 43 bytes. */
const TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache made by vlmbuild. All of it but answers.db can be made again.
`;

/**
 * Makes the folders and the tag that are not there yet.
 *
 * @throws UserFacingError where `cache/` cannot be made or written.
 */
export function prepareCache(layout: CacheLayout): void {
  try {
    for (const folder of [
      layout.cache,
      layout.objects,
      layout.locks,
      layout.stage,
      layout.rules,
      layout.logs,
      layout.aside,
    ])
      mkdirSync(folder, { recursive: true });
    accessSync(layout.cache, constants.W_OK | constants.X_OK);
    const tag = join(layout.cache, 'CACHEDIR.TAG');
    try {
      // To try and make it waits for whoever writes into the folder.
      if (!existsSync(tag)) writeFileSync(tag, TAG, { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  } catch (error) {
    throw cacheUnusable(error, layout.cache);
  }
}

/** What to say of a file system's error in `cache/`: nothing is wrong with the pipeline, so the exit code is 1. */
export function cacheUnusable(error: unknown, fallback: string): UserFacingError {
  const { path = fallback } = error as NodeJS.ErrnoException;
  const code = systemErrorCode(error) ?? 'unknown';
  const diagnostic =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? storeErrors.diskFull({ path })
      : storeErrors.cacheNotWritable({ path, problem: code });
  return new UserFacingError(diagnostic, EXIT.failed);
}
