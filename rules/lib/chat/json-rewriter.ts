import { stringEnd, valueEnd } from './canonical-walk.js';
import { CLOSE_LIST, CLOSE_OBJECT, COLON, COMMA, hasControl, OPEN_LIST, OPEN_OBJECT, QUOTE } from './json-bytes.js';
import { numberText } from './json-number.js';
import { jsonDouble } from './json-value.js';
import { isSameKey, KeyTable } from './key-table.js';
import type { LineWriter } from './line-writer.js';

/** Deeper nesting and longer integers are refused, as `JsonReader` does. */
const MAX_DEPTH = 1000;
const MAX_INTEGER_DIGITS = 4300;

const BACKSLASH = 0x5c;
const BLANK = 0x20;
const MINUS = 0x2d;
const ZERO = 0x30;
const POINT = 0x2e;
const LETTER_U = 0x75;

/** A string is looked at so far byte by byte; the rest of a longer one is searched by `indexOf`. */
const NEAR = 160;
/** Keys of one object are compared in pairs while they are few. */
const FEW_KEYS = 16;
/** By how much a value grows at the most: `9E15,` is written as `9000000000000000.0, `. */
const MOST_GROWTH = 4;
/** From here on there is room for all of it at once: memory that is not written to is none, and what grows is copied. */
const LONG = 1 << 20;

/** What a value was: written already as `jsonText` writes it, or written so now, or no JSON. */
export type RewrittenForm = 'canonical' | 'rewritten' | 'not JSON';

/** Thrown to get out; made once, for a stack trace would cost more than the reading. */
const NOT_JSON = new Error('not JSON');

/**
 * Writes JSON as `jsonText` writes what `parseJsonText` reads of it, from bytes to bytes: whatever its length, nothing is made
 * of it. Of what is canonical nothing is written; else all of it.
 *
 * @param json UTF-8, a value between blanks.
 */
export function rewriteJson(json: Buffer, writer: LineWriter): RewrittenForm {
  const before = writer.length;
  try {
    return new Rewriting(json, writer).all();
  } catch (error) {
    if (error !== NOT_JSON) throw error;
    writer.length = before;
    return 'not JSON';
  }
}

/** Methods are given the index of a byte and return the index after what they passed. */
class Rewriting {
  /** Up to here the bytes are written, or left out. */
  private done = 0;
  private isChanged = false;
  private depth = 0;
  /** Strings with control characters are wrong; most texts have none anywhere. */
  private readonly hasControl: boolean;
  /** Where the keys begin of the objects that are open, each from `firstKey` of its own on. */
  private readonly keys: number[] = [];
  /** The first quote and backslash at or after the place where one was last searched for; the end where there is none. */
  private nextQuote = -1;
  private nextEscape = -1;

  constructor(
    private readonly json: Buffer,
    private readonly writer: LineWriter,
  ) {
    this.hasControl = hasControl(json, 0, json.length);
  }

  all(): RewrittenForm {
    const { json } = this;
    const at = this.leaveOutBlanks(this.value(this.leaveOutBlanks(0)));
    if (at !== json.length) throw NOT_JSON;
    if (!this.isChanged) return 'canonical';
    this.writeUpTo(at);
    return 'rewritten';
  }

  private value(at: number): number {
    switch (this.json[at]) {
      case QUOTE:
        return this.string(at);
      case OPEN_OBJECT:
        return this.object(at);
      case OPEN_LIST:
        return this.list(at);
      default:
        return this.scalar(at);
    }
  }

  private list(start: number): number {
    const { json } = this;
    if (++this.depth > MAX_DEPTH) throw NOT_JSON;
    let at = this.leaveOutBlanks(start + 1);
    if (json[at] !== CLOSE_LIST) {
      for (;;) {
        at = this.leaveOutBlanks(this.value(at));
        if (json[at] !== COMMA) break;
        at = this.oneBlank(at + 1);
      }
      if (json[at] !== CLOSE_LIST) throw NOT_JSON;
    }
    this.depth--;
    return at + 1;
  }

