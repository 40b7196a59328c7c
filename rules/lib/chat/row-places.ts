import { isText, isTrue } from './canonical-walk.js';
import { OPEN_OBJECT, QUOTE } from './json-bytes.js';
import { parseJsonText } from './json-text.js';
import type { JsonValue } from './json-value.js';

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** Tells of the values at some paths of a canonical row by where they stand. */
export abstract class RowPlaces {
  protected text: Buffer = Buffer.alloc(0);
  /** By path where the value begins and ends, the last of them where it leads to several; -1 where there is none. */
  protected readonly starts: Int32Array;
  protected readonly ends: Int32Array;

  constructor(paths: number) {
    this.starts = new Int32Array(paths).fill(-1);
    this.ends = new Int32Array(paths);
  }

  /** Visits all values at the paths, in the order in which they end. */
  abstract each(visit: (path: number, start: number, end: number) => void): void;

  /** How many UTF-16 units a string has that was visited, without making it. */
  abstract stringLength(start: number, end: number): number;

  /** The value at a path; the last of them where it leads to several. */
  value(path: number): JsonValue | undefined {
    const text = this.jsonText(path);
    if (text === undefined) return undefined;
    // What is most usual; the text is canonical.
    if (text === 'true' || text === 'false') return text === 'true';
    if (text === '[]') return [];
    if (text.startsWith('"') && !text.includes('\\')) return text.slice(1, -1);
    return parseJsonText(text);
  }

  /** The value at a path as `jsonText` writes it; the last of them where it leads to several. */
  jsonText(path: number): string | undefined {
    const start = this.starts[path] ?? -1;
    return start < 0 ? undefined : this.text.toString('utf8', start, this.ends[path]);
  }

  /** The bytes of that. */
  bytes(path: number): Buffer | undefined {
    const start = this.starts[path] ?? -1;
    return start < 0 ? undefined : this.text.subarray(start, this.ends[path]);
  }

  /** Whether the value at a path is true, as `isTruthy` has it. */
  isTrue(path: number): boolean {
    const start = this.starts[path] ?? -1;
    return start >= 0 && isTrue(this.text, start, this.ends[path] as number);
  }

  /** Whether what stands from an index up to another is this ASCII text. */
  is(start: number, end: number, text: string): boolean {
    return isText(this.text, start, end, text);
  }

  /** Whether the value that begins at an index is a string. */
  isString(start: number): boolean {
    return this.text[start] === QUOTE;
  }

  isObject(start: number): boolean {
    return this.text[start] === OPEN_OBJECT;
  }

  /** The string from an index up to another, which is one that was visited. */
  string(start: number, end: number): string {
    const text = this.text.toString('utf8', start + 1, end - 1);
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
  }

  /** The first UTF-16 units of such a string, one more where that ends a pair. */
  head(start: number, end: number, units: number): string {
    let at = start + 1;
    for (let left = units; left > 0 && at < end - 1; left--) {
      const byte = this.text[at] as number;
      if (byte === BACKSLASH) at += this.text[at + 1] === LETTER_U ? 6 : 2;
      else at += byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      if (byte >= 0xf0) left--;
    }
    return this.string(start, at + 1);
  }

  /** The first characters of such a string that has ASCII alone, and no escapes. */
  asciiHead(start: number, length: number): string {
    return this.text.toString('latin1', start + 1, start + 1 + length);
  }
}
