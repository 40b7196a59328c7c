import type { CacheLayout } from './layout.js';

export interface FileSystemTime {
  /** The file system's own now, nanoseconds since 1970. */
  readonly nowNs: bigint;
  /** How far apart two of its times are at least. */
  readonly tickNs: bigint;
}

export function tick(layout: CacheLayout): FileSystemTime {
  throw new Error(`not written yet ${layout.cache}`);
}

/** Resolves when a time taken now is older than the file system's now by more than a tick. */
export async function waitOneTick(layout: CacheLayout): Promise<FileSystemTime> {
  throw new Error(`not written yet ${layout.cache}`);
}