  private object(start: number): number {
    const { json, keys } = this;
    if (++this.depth > MAX_DEPTH) throw NOT_JSON;
    const written = this.writer.length + start - this.done;
    let at = this.leaveOutBlanks(start + 1);
    if (json[at] !== CLOSE_OBJECT) {
      const firstKey = keys.length;
      let table: KeyTable | undefined;
      let isRepeated = false;
      for (;;) {
        const key = at;
        if (json[key] !== QUOTE) throw NOT_JSON;
        at = this.string(key);
        if (table === undefined && keys.length - firstKey === FEW_KEYS) table = this.tableOf(firstKey);
        if (table !== undefined) isRepeated = !table.add(key) || isRepeated;
        else if (this.isAmong(firstKey, key)) isRepeated = true;
        else keys.push(key);
        at = this.leaveOutBlanks(at);
        if (json[at] !== COLON) throw NOT_JSON;
        at = this.leaveOutBlanks(this.value(this.oneBlank(at + 1)));
        if (json[at] !== COMMA) break;
        at = this.oneBlank(at + 1);
      }
      if (json[at] !== CLOSE_OBJECT) throw NOT_JSON;
      keys.length = firstKey;
      if (isRepeated) {
        this.writeUpTo(at + 1);
        this.leaveOutRepeated(written);
      }
    }
    this.depth--;
    return at + 1;
  }

  private isAmong(firstKey: number, key: number): boolean {
    const { json, keys } = this;
    for (let i = firstKey; i < keys.length; i++) if (isSameKey(json, keys[i] as number, key)) return true;
    return false;
  }

  private tableOf(firstKey: number): KeyTable {
    const table = new KeyTable(this.json);
    for (const key of this.keys.slice(firstKey)) table.add(key);
    return table;
  }

  /**
   * Writes again the object that was written last, from an index of what is written on: a key that comes again keeps its first
   * place and takes the last value.
   */
  private leaveOutRepeated(written: number): void {
    const { writer } = this;
    const json = Buffer.from(writer.line().subarray(written));
    writer.length = written;
    const table = new KeyTable(json);
    for (const key of keysOf(json)) table.add(key);
    const values = new Uint32Array(table.slots);
    for (const key of keysOf(json)) values[table.slotOf(key)] = stringEnd(json, key) + 2;
    let separator = '{';
    for (const key of keysOf(json)) {
      const slot = table.slotOf(key);
      if (table.first(slot) !== key) continue;
      writer.text(separator);
      writer.bytes(json, key, stringEnd(json, key) + 2);
      const value = values[slot] as number;
      writer.bytes(json, value, valueEnd(json, value));
      separator = ', ';
    }
    writer.text('}');
  }

  private string(start: number): number {
    const { json } = this;
    const { length } = json;
    let at = start + 1;
    for (;;) {
      const near = Math.min(at + NEAR, length);
      let byte = 0;
      while (at < near && (byte = json[at] as number) !== QUOTE && byte !== BACKSLASH) at++;
      if (at === near) {
        if (this.nextQuote < at) this.nextQuote = this.find(QUOTE, at);
        if (this.nextEscape < at) this.nextEscape = this.find(BACKSLASH, at);
        at = Math.min(this.nextQuote, this.nextEscape);
        if (at === length) throw NOT_JSON;
        byte = json[at] as number;
      }
      if (byte === QUOTE) break;
      at = this.escape(at);
    }
    if (this.hasControl && hasControl(json, start, at)) throw NOT_JSON;
    return at + 1;
  }

  private find(byte: number, from: number): number {
    const at = this.json.indexOf(byte, from);
    return at < 0 ? this.json.length : at;
  }

  private escape(at: number): number {
    switch (this.json[at + 1]) {
      case LETTER_U:
        return this.unicodeEscape(at);
      case 0x22: // "
      case BACKSLASH:
      case 0x62: // b
      case 0x66: // f
      case 0x6e: // n
      case 0x72: // r
      case 0x74: // t
        return at + 2;
      case 0x2f: // /
        this.writeUpTo(at);
        this.done = at + 1;
        return at + 2;
      default:
        throw NOT_JSON;
    }
  }

