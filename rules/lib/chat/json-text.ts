import { numberText } from './json-number.js';
import { controlIn, JsonReader } from './json-reader.js';
import { isDouble, type JsonValue } from './json-value.js';

/** What `jsonText` writes: values that were read, plain JavaScript values, and any mix of them. */
export type Writable =
  JsonValue | readonly Writable[] | ReadonlyMap<string, Writable> | { readonly [key: string]: Writable | undefined };

/**
 * Reads one JSON value as Python's `json.loads` does.
 *
 * @throws JsonSyntaxError for anything else than one value between blanks.
 */
export function parseJsonText(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value();
  reader.end();
  return value;
}

/** The value, or undefined where the text is not JSON. */
export function tryParseJsonText(text: string): JsonValue | undefined {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}

/**
 * The text that Python's `json.dumps(value, ensure_ascii=False)` gives, lone surrogates escaped.
 *
 * A plain number is written as an integer where it is a safe one (`1`, not `1.0`), else as a double; wrap it in
 * `jsonDouble` to have `1.0`. Members that are undefined are left out.
 *
 * @param indent as Python's `indent`: one item a line, so many spaces a level.
 */
export function jsonText(value: Writable, indent?: number): string {
  return indent === undefined ? compact(value) : indented(value, ' '.repeat(indent), '\n');
}

function compact(value: Writable): string {
  let text = '';
  writeJsonText(value, (piece) => (text += piece));
  return text;
}

/** The same text piece by piece: a long string is a piece of its own, and is not copied. */
export function writeJsonText(value: Writable, write: (piece: string) => void): void {
  if (typeof value === 'string') {
    writeString(value, write);
  } else if (Array.isArray(value)) {
    write('[');
    for (let i = 0; i < value.length; i++) {
      if (i > 0) write(', ');
      writeJsonText(value[i] as Writable, write);
    }
    write(']');
  } else if (isObject(value)) {
    let separator = '{';
    for (const [key, item] of members(value)) {
      if (item === undefined) continue;
      write(`${separator}${JSON.stringify(key)}: `);
      writeJsonText(item, write);
      separator = ', ';
    }
    write(separator === '{' ? '{}' : '}');
  } else {
    write(scalar(value));
  }
}

function indented(value: Writable, step: string, line: string): string {
  const inner = line + step;
  const lines: string[] = [];
  let brackets = '[]';
  if (Array.isArray(value)) {
    for (const item of value as readonly Writable[]) lines.push(inner + indented(item, step, inner));
  } else if (isObject(value)) {
    brackets = '{}';
    for (const [key, item] of members(value)) {
      if (item !== undefined) lines.push(`${inner}${JSON.stringify(key)}: ${indented(item, step, inner)}`);
    }
  } else {
    return compact(value);
  }
  return lines.length === 0 ? brackets : brackets.charAt(0) + lines.join(',') + line + brackets.charAt(1);
}

/** From here on, searching for what must be escaped and finding nothing beats escaping. */
const LONG = 400;

/** So much is escaped at once: a long text as a whole would be held once more. */
const PIECE = 1 << 16;

const LONE_SURROGATE = /\p{Surrogate}/u;

function writeString(text: string, write: (piece: string) => void): void {
  const isPlain =
    text.length >= LONG &&
    !text.includes('"') &&
    !text.includes('\\') &&
    !LONE_SURROGATE.test(text) &&
    controlIn(text, 0, text.length) < 0;
  if (isPlain) {
    write('"');
    write(text);
    write('"');
  } else if (text.length <= PIECE) {
    write(JSON.stringify(text));
  } else {
    write('"');
    for (let start = 0; start < text.length;) {
      let end = Math.min(start + PIECE, text.length);
      // Both halves of a pair, or they would be written as what has no partner.
      if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++;
      write(JSON.stringify(text.slice(start, end)).slice(1, -1));
      start = end;
    }
    write('"');
  }
}

type WritableObject = ReadonlyMap<string, Writable> | { readonly [key: string]: Writable | undefined };

function isObject(value: Writable): value is WritableObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isDouble(value);
}

function members(value: WritableObject): Iterable<readonly [string, Writable | undefined]> {
  return value instanceof Map ? (value as ReadonlyMap<string, Writable>) : Object.entries(value);
}

function scalar(value: Writable): string {
  if (typeof value === 'number' || typeof value === 'bigint' || isDouble(value)) return numberText(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  throw new TypeError(`${typeof value} is not JSON`);
}
