import { isAscii } from 'node:buffer';
import { EACH, type RowPath } from './canonical-kernel.js';
import { stringEnd, valueEnd } from './canonical-walk.js';
import { CLOSE_LIST, CLOSE_OBJECT, COMMA, OPEN_LIST, OPEN_OBJECT } from './json-bytes.js';
import { RowPlaces } from './row-places.js';

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** From here on two searches beat a look at each byte. */
const LONG = 200;

type Visit = (path: number, start: number, end: number) => void;

/** Where paths go on from a value. */
interface Step {
  /** Those that end here. */
  readonly paths: number[];
  readonly members: { readonly key: Buffer; readonly step: Step }[];
  items: Step | undefined;
}

/**
 * Tells of rows that are known to be canonical as `CanonicalRows` does, but of any, whatever its length: nothing is made of
 * it but what is asked for.
 */
export class WalkedRow extends RowPlaces {
  private readonly first: Step;

  constructor(paths: readonly RowPath[]) {
    super(paths.length);
    this.first = stepsOf(paths);
  }

  /** Goes to a row. */
  at(row: Buffer): this {
    this.text = row;
    this.starts.fill(-1);
    this.each((path, start, end) => {
      this.starts[path] = start;
      this.ends[path] = end;
    });
    return this;
  }

  each(visit: Visit): void {
    this.walk(0, this.first, visit);
  }

  stringLength(start: number, end: number): number {
    const { text } = this;
    const inside = text.subarray(start + 1, end - 1);
    // As nearly all long ones are.
    if (inside.length > LONG && isAscii(inside) && !inside.includes(BACKSLASH)) return inside.length;
    let units = 0;
    for (let at = start + 1; at < end - 1;) {
      const byte = text[at] as number;
      if (byte === BACKSLASH) at += text[at + 1] === LETTER_U ? 6 : 2;
      else at++;
      // Bytes that go on a character count for nothing, and one of four bytes is a pair.
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    return units;
  }

  /** Passes the value that begins at an index. */
  private walk(start: number, { paths, members, items }: Step, visit: Visit): number {
    const { text } = this;
    const end =
      items !== undefined && text[start] === OPEN_LIST
        ? this.walkItems(start, items, visit)
        : members.length > 0 && text[start] === OPEN_OBJECT
          ? this.walkMembers(start, members, visit)
          : valueEnd(text, start);
    for (const path of paths) visit(path, start, end);
    return end;
  }

  private walkItems(start: number, step: Step, visit: Visit): number {
    const { text } = this;
    let at = start + 1;
    if (text[at] === CLOSE_LIST) return at + 1;
    while (text[(at = this.walk(at, step, visit))] === COMMA) at += 2;
    return at + 1;
  }

  private walkMembers(start: number, members: Step['members'], visit: Visit): number {
    const { text } = this;
    let at = start + 1;
    if (text[at] === CLOSE_OBJECT) return at + 1;
    for (;;) {
      const key = at;
      const keyEnd = stringEnd(text, at);
      const member = members.find((one) => isAt(one.key, text, key, keyEnd));
      const value = keyEnd + 2;
      at = member === undefined ? valueEnd(text, value) : this.walk(value, member.step, visit);
      if (text[at] !== COMMA) return at + 1;
      at += 2;
    }
  }
}

function isAt(key: Buffer, text: Buffer, start: number, end: number): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (text[start + i] !== key[i]) return false;
  return true;
}

function stepsOf(paths: readonly RowPath[]): Step {
  const newStep = (): Step => ({ paths: [], members: [], items: undefined });
  const first = newStep();
  for (const [index, path] of paths.entries()) {
    let step = first;
    for (const way of path) {
      if (way === EACH) {
        step = step.items ??= newStep();
        continue;
      }
      const key = Buffer.from(JSON.stringify(way));
      let member = step.members.find((one) => one.key.equals(key));
      if (member === undefined) step.members.push((member = { key, step: newStep() }));
      step = member.step;
    }
    step.paths.push(index);
  }
  return first;
}
