import { printName } from './block-text.js';
import { LOCK_VERSION, parseLock, printTarget, type LockedTarget, type LockFile } from './lock-file.js';

const SPACE = 0x20;

/**
 * A lock as it stands in its file, of which only some blocks are wanted: with 10,000 targets it has 3 MB. Only of bytes
 * that were read whole before, and printed by us.
 */
export class LockText {
  readonly #bytes: Buffer;
  readonly #path: string;

  /** @param path what messages show */
  constructor(bytes: Buffer, path: string) {
    this.#bytes = bytes;
    this.#path = path;
  }

  /** The blocks of these targets alone. @throws UserFacingError as `parseLock` */
  only(names: Iterable<string>): LockFile {
    const blocks = [...names].flatMap((name) => {
      const place = this.#place(name);
      return place === undefined ? [] : [this.#bytes.toString('utf8', ...place)];
    });
    if (blocks.length === 0) return { version: LOCK_VERSION, targets: {} };
    return parseLock(`version: ${LOCK_VERSION}\ntargets:\n${blocks.join('')}`, this.#path);
  }

  /** The bytes with these blocks replaced; undefined where one of them is not in it yet. */
  with(targets: Readonly<Record<string, LockedTarget>>): Buffer | undefined {
    const replaced: { readonly start: number; readonly end: number; readonly block: Buffer }[] = [];
    for (const [name, target] of Object.entries(targets)) {
      const place = this.#place(name);
      if (place === undefined) return undefined;
      replaced.push({ start: place[0], end: place[1], block: Buffer.from(printTarget(name, target)) });
    }
    replaced.sort((a, b) => a.start - b.start);
    const pieces: Uint8Array[] = [];
    let done = 0;
    for (const { start, end, block } of replaced) {
      pieces.push(this.#bytes.subarray(done, start), block);
      done = end;
    }
    return Buffer.concat([...pieces, this.#bytes.subarray(done)]);
  }

  /** From its name's line up to the next target's. */
  #place(name: string): [start: number, end: number] | undefined {
    const before = this.#bytes.indexOf(`\n  ${printName(name)}\n`);
    if (before < 0) return undefined;
    const start = before + 1;
    for (let end = this.#bytes.indexOf('\n  ', start + 3); end >= 0; end = this.#bytes.indexOf('\n  ', end + 1))
      if (this.#bytes[end + 3] !== SPACE) return [start, end + 1];
    return [start, this.#bytes.length];
  }
}
