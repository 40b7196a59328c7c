import { isUtf8 } from 'node:buffer';
import { JsonBytes, OPEN_OBJECT, Unusual } from './json-bytes.js';
import { parseJsonText } from './json-text.js';
import type { JsonMap, JsonValue } from './json-value.js';

/** Members of a row to read: all of each, or of an object only some members. */
export type WantedMembers = Readonly<Record<string, 'all' | readonly string[]>>;

const LETTER_T = 0x74;
const LETTER_F = 0x66;

/** Reads members of rows whose lines are written just as `writeCanonicalLine` writes them, passing over all others. */
export class RowBytes {
  private readonly json = new JsonBytes();
  private readonly wanted: readonly Wanted[];

  constructor(wanted: WantedMembers) {
    this.wanted = Object.entries(wanted).map(([key, inner]) => ({
      ...wantedAll(key),
      inner: inner === 'all' ? undefined : inner.map(wantedAll),
    }));
  }

  /**
   * The wanted members; undefined for a line that is not canonical, and for some that are: then `readMembers` and
   * `writeCanonicalLine` tell.
   */
  members(line: Buffer): JsonMap | undefined {
    if (line[0] !== OPEN_OBJECT || !isUtf8(line)) return undefined;
    try {
      this.json.open(line, 0, line.length);
      const row: JsonMap = new Map<string, JsonValue>();
      return this.collect(0, this.wanted, row) === line.length ? row : undefined;
    } catch (error) {
      if (error instanceof Unusual) return undefined;
      throw error;
    }
  }

  /** Passes an object, adding what is wanted of it to a map. */
  private collect(start: number, wanted: readonly Wanted[], into: JsonMap): number {
    const { json } = this;
    const found: { readonly member: Wanted; readonly start: number; readonly end: number }[] = [];
    const end = json.canonical(start, (key, value, after) => {
      for (const member of wanted) {
        if (json.matches(key + 1, member.quoted)) found.push({ member, start: value, end: after });
      }
    });
    // Only now: members are looked into in the order in which the line has them, after all of it is found canonical.
    for (const { member, start, end } of found) into.set(member.key, this.value(member, start, end));
    return end;
  }

  private value({ inner }: Wanted, start: number, end: number): JsonValue {
    const { bytes } = this.json;
    if (inner !== undefined && bytes[start] === OPEN_OBJECT) {
      const map: JsonMap = new Map<string, JsonValue>();
      this.json.rewind();
      this.collect(start, inner, map);
      return map;
    }
    if (bytes[start] === LETTER_T || bytes[start] === LETTER_F) return bytes[start] === LETTER_T;
    return parseJsonText(bytes.toString('utf8', start, end));
  }
}

interface Wanted {
  readonly key: string;
  /** The key and the quote that ends it. */
  readonly quoted: string;
  readonly inner?: readonly Wanted[] | undefined;
}

function wantedAll(key: string): Wanted {
  return { key, quoted: `${key}"` };
}
