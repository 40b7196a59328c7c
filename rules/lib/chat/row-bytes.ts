import { isUtf8 } from 'node:buffer';
import { CanonicalKernel } from './canonical-kernel.js';
import { JsonBytes, LINE_FEED, type MemberTold, OPEN_OBJECT, Unusual } from './json-bytes.js';
import { parseJsonText } from './json-text.js';
import type { JsonMap, JsonValue } from './json-value.js';

/** Members of a row to read: all of each, or of an object only some members. */
export type WantedMembers = Readonly<Record<string, 'all' | readonly string[]>>;

/** Passes a canonical object, and tells of its members. */
interface Walker {
  canonical(at: number, member: MemberTold): number;
}

const LETTER_T = 0x74;
const LETTER_F = 0x66;

/** Reads members of rows whose lines are written just as `writeCanonicalLine` writes them, passing over all others. */
export class RowBytes {
  private readonly json = new JsonBytes();
  private readonly kernel: CanonicalKernel | null;
  private readonly wanted: readonly Wanted[];
  private text: Buffer = Buffer.alloc(0);
  private isUtf8 = false;

  /** @param kernel `null` to do without. */
  constructor(wanted: WantedMembers, kernel: CanonicalKernel | null = CanonicalKernel.get()) {
    this.kernel = kernel;
    this.wanted = Object.entries(wanted).map(([key, inner]) => ({
      ...wantedAll(key),
      inner: inner === 'all' ? undefined : inner.map(wantedAll),
    }));
  }

  /** Begins with the lines of another text. */
  open(text: Buffer): void {
    this.text = text;
    this.isUtf8 = isUtf8(text);
  }

  /**
   * The wanted members of the row that begins at an index of the text, if LF ends its line, or the text; and where that is.
   * Undefined where the quick way does not tell: `members` is to be asked then.
   */
  at(start: number): { readonly members: JsonMap; readonly end: number } | undefined {
    const { text, kernel } = this;
    if (!this.isUtf8 || kernel?.open(text) !== true) return undefined;
    const members: JsonMap = new Map<string, JsonValue>();
    const end = this.collected(kernel, text, start, members);
    return end === text.length || (end >= 0 && text[end] === LINE_FEED) ? { members, end } : undefined;
  }

  /**
   * The wanted members of the row that is a line; undefined for a line that is not canonical, and for some that are: then
   * `readMembers` and `writeCanonicalLine` tell.
   */
  members(line: Buffer): JsonMap | undefined {
    if (line[0] !== OPEN_OBJECT || !isUtf8(line)) return undefined;
    const row: JsonMap = new Map<string, JsonValue>();
    try {
      this.json.open(line, 0, line.length);
    } catch (error) {
      if (error instanceof Unusual) return undefined;
      throw error;
    }
    return this.collected(this.json, line, 0, row) === line.length ? row : undefined;
  }

  /** The index after the object, or -1. */
  private collected(walker: Walker, text: Buffer, start: number, row: JsonMap): number {
    try {
      return this.collect(walker, text, start, this.wanted, row);
    } catch (error) {
      if (error instanceof Unusual) return -1;
      throw error;
    }
  }

  /** Passes an object, adding what is wanted of it to a map. */
  private collect(walker: Walker, text: Buffer, start: number, wanted: readonly Wanted[], into: JsonMap): number {
    const found: { readonly member: Wanted; readonly start: number; readonly end: number }[] = [];
    const end = walker.canonical(start, (key, keyEnd, value, after) => {
      for (const member of wanted)
        if (isKey(text, key, keyEnd, member.key)) found.push({ member, start: value, end: after });
    });
    // Only now: members are looked into in the order in which the line has them, after all of it is found canonical.
    for (const { member, start, end } of found) into.set(member.key, this.value(walker, text, member, start, end));
    return end;
  }

  private value(walker: Walker, text: Buffer, { inner }: Wanted, start: number, end: number): JsonValue {
    if (inner !== undefined && text[start] === OPEN_OBJECT) {
      const map: JsonMap = new Map<string, JsonValue>();
      this.json.rewind();
      this.collect(walker, text, start, inner, map);
      return map;
    }
    if (text[start] === LETTER_T || text[start] === LETTER_F) return text[start] === LETTER_T;
    return parseJsonText(text.toString('utf8', start, end));
  }
}

interface Wanted {
  readonly key: string;
  readonly inner?: readonly Wanted[] | undefined;
}

function wantedAll(key: string): Wanted {
  return { key };
}

/** Whether a key, which has no escapes, is these ASCII characters. */
function isKey(text: Buffer, start: number, end: number, key: string): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (text[start + i] !== key.charCodeAt(i)) return false;
  return true;
}
