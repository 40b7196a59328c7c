import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../base/names-in.js';
import { compareBytes } from '../base/order.js';
import { systemErrorCode } from '../base/system-error.js';
import { lockFileSync, tryLockExistingFile, type FileLock } from './file-lock.js';
import { waitForCollector } from './gc-lock.js';
import type { CacheLayout } from './layout.js';
import { explainSqlite, sqliteCode } from './sqlite.js';

/** A run's own lock: while it is held, nobody sweeps the run's stage. */
export interface RunLock {
  readonly run: string;
  /** The run's stage folder: there, and empty at first. */
  readonly stage: string;
  /** Removes the stage and frees the lock. Again: does nothing. */
  release(): void;
}

const LOCK_SUFFIX = '.lock';

/** Older temporary files are nobody's: writing one takes seconds at most. */
const TEMPORARY_AGE_MS = 3_600_000;

/** `run` is an id that no other run has or had. */
export function acquireRunLock(layout: CacheLayout, run: string): RunLock {
  const stage = join(layout.stage, run);
  const lockPath = stage + LOCK_SUFFIX;
  try {
    for (;;) {
      const lock = lockFileSync(lockPath);
      // A sweeper that came between the making of the file and its locking has removed it: then what is locked here is
      // a file without a name, which no later sweeper would see. (Sweepers make none: one of that name is this one.)
      if (!existsSync(lockPath)) {
        lock.release();
        continue;
      }
      waitForCollector(layout);
      mkdirSync(stage, { recursive: true });
      let held = true;
      return {
        run,
        stage,
        release: () => {
          if (!held) return;
          held = false;
          rmSync(stage, { recursive: true, force: true });
          rmSync(lockPath, { force: true });
          lock.release();
        },
      };
    }
  } catch (error) {
    throw explainSqlite(error, lockPath);
  }
}

/**
 * Removes what dead runs left: stages whose run's lock is free, and old temporary files.
 * Returns the ids of those runs, in byte order.
 */
export function sweepStages(layout: CacheLayout): string[] {
  const runs = new Set<string>();
  for (const name of namesIn(layout.stage))
    runs.add(name.endsWith(LOCK_SUFFIX) ? name.slice(0, -LOCK_SUFFIX.length) : name);
  const swept: string[] = [];
  for (const run of [...runs].sort(compareBytes)) {
    const lockPath = join(layout.stage, run + LOCK_SUFFIX);
    const lock = lockOfDead(lockPath);
    if (lock === 'held') continue;
    const gone = removed(join(layout.stage, run)) && removed(lockPath);
    lock?.release();
    if (gone) swept.push(run);
  }
  sweepTemporary(layout);
  return swept;
}

/** Of a stage without a lock nobody lives: the lock comes first and goes last. */
function lockOfDead(path: string): FileLock | 'held' | undefined {
  try {
    return tryLockExistingFile(path) ?? 'held';
  } catch (error) {
    if (sqliteCode(error) === 'SQLITE_CANTOPEN' && !existsSync(path)) return undefined;
    throw error;
  }
}

/** The ids of the runs that are under way. Sweeps what dead runs left. */
export function activeRuns(layout: CacheLayout): string[] {
  sweepStages(layout);
  return namesIn(layout.stage)
    .filter((name) => name.endsWith(LOCK_SUFFIX))
    .map((name) => name.slice(0, -LOCK_SUFFIX.length))
    .sort(compareBytes);
}

/**
 * A process that its killed vlmbuild left behind may still write there for a moment, or the disk be in trouble: then a
 * later sweep removes it. What dead runs left is no reason to fail.
 */
function removed(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

function sweepTemporary(layout: CacheLayout): void {
  const temporary = join(layout.objects, 'tmp');
  const paths = [
    ...namesIn(temporary).map((name) => join(temporary, name)),
    ...[layout.rules, layout.databases, layout.cache].flatMap((folder) =>
      namesIn(folder)
        .filter((name) => name.endsWith('.tmp'))
        .map((name) => join(folder, name)),
    ),
  ];
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > TEMPORARY_AGE_MS) removed(path);
  }
}
