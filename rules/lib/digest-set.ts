/** Bytes of a digest: of a SHA-256 so many tell a billion texts apart. */
const DIGEST_BYTES = 16;

const WORDS = DIGEST_BYTES / 4;
/** A table is made twice as large when it is so full. */
const FULL = 0.75;

/**
 * Digests that were seen, in a hash table of their bytes: some 30 bytes each, where a `Set` of texts has a hundred, which
 * the collector of garbage goes through.
 *
 * Open addressing with linear probing: the digest stands at the place that its first word says, or behind it, with nothing
 * empty in between. https://en.wikipedia.org/wiki/Linear_probing
 */
export class DigestSet {
  #slots: number;
  #words: Uint32Array;
  #size = 0;
  /** A slot of zeros is empty: the digest of zeros is told here. */
  #hasZero = false;

  /** @param slots a power of two */
  constructor(slots = 1024) {
    this.#slots = slots;
    this.#words = new Uint32Array(slots * WORDS);
  }

  /** False where it was there. @param digest its first 16 bytes count. */
  add(digest: Buffer): boolean {
    const [a, b] = [digest.readUInt32LE(0), digest.readUInt32LE(4)];
    const [c, d] = [digest.readUInt32LE(8), digest.readUInt32LE(12)];
    if ((a | b | c | d) === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    if (!this.#put(a, b, c, d)) return false;
    if (++this.#size > FULL * this.#slots) this.#grow();
    return true;
  }

  #put(a: number, b: number, c: number, d: number): boolean {
    const words = this.#words;
    for (let slot = a & (this.#slots - 1); ; slot = (slot + 1) & (this.#slots - 1)) {
      const at = slot * WORDS;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return false;
      if (
        ((words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) ===
        0
      ) {
        words[at] = a;
        words[at + 1] = b;
        words[at + 2] = c;
        words[at + 3] = d;
        return true;
      }
    }
  }

  #grow(): void {
    const before = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < before.length; at += WORDS) {
      const [a, b, c, d] = [before[at], before[at + 1], before[at + 2], before[at + 3]] as [
        number,
        number,
        number,
        number,
      ];
      if ((a | b | c | d) !== 0) this.#put(a, b, c, d);
    }
  }
}
