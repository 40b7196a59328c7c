/** What is smaller is quickly made and soon collected. */
const SMALL = 256 << 10;
const MOST_SPARES = 3;
/** As much as a block, an extent or a held output has at the most. */
const LENGTH = 4 << 20;

/**
 * Buffers of `LENGTH` that are used again. The collector lets some 64 MB of such memory pile up before it
 * looks, and fresh memory costs a page fault for every 4 KiB of it.
 */
const spares: Buffer<ArrayBuffer>[] = [];

/** A buffer of at least so many bytes; what it holds is anything. */
export function takeBuffer(bytes: number): Buffer<ArrayBuffer> {
  if (bytes <= SMALL) return Buffer.allocUnsafe(bytes);
  return bytes > LENGTH ? Buffer.allocUnsafeSlow(bytes) : (spares.pop() ?? Buffer.allocUnsafeSlow(LENGTH));
}

/** Says that nobody reads or writes a buffer of `takeBuffer` any more. */
export function giveBack(buffer: Buffer<ArrayBuffer>): void {
  if (buffer.length === LENGTH && spares.length < MOST_SPARES) spares.push(buffer);
}
