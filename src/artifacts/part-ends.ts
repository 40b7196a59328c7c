import { closeSync, openSync, readSync } from 'node:fs';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { JoinedParts } from './joined-parts.js';

const LF = 0x0a;
/** So many bytes are read where several ends are likely among them: in the time of some twenty calls for one byte each. */
const WINDOW = 1 << 18;
/** Of longer parts each end is read alone. */
const NEAR = 1 << 15;

/** Where parts end in their bytes, which come one after the other in pieces of any length. */
export class PartEnds {
  readonly #parts: JoinedParts;
  readonly #sizes: Float64Array;
  #index = 0;
  /** Bytes of that part that are still to come. */
  #left: number;

  constructor(parts: JoinedParts) {
    this.#parts = parts;
    this.#sizes = parts.sizes();
    this.#left = this.#sizes[0] ?? 0;
  }

  /** @throws UserFacingError where a part that ends in the piece has no line end there. */
  check(piece: Uint8Array): void {
    this.#pass(piece.length, (at) => piece[at - 1]);
  }

  /** As if the first bytes of a file were a piece. */
  checkFile(path: string, bytes: number): void {
    if (bytes === 0) return;
    const file = openSync(path, 'r');
    const buffer = Buffer.allocUnsafe(WINDOW);
    let [start, end] = [0, 0];
    try {
      this.#pass(bytes, (at) => {
        if (at > end) {
          start = at - 1;
          const length = (this.#sizes[this.#index + 1] ?? Infinity) < NEAR ? WINDOW : 1;
          end = start + readSync(file, buffer, 0, length, start);
        }
        return at > end ? undefined : buffer[at - 1 - start];
      });
    } finally {
      closeSync(file);
    }
  }

  #pass(bytes: number, byteBefore: (at: number) => number | undefined): void {
    let at = 0;
    for (let size = this.#sizes[this.#index]; size !== undefined; size = this.#sizes[this.#index]) {
      if (this.#left > bytes - at) break;
      at += this.#left;
      // What has no bytes has no line to end.
      if (size > 0 && byteBefore(at) !== LF) throw new UserFacingError(artifactErrors.partWithoutLineEnd(this.#id()));
      this.#index++;
      this.#left = this.#sizes[this.#index] ?? 0;
    }
    this.#left -= bytes - at;
  }

  #id(): string {
    return [...this.#parts.all()][this.#index]?.id ?? '';
  }
}
