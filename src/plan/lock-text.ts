import { printName } from './block-text.js';
import { LOCK_VERSION, parseLock, printTarget, type LockedTarget, type LockFile } from './lock-file.js';

/**
 * A lock as it stands in its file, of which only some blocks are wanted: with 10,000 targets it has 3 MB. Only of a text
 * that was read whole before, and printed by us.
 */
export class LockText {
  readonly #text: string;
  readonly #path: string;

  /** @param path what messages show */
  constructor(text: string, path: string) {
    this.#text = text;
    this.#path = path;
  }

  /** The blocks of these targets alone. @throws UserFacingError as `parseLock` */
  only(names: Iterable<string>): LockFile {
    const blocks = [...names].flatMap((name) => {
      const place = this.#place(name);
      return place === undefined ? [] : [this.#text.slice(...place)];
    });
    if (blocks.length === 0) return { version: LOCK_VERSION, targets: {} };
    return parseLock(`version: ${LOCK_VERSION}\ntargets:\n${blocks.join('')}`, this.#path);
  }

  /** The text with these blocks replaced; undefined where one of them is not in it yet. */
  with(targets: Readonly<Record<string, LockedTarget>>): string | undefined {
    const replaced: { readonly start: number; readonly end: number; readonly block: string }[] = [];
    for (const [name, target] of Object.entries(targets)) {
      const place = this.#place(name);
      if (place === undefined) return undefined;
      replaced.push({ start: place[0], end: place[1], block: printTarget(name, target) });
    }
    replaced.sort((a, b) => a.start - b.start);
    const pieces: string[] = [];
    let done = 0;
    for (const { start, end, block } of replaced) {
      pieces.push(this.#text.slice(done, start), block);
      done = end;
    }
    return pieces.join('') + this.#text.slice(done);
  }

  /** From its name's line up to the next target's. */
  #place(name: string): [start: number, end: number] | undefined {
    const before = this.#text.indexOf(`\n  ${printName(name)}\n`);
    if (before < 0) return undefined;
    const start = before + 1;
    for (let end = this.#text.indexOf('\n  ', start + 3); end >= 0; end = this.#text.indexOf('\n  ', end + 1))
      if (this.#text[end + 3] !== ' ') return [start, end + 1];
    return [start, this.#text.length];
  }
}
