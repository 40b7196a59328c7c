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
   * The wanted members of the row that is a line; undefined for a line that is not canonical, and for some that are: then
   * `readMembers` and `writeCanonicalLine` tell.
   */
  members(line: Buffer): JsonMap | undefined {
    if (line[0] !== OPEN_OBJECT || !isUtf8(line)) return undefined;
    const row: JsonMap = new Map<string, JsonValue>();
    try {
      this.json.open(line, 0, line.length);
      return this.collect(line, 0, this.wanted, row) === line.length ? row : undefined;
    } catch (error) {
      if (error instanceof Unusual) return undefined;
      throw error;
    }
  }

  /** Passes an object, adding what is wanted of it to a map. */
  private collect(text: Buffer, start: number, wanted: readonly Wanted[], into: JsonMap): number {
    const found: { readonly member: Wanted; readonly start: number; readonly end: number }[] = [];
    const end = this.json.canonical(start, (key, keyEnd, value, after) => {
      for (const member of wanted)
        if (isKey(text, key, keyEnd, member.key)) found.push({ member, start: value, end: after });
    });
    // Only now: members are looked into in the order in which the line has them, after all of it is found canonical.
    for (const { member, start, end } of found) into.set(member.key, this.value(text, member, start, end));
    return end;
  }

  private value(text: Buffer, { inner }: Wanted, start: number, end: number): JsonValue {
    if (inner !== undefined && text[start] === OPEN_OBJECT) {
      const map: JsonMap = new Map<string, JsonValue>();
      this.json.rewind();
      this.collect(text, start, inner, map);
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
