/** The most bytes a blob has: what is longer is a list. So any blob is read, checked and written in one piece. */
export const EXTENT_BYTES = 4 * 1024 * 1024;

/** No extent is shorter, but for the last one of a file. */
const LEAST = 256 * 1024;
/** From there on one byte in 2^18 ends an extent: the mean is 512 KiB. */
const SHIFT = 32 - 18;
/** The hash forgets a byte after so many more. */
const WINDOW = 32;

/** Gear hashing (Xia et al., FastCDC, USENIX ATC 2016): a random number a byte value, always the same ones. */
const GEAR = gear();

/**
 * Where the extent that begins at `from` ends. The bytes just before an end decide it, so that what is inserted, removed
 * or appended changes the extents around it and no others: of two versions of a file only what differs is stored twice.
 *
 * @param bytes at least EXTENT_BYTES from `from` on, or all there are
 */
export function endOfExtent(bytes: Uint8Array, from: number): number {
  const most = Math.min(bytes.length, from + EXTENT_BYTES);
  const least = from + LEAST;
  if (most <= least) return most;
  let hash = 0;
  for (let i = least - WINDOW; i < least; i++) hash = ((hash << 1) + (GEAR[bytes[i] ?? 0] ?? 0)) | 0;
  for (let i = least; i < most; i++) {
    if (hash >>> SHIFT === 0) return i;
    hash = ((hash << 1) + (GEAR[bytes[i] ?? 0] ?? 0)) | 0;
  }
  return most;
}

function gear(): Int32Array {
  const table = new Int32Array(256);
  // A linear congruential generator with the constants of Numerical Recipes; its low bits are weak and not used.
  let state = 1;
  for (let i = 0; i < table.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const high = state >>> 16;
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    table[i] = (high << 16) | (state >>> 16);
  }
  return table;
}
