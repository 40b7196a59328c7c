import { fstatSync } from 'node:fs';

/** Times younger than this could be the same after another write: no file system counts in longer steps. */
export const STEP_MS = 2_000;

/**
 * Names the content of an open file by its stat: while two looks give the same text, nothing was written in between.
 * Undefined while the last write is so young that another one could have its time.
 */
export function momentOfFile(file: number): string | undefined {
  const { size, mtimeNs, ctimeNs, ino } = fstatSync(file, { bigint: true });
  const youngestMs = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
  return youngestMs > Date.now() - STEP_MS ? undefined : [size, mtimeNs, ctimeNs, ino].join(' ');
}
