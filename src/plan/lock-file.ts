import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import type { Target } from '../config/pipeline.js';
import type { Fingerprint, InputPrint } from './fingerprint.js';

/** Raised when the meaning of the file changes; a newer file is refused. */
export const LOCK_VERSION = 1;

/** The committed record of a build: `pipeline.lock`. */
export interface LockFile {
  readonly version: typeof LOCK_VERSION;
  readonly targets: Readonly<Record<string, LockedTarget>>;
}

export interface LockedTarget {
  /** A rule's name and code digest, or a command's text and tools. */
  readonly rule?: string;
  readonly code?: Digest;
  readonly command?: string;
  readonly tools?: Readonly<Record<string, string>>;
  readonly key: Digest;
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, InputPrint>>;
  readonly outputs: Readonly<Record<string, Digest>>;
  /** The reason given to `accept`. */
  readonly accepted?: string;
  /** `97 of 100`: assembled without the parts that failed. Such a target is tried again, never believed. */
  readonly partial?: string;
}

/** `pipeline.yaml` → `pipeline.lock`, `other.yaml` → `other.lock`. */
export function lockPath(pipelineFile: string): string {
  return `${pipelineFile.replace(/\.ya?ml$/, '')}.lock`;
}

/**
 * The lock as read; undefined where there is none.
 *
 * @throws UserFacingError, located, for a file that is broken, has merge conflicts, or is of a newer version.
 */
export function readLock(path: string): LockFile | undefined {
  throw new Error(`not there yet: ${path}`);
}

/** The one text of a lock. */
export function printLock(lock: LockFile): string {
  throw new Error(`not there yet: ${lock.version}`);
}

export function lockedTarget(
  target: Target,
  fingerprint: Fingerprint,
  outputs: Readonly<Record<string, Digest>>,
  extra: {
    readonly accepted?: string;
    readonly parts?: { readonly total: number; readonly failed: number } | null;
  } = {},
): LockedTarget {
  throw new Error(
    `not there yet: ${target.name} ${fingerprint.format} ${Object.keys(outputs).join()} ${String(extra)}`,
  );
}

/** The present lock, with the blocks of succeeded targets replaced and those of vanished targets dropped. */
export function nextLock(
  present: LockFile | undefined,
  succeeded: Readonly<Record<string, LockedTarget>>,
  exists: (target: string) => boolean,
): LockFile {
  throw new Error(`not there yet: ${String(present)} ${String(succeeded)} ${String(exists)}`);
}
