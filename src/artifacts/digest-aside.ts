import { createHash, type Hash } from 'node:crypto';
import { sha256, sha256Aside, type Digest } from '../base/digest.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';

/** Less is digested before another thread has heard of it. */
const LITTLE = 64 << 10;

/**
 * Digests bytes that come in pieces: gathered, and then on another thread while the caller goes on; but as they come where
 * they are more than can be gathered.
 */
export class DigestAside {
  #gathered: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  #hash: Hash | undefined;

  constructor(private readonly most: number) {}

  update(bytes: Uint8Array): void {
    if (this.#hash === undefined && this.#used + bytes.length > this.most) {
      this.#hash = createHash('sha256').update(this.#taken());
      this.#letGo();
    }
    if (this.#hash !== undefined) {
      this.#hash.update(bytes);
      return;
    }
    this.#gathered ??= takeBuffer(this.most);
    this.#gathered.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Of all bytes; called once, after the last of them. */
  async digest(): Promise<Digest> {
    if (this.#hash !== undefined) return `sha256:${this.#hash.digest('hex')}`;
    try {
      const bytes = this.#taken();
      return bytes.length < LITTLE ? sha256(bytes) : await sha256Aside(bytes);
    } finally {
      this.#letGo();
    }
  }

  #taken(): Buffer<ArrayBuffer> {
    return (this.#gathered ?? Buffer.alloc(0)).subarray(0, this.#used);
  }

  #letGo(): void {
    if (this.#gathered !== undefined) giveBack(this.#gathered);
    this.#gathered = undefined;
  }
}
