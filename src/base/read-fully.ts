import { readSync } from 'node:fs';

/**
 * Reads until the buffer is full or the file ends; returns how many bytes. A single read may give fewer than there are.
 * `position`: where in the file; `null` to go on where the last read ended.
 */
export function readFully(file: number, buffer: Uint8Array, position: number | null): number {
  let used = 0;
  while (used < buffer.length) {
    const at = position === null ? null : position + used;
    const count = readSync(file, buffer, used, buffer.length - used, at);
    if (count === 0) break;
    used += count;
  }
  return used;
}
