import { CLOSE_LIST, CLOSE_OBJECT, COMMA, OPEN_LIST, OPEN_OBJECT, QUOTE } from './json-bytes.js';

const BACKSLASH = 0x5c;
/** So far the end of a string is looked for byte by byte, for most are short. */
const NEAR = 160;

/** Where the string ends that begins at a quote, in JSON that is known to be right: the index behind its last quote. */
export function stringEnd(json: Buffer, start: number): number {
  let at = start + 1;
  for (const near = at + NEAR; at < near; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  for (;;) {
    const quote = json.indexOf(QUOTE, at);
    // Escaped by an odd number of backslashes: an even number are escapes of themselves.
    let before = quote;
    while (before > at && json[before - 1] === BACKSLASH) before--;
    if (((quote - before) & 1) === 0) return quote + 1;
    at = quote + 1;
  }
}

/** Where the value ends that begins at an index, in JSON that is known to be canonical. */
export function valueEnd(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; ;) {
    switch (json[at]) {
      case QUOTE:
        at = stringEnd(json, at);
        break;
      case OPEN_OBJECT:
      case OPEN_LIST:
        depth++;
        at++;
        continue;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        depth--;
        at++;
        break;
      default:
        // Separators between values, or a number or word.
        do at++;
        while (!endsScalar(json[at]));
    }
    if (depth === 0) return at;
  }
}

function endsScalar(byte: number | undefined): boolean {
  return (
    byte === COMMA ||
    byte === CLOSE_OBJECT ||
    byte === CLOSE_LIST ||
    byte === QUOTE ||
    byte === OPEN_OBJECT ||
    byte === OPEN_LIST ||
    byte === undefined
  );
}

/** What is false of what is canonical. */
const FALSE = ['false', 'null', '0', '0.0', '-0.0', '""', '[]', '{}'];

/** Whether the canonical value from an index up to another is true, as `isTruthy` has it. */
export function isTrue(json: Buffer, start: number, end: number): boolean {
  return !FALSE.some((text) => isText(json, start, end, text));
}

/** Whether what stands from an index up to another is this ASCII text. */
export function isText(json: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (json[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Where the value of a member begins of the canonical object at an index; -1 where there is none, or no object. */
export function memberValue(json: Buffer, object: number, key: string): number {
  if (object < 0 || json[object] !== OPEN_OBJECT) return -1;
  for (let at = object + 1; json[at] === QUOTE; at += 2) {
    const end = stringEnd(json, at);
    if (isText(json, at + 1, end - 1, key)) return end + 2;
    at = valueEnd(json, end + 2);
    if (json[at] !== COMMA) break;
  }
  return -1;
}

/** Where the items begin of the canonical list at an index; none of anything else. */
export function* itemsOf(json: Buffer, list: number): Generator<number> {
  if (list < 0 || json[list] !== OPEN_LIST || json[list + 1] === CLOSE_LIST) return;
  for (let at = list + 1; ; at += 2) {
    yield at;
    at = valueEnd(json, at);
    if (json[at] !== COMMA) return;
  }
}
