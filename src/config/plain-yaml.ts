import type { Entry, MapNode, Node, ScalarNode, Source } from './source.js';

/** All that is looked at twice: numbers of the core schema that are no plain decimals, and its other words. */
const DECIMAL = /^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?$/;
const NUMERIC =
  /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9]+|[-+]?(?:\.[0-9]+|[0-9]+\.?[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/** No tabs, no carriage returns, nothing that does not show, nor what takes two UTF-16 units. */
const USUAL_TEXT = /^[\n\x20-\x7e\xa1-\u2027\u2030-\ud7ff\ue000-\ufefe]*$/;
/** What follows on a line that says no more: spaces, and a comment after one. */
const REST = / *(?: #[^\n]*)?(?:\n|$)/y;
/** Blank lines and comments. */
const GAP = /(?: *(?:#[^\n]*)?\n)*/y;
const INDENT = / */y;
const KEY = /([A-Za-z_][\w-]{0,254}):(?= |\n|$)/y;
const DASH = /- +/y;
/** In a block: up to a comment, or to a colon that would make it a key. */
const PLAIN = /[A-Za-z0-9_./$(](?:[^\n:# ]|:(?![ \n]|$)| +(?![ #\n]|$)|(?<! )#)*/y;
/** In a flow list or map: brackets, braces and commas end it, too. */
const FLOW_PLAIN = /[A-Za-z0-9_./$(](?:[^\n:# ,[\]{}]|:(?![ \n,[\]{}]|$)| +(?![ #\n,\]}:]|$)|(?<! )#)*/y;
const QUOTED = /"([^"\\\n]*)"|'([^'\n]*)'/y;
const SPACES = / */y;

const MAX_DEPTH = 50;

/**
 * Reads the YAML that pipelines are mostly written in: block maps and lists, one line each, of plain and quoted scalars and
 * flow lists and maps. Undefined for any other, right or wrong: that is the library's, which takes ten times as long. What
 * is read here is what the library reads (a test compares the two).
 */
export function readPlainYaml(source: Source): Node | undefined {
  if (!USUAL_TEXT.test(source.text)) return undefined;
  try {
    return new PlainReader(source).document();
  } catch (thrown) {
    if (thrown instanceof Unusual) return undefined;
    throw thrown;
  }
}

/** Something that is the library's to read. */
class Unusual extends Error {}

class PlainReader {
  readonly #text: string;
  #at = 0;
  /** Where the line at hand has its first character that is no space. Its indentation is `#indent`. */
  #indent = 0;
  /** The end of the last line that said something, its comment included: there block maps and lists end. */
  #lineEnd = 0;

  constructor(private readonly source: Source) {
    this.#text = source.text;
  }

  document(): Node {
    this.#nextLine();
    if (this.#indent !== 0 || this.#at === this.#text.length) throw new Unusual();
    const map = this.#map(0);
    if (this.#at < this.#text.length) throw new Unusual();
    return map;
  }

  /** Goes to the first character of the next line that says something. At the end nothing is indented. */
  #nextLine(): void {
    this.#match(GAP);
    const start = this.#at;
    this.#match(INDENT);
    if (this.#at === this.#text.length) this.#indent = 0;
    else if (this.#text.charCodeAt(this.#at) === 0x23) {
      // A comment without an end of line.
      this.#at = this.#text.length;
      this.#indent = 0;
    } else this.#indent = this.#at - start;
  }

  get #isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Begins at a key of that indentation, and ends at the first line that has less. */
  #map(depth: number): MapNode {
    const { source } = this;
    const start = this.#at;
    const indent = this.#indent;
    const entries = new Map<string, Entry>();
    do {
      const key = this.#key(KEY);
      if (entries.has(key.value)) throw new Unusual();
      const value = this.#blockValue(indent, depth + 1);
      entries.set(key.value, { key, value });
    } while (!this.#isAtEnd && this.#indent === indent);
    if (!this.#isAtEnd && this.#indent > indent) throw new Unusual();
    return { type: 'map', source, start, end: this.#lineEnd, entries };
  }

  #list(depth: number): Node {
    const { source } = this;
    const start = this.#at;
    const indent = this.#indent;
    const items: Node[] = [];
    while (!this.#isAtEnd && this.#indent === indent && this.#match(DASH) !== undefined) {
      items.push(this.#inline(depth + 1));
      this.#endOfLine();
    }
    if (items.length === 0 || (!this.#isAtEnd && this.#indent > indent)) throw new Unusual();
    return { type: 'list', source, start, end: this.#lineEnd, items };
  }

  /** What belongs to a key: on its line, or on those below it that are indented, or for a list begin with a dash. */
  #blockValue(indent: number, depth: number): Node {
    if (depth > MAX_DEPTH) throw new Unusual();
    if (this.#match(REST) === undefined) {
      this.#match(SPACES);
      const value = this.#inline(depth);
      this.#endOfLine();
      // Otherwise a plain scalar would go on there.
      if (!this.#isAtEnd && this.#indent > indent) throw new Unusual();
      return value;
    }
    this.#nextLine();
    if (this.#isAtEnd) throw new Unusual();
    const isList = this.#text.charCodeAt(this.#at) === 0x2d;
    if (isList ? this.#indent < indent : this.#indent <= indent) throw new Unusual();
    return isList ? this.#list(depth) : this.#map(depth);
  }

  #endOfLine(): void {
    const rest = this.#match(REST);
    if (rest === undefined) throw new Unusual();
    this.#lineEnd = rest[0].endsWith('\n') ? this.#at - 1 : this.#at;
    this.#nextLine();
  }

  /** A scalar, or a list or map in brackets or braces, on this line. */
  #inline(depth: number): Node {
    const first = this.#text[this.#at];
    return first === '[' || first === '{' ? this.#flow(first, depth) : this.#scalar(PLAIN);
  }

  #flow(opening: '[' | '{', depth: number): Node {
    if (depth > MAX_DEPTH) throw new Unusual();
    const { source } = this;
    const start = this.#at++;
    const closing = opening === '[' ? ']' : '}';
    const items: Node[] = [];
    const entries = new Map<string, Entry>();
    this.#match(SPACES);
    while (this.#text[this.#at] !== closing) {
      if (items.length + entries.size > 0) {
        if (this.#text[this.#at++] !== ',') throw new Unusual();
        this.#match(SPACES);
      }
      if (opening === '[') items.push(this.#flowValue(depth));
      else {
        const key = this.#key(KEY);
        if (entries.has(key.value)) throw new Unusual();
        this.#match(SPACES);
        entries.set(key.value, { key, value: this.#flowValue(depth) });
      }
      this.#match(SPACES);
    }
    const end = ++this.#at;
    return opening === '[' ? { type: 'list', source, start, end, items } : { type: 'map', source, start, end, entries };
  }

  #flowValue(depth: number): Node {
    const first = this.#text[this.#at];
    return first === '[' || first === '{' ? this.#flow(first, depth + 1) : this.#scalar(FLOW_PLAIN);
  }

  #key(pattern: RegExp): ScalarNode & { readonly value: string } {
    const { source } = this;
    const start = this.#at;
    const [, value] = this.#match(pattern) ?? [];
    if (value === undefined || WORDS.has(value)) throw new Unusual();
    return { type: 'scalar', source, start, end: start + value.length, value, broken: false };
  }

  #scalar(plain: RegExp): ScalarNode {
    const { source } = this;
    const start = this.#at;
    const quoted = this.#match(QUOTED);
    const value = quoted === undefined ? this.#plainValue(plain) : (quoted[1] ?? quoted[2] ?? '');
    return { type: 'scalar', source, start, end: this.#at, value, broken: false };
  }

  #plainValue(pattern: RegExp): ScalarNode['value'] {
    const [text] = this.#match(pattern) ?? [];
    if (text === undefined) throw new Unusual();
    const word = WORDS.get(text);
    if (word !== undefined) return word;
    if (DECIMAL.test(text)) return Number(text);
    if (NUMERIC.test(text)) throw new Unusual();
    return text;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }
}
