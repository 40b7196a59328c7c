import { closeSync, openSync, write } from 'node:fs';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';

/** Smaller pieces are gathered, for each write costs a trip to another thread. */
const SMALL = 256 << 10;
const GATHERED = 1 << 20;

/**
 * Appends to a new file on another thread, one write at a time, while the caller does something else.
 *
 *     open ──write…──> open ──finish──> closed
 *       └──discard───────────────────────> closed
 */
export class FileBehind {
  #file: number;
  #gathered = takeBuffer(GATHERED);
  #used = 0;
  /** The write at hand. */
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** Takes a piece once those before are written. It must stay as it is until the next call has come back. */
  async write(piece: Uint8Array): Promise<void> {
    if (piece.length < SMALL) {
      if (this.#used + piece.length > GATHERED) await this.#flush();
      this.#gathered.set(piece, this.#used);
      this.#used += piece.length;
      // What was given before may now change.
      await this.#writing;
      return;
    }
    await this.#flush();
    await this.#begin(piece);
  }

  /** Resolves when pieces that were given may change; small ones may still wait for others. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** Resolves when all that was given is in the file. */
  async flush(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.discard();
  }

  /** Closes the file, whatever has been written. */
  async discard(): Promise<void> {
    if (this.#file < 0) return;
    const file = this.#file;
    this.#file = -1;
    // Its number may be another file's as soon as it is closed.
    await this.#writing.catch(() => undefined);
    closeSync(file);
    giveBack(this.#gathered);
  }

  async #flush(): Promise<void> {
    if (this.#used === 0) return;
    const bytes = this.#gathered.subarray(0, this.#used);
    const full = this.#gathered;
    this.#gathered = takeBuffer(GATHERED);
    this.#used = 0;
    await this.#begin(bytes);
    void this.#writing.catch(() => undefined).then(() => giveBack(full));
  }

  /** Begins a write when the one before is done. */
  async #begin(bytes: Uint8Array): Promise<void> {
    await this.#writing;
    this.#writing = writeAll(this.#file, bytes);
    // Whoever writes next hears of it.
    this.#writing.catch(() => undefined);
  }
}

async function writeAll(file: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await new Promise<number>((resolve, reject) => {
      write(file, bytes, at, bytes.length - at, null, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  }
}
