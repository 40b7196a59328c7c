/**
 * Thrown where text is anything but JSON of the usual kind. It need not be wrong: whoever catches it asks `JsonReader`,
 * which decides.
 */
export class Unusual extends Error {}

/** Made once: a stack trace would cost more than the reading. */
export const UNUSUAL = new Unusual('not JSON of the usual kind');

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const LINE_FEED = 0x0a;
const BACKSLASH = 0x5c;
const BLANK = 0x20;
const MINUS = 0x2d;
const LETTER_U = 0x75;

/** What a string's escapes do to the way it is written. */
export const PLAIN = 0;
/** Escapes as `JSON.stringify` writes them: the text may be copied as it stands. */
export const ESCAPED = 1;
/** Others, such as `\/` and `\u00e9`: it must be decoded to be written. */
export const RECODED = 2;
export type StringForm = typeof PLAIN | typeof ESCAPED | typeof RECODED;

/** A string is looked at so far byte by byte; the rest of a longer one is searched by `indexOf`. */
const NEAR = 160;
/** `JsonReader` refuses deeper nesting and longer integers: what is near that is left to it. */
const MAX_DEPTH = 500;
const MAX_NUMBER = 1000;

/**
 * Walks over JSON in UTF-8 bytes without building anything, at the speed of `memchr` where strings are long.
 *
 * It takes a part of what `JsonReader` takes, and what it takes means the same there: no control characters anywhere
 * (so blanks are spaces alone), keys without escapes, no extreme nesting. Everything else throws `Unusual`.
 *
 * Methods are given the index of a byte and return the index after what they passed.
 */
export class JsonBytes {
  bytes: Buffer = Buffer.alloc(0);
  private end = 0;
  private depth = 0;
  /** By depth, whether what `skip` is in is a list. */
  private readonly isList = new Uint8Array(MAX_DEPTH);
  /** Of the string that `string` passed last. */
  form: StringForm = PLAIN;
  /** The first quote and backslash at or after the place where one was last searched for; `end` where there is none. */
  private nextQuote = -1;
  private nextEscape = -1;

  /** The bytes must be UTF-8, and the byte at `end`, if there is one, a control character. @throws Unusual */
  open(bytes: Buffer, start: number, end: number): void {
    if (hasControl(bytes, start, end)) throw UNUSUAL;
    this.bytes = bytes;
    this.end = end;
    this.depth = 0;
    this.nextQuote = this.nextEscape = -1;
  }

  fail(): never {
    throw UNUSUAL;
  }

  /** Passes blanks up to the end. @throws Unusual where there is something else. */
  finish(at: number): void {
    if (this.blanks(at) !== this.end) throw UNUSUAL;
  }

  blanks(at: number): number {
    while (this.bytes[at] === BLANK) at++;
    return at;
  }

