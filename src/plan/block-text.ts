import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import { sortedEntries } from '../base/order.js';

/**
 * The text form of the lock: the part of YAML that puts one value on a line, so that merges are line by line. Any YAML
 * reader reads it; this one reads only what it prints, at a thousandth of a YAML library's cost.
 *
 *     key: scalar          key:            key:              key: {}
 *                            key: …          - scalar        key: []
 *                                            -
 *                                              key: …
 *
 * A scalar is plain where no YAML reader could take it for anything else, and a JSON string otherwise.
 */
export function printBlock(entries: readonly (readonly [string, Json])[], indent = ''): string {
  return entries.map(([name, value]) => `${indent}${printName(name)}${printValue(value, indent)}`).join('');
}

/** An object's entries in byte order of their names, at every depth. */
export function printObject(object: JsonObject, indent: string): string {
  return printBlock(sortedEntries(object), indent);
}

/** A key and its colon. */
export function printName(name: string): string {
  return `${printString(name)}:`;
}

function printValue(value: Json, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []\n';
    return `\n${value.map((item: Json) => `${indent}  -${printValue(item, `${indent}  `)}`).join('')}`;
  }
  if (isJsonObject(value)) {
    return Object.keys(value).length === 0 ? ' {}\n' : `\n${printObject(value, `${indent}  `)}`;
  }
  return ` ${typeof value === 'string' ? printString(value) : JSON.stringify(value)}\n`;
}

const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@=+-]*(:[A-Za-z0-9_./@=+-]+)*$/;
/** Plain words that some YAML reader takes for a boolean or null. */
const NOT_A_STRING = /^(true|false|null|yes|no|on|off|y|n)$/i;

function printString(text: string): string {
  return PLAIN.test(text) && !NOT_A_STRING.test(text) ? text : JSON.stringify(text);
}

/** A value with the place where it stands. Lines and columns count from 1. */
export type Node = Place &
  (
    | { readonly type: 'scalar'; readonly value: string | number | boolean | null }
    | { readonly type: 'list'; readonly items: readonly Node[] }
    | { readonly type: 'map'; readonly entries: ReadonlyMap<string, Node> }
  );

export interface Place {
  readonly line: number;
  readonly column: number;
}

export class BlockSyntaxError extends Error {
  readonly place: Place;

  constructor(message: string, place: Place) {
    super(message);
    this.name = 'BlockSyntaxError';
    this.place = place;
  }
}

interface Line extends Place {
  readonly indent: number;
  readonly text: string;
}

/** @throws BlockSyntaxError for anything that `printBlock` does not print. */
export function parseBlock(text: string): Node {
  const lines: Line[] = [];
  text.split('\n').forEach((raw, i) => {
    const whole = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const body = whole.trimStart();
    if (body === '' || body.startsWith('#')) return;
    const indent = whole.length - body.length;
    if (whole.slice(0, indent).includes('\t')) fail('a tab in the indentation', { line: i + 1, column: 1 });
    lines.push({ indent, text: body, line: i + 1, column: indent + 1 });
  });
  const reader = new BlockReader(lines);
  return reader.document();
}

/** Keys stand in front of a colon that ends the line or has a space behind it. */
const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#:][^\s:]*(?::[^\s:]+)*):(?: +(.*))?$/;

class BlockReader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  document(): Node {
    const node = this.#block(-1, { line: 1, column: 1 });
    const rest = this.#lines[this.#at];
    if (rest !== undefined) fail('the indentation fits nothing above', rest);
    return node;
  }

  /** The lines deeper than `outer`, all of one indentation. */
  #block(outer: number, owner: Place): Node {
    const first = this.#lines[this.#at];
    if (first === undefined || first.indent <= outer) fail('a value is missing', owner);
    const isItem = (line: Line): boolean => line.text === '-' || line.text.startsWith('- ');
    const items: Node[] = [];
    const entries = new Map<string, Node>();
    const list = isItem(first);
    for (;;) {
      const line = this.#lines[this.#at];
      if (line === undefined || line.indent < first.indent) break;
      if (line.indent > first.indent) fail('the indentation fits nothing above', line);
      if (isItem(line) !== list) fail('a list and named values are mixed', line);
      this.#at++;
      if (list) items.push(this.#value(line.text.slice(1).trim(), line, line.column + 2));
      else this.#entry(line, entries);
    }
    const place = { line: first.line, column: first.column };
    return list ? { type: 'list', items, ...place } : { type: 'map', entries, ...place };
  }

  #entry(line: Line, entries: Map<string, Node>): void {
    const match = KEY.exec(line.text);
    if (match?.[1] === undefined) fail('`name: value` is expected', line);
    const name = stringOf(match[1], line);
    if (entries.has(name)) fail(`\`${name}\` stands twice`, line);
    const value = (match[2] ?? '').trimEnd();
    entries.set(name, this.#value(value, line, line.column + line.text.length - (match[2]?.length ?? 0)));
  }

  #value(text: string, line: Line, column: number): Node {
    const place = { line: line.line, column };
    if (text === '') return this.#block(line.indent, line);
    if (text === '[]') return { type: 'list', items: [], ...place };
    if (text === '{}') return { type: 'map', entries: new Map(), ...place };
    return { type: 'scalar', value: scalarOf(text, place), ...place };
  }
}

function scalarOf(text: string, place: Place): string | number | boolean | null {
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (text === 'null') return null;
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text);
  return stringOf(text, place);
}

/** Single quotes are never printed, but a formatter may have put them. */
function stringOf(text: string, place: Place): string {
  if (text.startsWith('"')) {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'string') return value;
    } catch {
      // told below
    }
    return fail('a quoted value is cut off or malformed', place);
  }
  if (text.startsWith("'")) {
    if (!/^'(?:[^']|'')*'$/.test(text)) fail('a quoted value is cut off or malformed', place);
    return text.slice(1, -1).replaceAll("''", "'");
  }
  if (!PLAIN.test(text)) fail(`\`${text.slice(0, 40)}\` is not a value that vlmbuild writes`, place);
  return text;
}

function fail(message: string, { line, column }: Place): never {
  throw new BlockSyntaxError(message, { line, column });
}

/** The value without its places. */
export function jsonOf(node: Node): Json {
  switch (node.type) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(jsonOf);
    case 'map':
      return Object.fromEntries([...node.entries].map(([name, item]) => [name, jsonOf(item)]));
  }
}
