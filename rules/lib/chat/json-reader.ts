import { hasControl } from './json-bytes.js';
import { jsonDouble, type JsonMap, type JsonValue } from './json-value.js';

/** Text that is not JSON. `position` counts UTF-16 units from 0. */
export class JsonSyntaxError extends Error {
  constructor(
    what: string,
    readonly position: number,
  ) {
    super(`${what} at character ${position + 1}`);
    this.name = 'JsonSyntaxError';
  }
}

/** Deeper nesting is refused: the reader recurses. */
const MAX_DEPTH = 1000;
/** Longer integers are refused, as Python does: reading them takes time that grows with the square. */
const MAX_INTEGER_DIGITS = 4300;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const HEX4 = /[0-9a-fA-F]{4}/y;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Reads JSON text as Python's `json.loads` does: NaN and infinities are numbers, integers are exact, a repeated key
 * keeps its first place and takes its last value, raw control characters in strings are errors.
 *
 * A value can be read (`value`) or passed over (`skip`), which checks it without building anything: most of a trace's
 * text is never needed, and the search for a string's end runs at the speed of `indexOf`.
 */
export class JsonReader {
  private at = 0;
  private depth = 0;
  /** The first backslash at or after the place where one was last looked for. */
  private nextEscape = -1;
  /** Whether the string that `stringEnd` passed last has escapes. */
  private escaped = false;

  constructor(private readonly text: string) {}

  /** The position, in UTF-16 units from 0. */
  get position(): number {
    return this.at;
  }

  /** @throws JsonSyntaxError unless only blanks are left. */
  end(): void {
    this.blanks();
    if (this.at < this.text.length) this.fail('more text after the value');
  }

  /** The first character of the next value: `{`, `[`, `"`, a digit … */
  peek(): string {
    this.blanks();
    return this.text.charAt(this.at);
  }

  /** @throws JsonSyntaxError */
  value(): JsonValue {
    this.blanks();
    switch (this.text.charCodeAt(this.at)) {
      case QUOTE:
        return this.string();
      case OPEN_OBJECT: {
        const map: JsonMap = new Map();
        this.members((key) => map.set(key, this.value()));
        return map;
      }
      case OPEN_LIST: {
        const list: JsonValue[] = [];
        this.items(() => list.push(this.value()));
        return list;
      }
      default:
        return this.scalar();
    }
  }

  /** Passes over a value, checking it. @throws JsonSyntaxError */
  skip(): void {
    this.blanks();
    switch (this.text.charCodeAt(this.at)) {
      case QUOTE:
        this.at = this.stringEnd() + 1;
        return;
      case OPEN_OBJECT:
        this.open();
        if (this.closes(CLOSE_OBJECT)) return;
        do {
          this.blanks();
          if (this.text.charCodeAt(this.at) !== QUOTE) this.fail('a key was expected');
          this.at = this.stringEnd() + 1;
          this.colon();
          this.skip();
        } while (this.more(CLOSE_OBJECT));
        return;
      case OPEN_LIST:
        this.open();
        if (this.closes(CLOSE_LIST)) return;
        do this.skip();
        while (this.more(CLOSE_LIST));
        return;
      default:
        this.scalar();
    }
  }

  /** Walks an object; `member` must read or skip each value. */
  members(member: (key: string) => void): void {
    this.open();
    if (this.closes(CLOSE_OBJECT)) return;
    do {
      this.blanks();
      if (this.text.charCodeAt(this.at) !== QUOTE) this.fail('a key was expected');
      const key = this.string();
      this.colon();
      member(key);
    } while (this.more(CLOSE_OBJECT));
  }

  /** Walks a list; `item` must read or skip each value. */
  items(item: () => void): void {
    this.open();
    if (this.closes(CLOSE_LIST)) return;
    do item();
    while (this.more(CLOSE_LIST));
  }

  private fail(what: string): never {
    throw new JsonSyntaxError(what, this.at);
  }

  private blanks(): void {
    while (isBlank(this.text.charCodeAt(this.at))) this.at++;
  }

  private open(): void {
    this.at++;
    if (++this.depth > MAX_DEPTH) this.fail('too many nested values');
  }

  private closes(close: number): boolean {
    this.blanks();
    if (this.text.charCodeAt(this.at) !== close) return false;
    this.at++;
    this.depth--;
    return true;
  }

