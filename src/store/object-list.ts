import { hexOf, sha256, type Digest } from '../base/digest.js';

/** A piece of a list: an object as a whole, or from `from` on some bytes of a blob. */
export interface Extent {
  /** Names the object that holds the bytes. */
  readonly sha256: Digest;
  readonly size: number;
  readonly from?: number;
  /** Of all bytes of the list up to the end of this piece, as far as that is known. */
  readonly through?: Digest;
}

/** Where bytes lie, one after the other: what lies next to each other in one object is one extent. */
export class Extents {
  readonly #all: { sha256: Digest; size: number; from?: number }[] = [];
  #size = 0;

  get all(): readonly Extent[] {
    return this.#all;
  }

  /** Of all bytes. */
  get size(): number {
    return this.#size;
  }

  /** @param from undefined for an object as a whole */
  add(sha256: Digest, size: number, from?: number): void {
    if (size === 0) return;
    this.#size += size;
    const last = this.#all.at(-1);
    if (from === undefined) this.#all.push({ sha256, size });
    else if (last?.from !== undefined && last.from + last.size === from && last.sha256 === sha256) last.size += size;
    else this.#all.push({ sha256, size, from });
  }
}

/**
 * The text of a list object:
 *
 *     vlmbuild list 3 SIZE sha256:DIGEST-OF-THE-LINES-BELOW
 *     HEX SIZE
 *     HEX SIZE FROM
 *     HEX SIZE FROM =HEX-THROUGH
 *     …
 *
 * The objects are checked one by one when they are read; the digest in the first line does the same for the list, so
 * that a line lost or changed is noticed before anything is delivered. Format 1 had no `FROM`, format 2 no `=HEX-THROUGH`.
 */
export function printList(extents: readonly Extent[], wholeSize: number): string {
  const body = extents
    .map(({ sha256, size, from, through }) => {
      const place = from === undefined ? '' : ` ${from}`;
      return `${hexOf(sha256)} ${size}${place}${through === undefined ? '' : ` =${hexOf(through)}`}\n`;
    })
    .join('');
  return `vlmbuild list 3 ${wholeSize} ${sha256(body)}\n${body}`;
}

/** Undefined where the text is not as it was printed. */
export function parseList(text: string): readonly Extent[] | undefined {
  const end = text.indexOf('\n');
  const [, size, digest] =
    /^vlmbuild list [123] (\d+) (sha256:[0-9a-f]{64})$/.exec(text.slice(0, Math.max(0, end))) ?? [];
  const body = text.slice(end + 1);
  if (size === undefined || sha256(body) !== digest) return undefined;
  return body
    .slice(0, -1)
    .split('\n')
    .map((line): Extent => {
      const [length, ...rest] = line.slice(65).split(' ');
      const through = rest.at(-1)?.startsWith('=') === true ? rest.pop()?.slice(1) : undefined;
      const [from] = rest;
      return {
        sha256: `sha256:${line.slice(0, 64)}`,
        size: Number(length),
        ...(from === undefined ? {} : { from: Number(from) }),
        ...(through === undefined ? {} : { through: `sha256:${through}` as const }),
      };
    });
}