  /** Passes a value. In one loop, not by recursion: nearly all of a record is passed here. */
  skip(at: number): number {
    const { bytes, isList } = this;
    const outside = this.depth;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) at = this.string(at);
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        const list = byte === OPEN_LIST;
        at++;
        if (bytes[at] === BLANK) at = this.blanks(at);
        if (bytes[at] === (list ? CLOSE_LIST : CLOSE_OBJECT)) at++;
        else {
          if (this.depth === MAX_DEPTH) throw UNUSUAL;
          isList[this.depth++] = list ? 1 : 0;
          if (!list) at = this.colon(this.key(at));
          continue;
        }
      } else at = this.scalar(at);
      for (;;) {
        const { depth } = this;
        if (depth === outside) return at;
        if (bytes[at] === BLANK) at = this.blanks(at);
        const list = isList[depth - 1] === 1;
        const after = bytes[at++];
        if (after === COMMA) {
          if (bytes[at] === BLANK) at = this.blanks(at);
          if (!list) at = this.colon(this.key(at));
          break;
        }
        if (after !== (list ? CLOSE_LIST : CLOSE_OBJECT)) throw UNUSUAL;
        this.depth = depth - 1;
      }
    }
  }

  /** Passes the bracket that opens; where it closes at once, gives the index after it with a minus. */
  enter(at: number, close: number): number {
    at = this.blanks(at + 1);
    if (this.bytes[at] === close) return -(at + 1);
    if (++this.depth > MAX_DEPTH) throw UNUSUAL;
    return at;
  }

  /** Passes the comma after an item and the blanks around it; or what closes, and gives the index with a minus. */
  next(at: number, close: number): number {
    const { bytes } = this;
    if (bytes[at] === BLANK) at = this.blanks(at);
    const byte = bytes[at++];
    if (byte === COMMA) return bytes[at] === BLANK ? this.blanks(at) : at;
    if (byte !== close) throw UNUSUAL;
    this.depth--;
    return -at;
  }

  /** Passes a key. @throws Unusual for one with escapes. */
  key(at: number): number {
    const { bytes } = this;
    if (bytes[at] !== QUOTE) throw UNUSUAL;
    const { end } = this;
    for (at++; at < end; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      if (byte === BACKSLASH) break;
    }
    throw UNUSUAL;
  }

  colon(at: number): number {
    const { bytes } = this;
    if (bytes[at] === BLANK) at = this.blanks(at);
    if (bytes[at++] !== COLON) throw UNUSUAL;
    return bytes[at] === BLANK ? this.blanks(at) : at;
  }

  /** Passes the string that starts at a quote, and sets `form`. */
  string(at: number): number {
    const { bytes, end } = this;
    let form: StringForm = PLAIN;
    at++;
    for (let near = Math.min(at + NEAR, end); ;) {
      let byte = 0;
      while (at < near && (byte = bytes[at] as number) !== QUOTE && byte !== BACKSLASH) at++;
      if (at === near) {
        if (at === end) throw UNUSUAL;
        if (this.nextQuote < at) this.nextQuote = this.find(QUOTE, at);
        if (this.nextEscape < at) this.nextEscape = this.find(BACKSLASH, at);
        at = Math.min(this.nextQuote, this.nextEscape);
        if (at === end) throw UNUSUAL;
        byte = bytes[at] as number;
      }
      if (byte === QUOTE) {
        this.form = form;
        return at + 1;
      }
      const kind = bytes[at + 1];
      if (kind === LETTER_U) {
        for (let hex = at + 2; hex < at + 6; hex++) if (!isHex(bytes[hex])) throw UNUSUAL;
        form = RECODED;
        at += 6;
      } else {
        const escape = kind === undefined ? 0 : (ESCAPES[kind] ?? 0);
        if (escape === 0) throw UNUSUAL;
        if (escape > form) form = escape === 2 ? RECODED : ESCAPED;
        at += 2;
      }
      near = Math.min(at + NEAR, end);
    }
  }

  /** Passes a number or a word. */
  scalar(at: number): number {
    const byte = this.bytes[at];
    if (byte === MINUS || isDigit(byte)) return this.number(at);
    for (const word of WORDS) if (byte === word.charCodeAt(0) && this.matches(at, word)) return at + word.length;
    throw UNUSUAL;
  }

  private number(start: number): number {
    const { bytes } = this;
    let at = start;
    if (bytes[at] === MINUS) at++;
    if (bytes[at] === 0x30) at++;
    else at = this.digits(at);
    if (bytes[at] === 0x2e) at = this.digits(at + 1);
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at++;
      if (bytes[at] === 0x2b || bytes[at] === MINUS) at++;
      at = this.digits(at);
    }
    if (at - start > MAX_NUMBER) throw UNUSUAL;
    return at;
  }

  private digits(at: number): number {
    const start = at;
    while (isDigit(this.bytes[at])) at++;
    if (at === start) throw UNUSUAL;
    return at;
  }

  private find(byte: number, from: number): number {
    const at = this.bytes.indexOf(byte, from);
    return at < 0 || at > this.end ? this.end : at;
  }

  /** Whether the bytes from an index on are these ASCII characters. */
  matches(at: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text.charCodeAt(i)) return false;
    return true;
  }
}

/** By the character after the backslash: 1 for escapes that are written again, 2 for others, 0 for what is none. */
const ESCAPES = new Uint8Array(256);
for (const kind of '"\\bfnrt') ESCAPES[kind.charCodeAt(0)] = 1;
ESCAPES['/'.charCodeAt(0)] = 2;

const WORDS = ['null', 'true', 'false', 'NaN', 'Infinity'];

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

const NO_WORDS = new Int32Array(0);

/** Whether there is a byte below 0x20. Four bytes at a time: subtracting borrows into the top bit of just those. */
export function hasControl(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  for (; at < end && ((bytes.byteOffset + at) & 3) !== 0; at++) if ((bytes[at] as number) < 0x20) return true;
  // What ends before a whole word begins has none, nor a place where one could begin.
  const words = at === end ? NO_WORDS : new Int32Array(bytes.buffer, bytes.byteOffset + at, ((end - at) >> 4) << 2);
  const { length } = words;
  for (let i = 0; i < length; i += 4) {
    const a = words[i] as number;
    const b = words[i + 1] as number;
    const c = words[i + 2] as number;
    const d = words[i + 3] as number;
    const borrowed =
      ((a - 0x20202020) & ~a) | ((b - 0x20202020) & ~b) | ((c - 0x20202020) & ~c) | ((d - 0x20202020) & ~d);
    if ((borrowed & 0x80808080) !== 0) return true;
  }
  for (at += length * 4; at < end; at++) if ((bytes[at] as number) < 0x20) return true;
  return false;
}