  private more(close: number): boolean {
    if (this.closes(close)) return false;
    if (this.text.charCodeAt(this.at) !== COMMA) this.fail(`',' or '${String.fromCharCode(close)}' was expected`);
    this.at++;
    return true;
  }

  private colon(): void {
    this.blanks();
    if (this.text.charCodeAt(this.at) !== COLON) this.fail(`':' was expected`);
    this.at++;
  }

  private string(): string {
    const start = this.at;
    const end = this.stringEnd();
    this.at = end + 1;
    // What `stringEnd` has checked is a JSON string in every dialect.
    return this.escaped ? (JSON.parse(this.text.slice(start, end + 1)) as string) : this.text.slice(start + 1, end);
  }

  /** The index of the quote that ends the string at hand, after checking what is between. */
  private stringEnd(): number {
    const { text } = this;
    const start = this.at + 1;
    let quote = this.quoteFrom(start);
    if (this.nextEscape < start) this.nextEscape = this.escapeFrom(start);
    this.escaped = this.nextEscape < quote;
    while (this.nextEscape < quote) {
      const kind = text.charAt(this.nextEscape + 1);
      let next = this.nextEscape + 2;
      if (kind === 'u') {
        HEX4.lastIndex = next;
        if (!HEX4.test(text)) throw new JsonSyntaxError('an escape that JSON does not have', this.nextEscape);
        next += 4;
      } else if (kind === '' || !'"\\/bfnrt'.includes(kind)) {
        throw new JsonSyntaxError('an escape that JSON does not have', this.nextEscape);
      }
      if (quote < next) quote = this.quoteFrom(next);
      this.nextEscape = this.escapeFrom(next);
    }
    const control = controlIn(text, start, quote);
    if (control >= 0) throw new JsonSyntaxError('a control character in a string', control);
    return quote;
  }

  private quoteFrom(start: number): number {
    const quote = this.text.indexOf('"', start);
    if (quote < 0) this.fail('a string without an end');
    return quote;
  }

  private escapeFrom(start: number): number {
    const escape = this.text.indexOf('\\', start);
    return escape < 0 ? Infinity : escape;
  }

  private scalar(): JsonValue {
    const { text, at } = this;
    const unit = text.charCodeAt(at);
    if (unit === MINUS || (unit >= 0x30 && unit <= 0x39)) return this.number();
    for (const [word, value] of WORDS) {
      if (text.startsWith(word, at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.fail('a value was expected');
  }

  private number(): JsonValue {
    const { text, at } = this;
    NUMBER.lastIndex = at;
    const match = NUMBER.exec(text);
    if (match === null) {
      if (!text.startsWith('-Infinity', at)) this.fail('a value was expected');
      this.at += '-Infinity'.length;
      return jsonDouble(-Infinity);
    }
    const [digits] = match;
    this.at += digits.length;
    if (match[1] !== undefined || match[2] !== undefined) return jsonDouble(Number(digits));
    const sign = digits.startsWith('-') ? 1 : 0;
    if (digits.length - sign > MAX_INTEGER_DIGITS) this.fail('an integer of too many digits');
    if (digits.length <= 15) return digits === '-0' ? 0 : Number(digits);
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : BigInt(digits);
  }
}

/** From here on, a look at four bytes at a time beats one at every character. */
const LONG = 200;
/** In UTF-16 units; small enough to stay in the processor's nearest cache. */
const WINDOW = 1 << 13;
/** A unit takes at most three bytes. */
const windowBytes = Buffer.allocUnsafeSlow(3 * WINDOW);

/** The index of a control character from `start` to before `end`, or -1. */
export function controlIn(text: string, start: number, end: number): number {
  if (end - start < LONG) return nextControl(text, start, end);
  for (let from = start; from < end; from += WINDOW) {
    const to = Math.min(end, from + WINDOW);
    // UTF-8 has such bytes for such characters and for no others.
    if (hasControl(windowBytes, 0, windowBytes.write(text.slice(from, to)))) return nextControl(text, from, to);
  }
  return -1;
}

function nextControl(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) if (text.charCodeAt(at) < 0x20) return at;
  return -1;
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

const WORDS: readonly (readonly [string, JsonValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', jsonDouble(NaN)],
  ['Infinity', jsonDouble(Infinity)],
];