  private unicodeEscape(at: number): number {
    const { json } = this;
    const unit = this.unit(at + 2);
    if ((unit & 0xfc00) === 0xd800 && json[at + 6] === BACKSLASH && json[at + 7] === LETTER_U) {
      const low = this.unit(at + 8);
      if ((low & 0xfc00) === 0xdc00) {
        this.writeUpTo(at);
        this.writer.codePoint(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff));
        return (this.done = at + 12);
      }
    }
    const isSurrogate = (unit & 0xf800) === 0xd800;
    if (unit >= 0x80 && !isSurrogate) {
      this.writeUpTo(at);
      this.writer.codePoint(unit);
      return (this.done = at + 6);
    }
    if (!isSurrogate) this.replace(at, at + 6, ASCII[unit] as string);
    else if (!this.isLowerCase(at + 2)) this.replace(at, at + 6, `\\u${unit.toString(16)}`);
    return at + 6;
  }

  /** The UTF-16 unit that four hex digits stand for. */
  private unit(at: number): number {
    let unit = 0;
    for (let i = 0; i < 4; i++) {
      const digit = HEX[this.json[at + i] ?? 0] as number;
      if (digit < 0) throw NOT_JSON;
      unit = (unit << 4) | digit;
    }
    return unit;
  }

  private isLowerCase(hex: number): boolean {
    for (let at = hex; at < hex + 4; at++) if (isCapital(this.json[at])) return false;
    return true;
  }

  /** Passes a number or a word. */
  private scalar(at: number): number {
    const byte = this.json[at];
    if (byte === MINUS || isDigit(byte)) return this.number(at);
    for (const word of WORDS) if (this.isAt(word, at)) return at + word.length;
    throw NOT_JSON;
  }

  private number(start: number): number {
    const { json } = this;
    let at = json[start] === MINUS ? start + 1 : start;
    if (at > start && this.isAt(INFINITY, at)) return at + INFINITY.length;
    const first = at;
    at = json[at] === ZERO ? at + 1 : this.digits(at);
    if (json[at] !== POINT && json[at] !== 0x65 && json[at] !== 0x45) {
      if (at - first > MAX_INTEGER_DIGITS) throw NOT_JSON;
      if (first > start && json[first] === ZERO) this.replace(start, at, '0');
      return at;
    }
    if (json[at] === POINT) at = this.digits(at + 1);
    if (json[at] === 0x65 || json[at] === 0x45) {
      at++;
      at = this.digits(json[at] === 0x2b || json[at] === MINUS ? at + 1 : at);
    }
    this.replace(start, at, numberText(jsonDouble(Number(json.toString('latin1', start, at)))));
    return at;
  }

  private digits(at: number): number {
    const start = at;
    while (isDigit(this.json[at])) at++;
    if (at === start) throw NOT_JSON;
    return at;
  }

  /** Whether these ASCII characters stand at an index. */
  private isAt(text: string, at: number): boolean {
    for (let i = 0; i < text.length; i++) if (this.json[at + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  private leaveOutBlanks(at: number): number {
    if (!isBlank(this.json[at])) return at;
    this.writeUpTo(at);
    return (this.done = this.blanksEnd(at));
  }

  /** Leaves one blank after a separator. */
  private oneBlank(at: number): number {
    const { json } = this;
    if (json[at] === BLANK && !isBlank(json[at + 1])) return at + 1;
    this.writeUpTo(at);
    this.writer.byte(BLANK);
    return (this.done = this.blanksEnd(at));
  }

  private blanksEnd(at: number): number {
    while (isBlank(this.json[at])) at++;
    return at;
  }

  /** Writes ASCII characters in the place of bytes, unless they are the same. */
  private replace(start: number, end: number, text: string): void {
    if (end - start === text.length && this.isAt(text, start)) return;
    this.writeUpTo(start);
    this.writer.text(text);
    this.done = end;
  }

  private writeUpTo(at: number): void {
    const { json, writer, done } = this;
    if (!this.isChanged) {
      this.isChanged = true;
      if (json.length > LONG) writer.reserve(MOST_GROWTH * json.length);
    }
    if (done < at) writer.bytes(json, done, at);
    this.done = at;
  }
}

/** Where the keys begin of an object that is canonical but for keys that come again. */
function* keysOf(json: Buffer): Generator<number> {
  for (let at = 1; json[at] === QUOTE;) {
    yield at;
    // Behind the value stands `, `, or `}` as the last byte.
    at = valueEnd(json, stringEnd(json, at) + 2) + 2;
  }
}

const INFINITY = 'Infinity';
const WORDS = ['null', 'true', 'false', 'NaN', INFINITY];

/** How a string has each ASCII character. */
const ASCII = Array.from({ length: 0x80 }, (_, unit) => JSON.stringify(String.fromCharCode(unit)).slice(1, -1));

const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++)
  for (const letter of [digit.toString(16), digit.toString(16).toUpperCase()]) HEX[letter.charCodeAt(0)] = digit;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isCapital(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a;
}

function isBlank(byte: number | undefined): boolean {
  return byte === BLANK || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
