/** What is smaller is quickly made and soon collected. */
const SMALL = 256 << 10;
/** As much as a block of several lines, an extent or a held output has at the most. */
const LENGTH = 4 << 20;
const MOST_SPARES = 3;

/**
 * Buffers that are used again. The collector lets some 64 MB of such memory pile up before it looks, or a few buffers of
 * any size; and fresh memory costs a page fault for every 4 KiB of it.
 */
const spares: Buffer<ArrayBuffer>[] = [];
/** For one that is longer than most: the largest that was given back. */
let long: Buffer<ArrayBuffer> | undefined;

/** A buffer of at least so many bytes; what it holds is anything. */
export function takeBuffer(bytes: number): Buffer<ArrayBuffer> {
  if (bytes <= SMALL) return Buffer.allocUnsafe(bytes);
  if (bytes <= LENGTH) return spares.pop() ?? Buffer.allocUnsafeSlow(LENGTH);
  const spare = long;
  long = undefined;
  return spare !== undefined && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(bytes);
}

/** Says that nobody reads or writes a buffer of `takeBuffer` any more. */
export function giveBack(buffer: Buffer<ArrayBuffer>): void {
  if (buffer.length > LENGTH) {
    if (buffer.length > (long?.length ?? 0)) long = buffer;
  } else if (buffer.length === LENGTH && spares.length < MOST_SPARES) spares.push(buffer);
}

/** Says that none will be taken for a while. */
export function dropSpares(): void {
  spares.length = 0;
  long = undefined;
}
