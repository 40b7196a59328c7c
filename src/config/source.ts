import type { Json } from '../base/json.js';
import type { Location } from '../diagnostics/diagnostic.js';

/** A text that users wrote, and the place of every character in it. */
export class Source {
  readonly #lineStarts: number[];
  /** Whether every character is one UTF-16 unit, so that columns need no counting. */
  readonly #plain: boolean;

  /** `path` is what locations show. */
  constructor(
    readonly path: string,
    readonly text: string,
  ) {
    this.#lineStarts = [0];
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#lineStarts.push(i + 1);
    this.#plain = !/[\ud800-\udfff]/.test(text);
  }

  /** The place of the characters from `start` up to `end` (UTF-16 offsets), cut at the end of the line. */
  at(start: number, end: number = start + 1): Location {
    const line = this.#lineOf(start);
    const lineStart = this.#lineStarts[line] ?? 0;
    const next = this.#lineStarts[line + 1];
    const text = this.text.slice(lineStart, next === undefined ? undefined : next - 1).replace(/\r$/, '');
    const from = Math.min(start - lineStart, text.length);
    const to = Math.max(from, Math.min(end - lineStart, text.trimEnd().length));
    return {
      path: this.path,
      line: line + 1,
      column: this.#count(text.slice(0, from)) + 1,
      text,
      length: Math.max(1, this.#count(text.slice(from, to))),
    };
  }

  #count(text: string): number {
    return this.#plain ? text.length : Array.from(text).length;
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** A value of a pipeline file and where it stands: YAML without its styles, aliases followed, no key twice. */
export type Node = ScalarNode | ListNode | MapNode;

interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export interface ScalarNode extends Span {
  readonly type: 'scalar';
  readonly value: string | number | boolean | null;
  /** A mistake in it is reported already: it has no value, and what needs it is silently left out. */
  readonly broken: boolean;
}

interface ListNode extends Span {
  readonly type: 'list';
  readonly items: readonly Node[];
}

export interface MapNode extends Span {
  readonly type: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: ScalarNode;
  readonly value: Node;
}

/** Where a node stands. */
export function locate(node: Node): Location {
  return node.source.at(node.start, node.end);
}

/**
 * Where a piece of a scalar's text stands. Folding and escapes make source and text differ, so the piece is looked up:
 * its n-th occurrence in the text is its n-th in the source. The whole scalar where that fails.
 */
export function locateWithin(node: ScalarNode, start: number, end: number): Location {
  if (typeof node.value !== 'string' || end <= start) return locate(node);
  const piece = node.value.slice(start, end);
  let earlier = 0;
  for (let i = node.value.indexOf(piece); i >= 0 && i < start; i = node.value.indexOf(piece, i + 1)) earlier++;
  let found = node.source.text.indexOf(piece, node.start);
  for (; earlier > 0 && found >= 0; earlier--) found = node.source.text.indexOf(piece, found + 1);
  return found < 0 || found + piece.length > node.end ? locate(node) : node.source.at(found, found + piece.length);
}

/** What a node is, in the words of messages. */
export function describeNode(node: Node): string {
  if (node.type === 'list') return 'a list';
  if (node.type === 'map') return 'a map';
  return describeValue(node.value);
}

/** What a value is, in the words of messages. */
export function describeValue(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return `\`${String(value)}\``;
  if (typeof value === 'number') return `the number \`${String(value)}\``;
  if (typeof value === 'object') return 'a map';
  return `the text \`${value}\``;
}
