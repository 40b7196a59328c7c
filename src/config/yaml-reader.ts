import type * as YamlModule from 'yaml';
import type { Document, Node as YamlNode, Pair } from 'yaml';
import { yamlErrors } from '../diagnostics/yaml.js';
import { exactNumber } from './exact-number.js';
import type { Problems } from './problems.js';
import type { Entry, MapNode, Node, ScalarNode, Source } from './source.js';

/** Nesting beyond this is refused: nothing that a person writes, and deep enough to exhaust the stack. */
const MAX_DEPTH = 100;
/** Nodes that aliases may add, for each node that is written out, and in any case. */
const ALIAS_FACTOR = 10;
const ALIAS_FLOOR = 10_000;

/**
 * Reads YAML 1.2 as located nodes. Mistakes go to `problems`; undefined where the text is not YAML at all.
 *
 * An unquoted `${…}` in a flow map or list breaks the text around it: it is reported with its repair, and the rest is
 * read as if it were quoted, so that the other mistakes show in the same run.
 */
export async function readYaml(source: Source, problems: Problems): Promise<Node | undefined> {
  const yaml = await import('yaml');
  const parse = (text: string): Document | undefined => {
    try {
      return yaml.parseDocument(text, {
        version: '1.2',
        schema: 'core',
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: 'error',
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.add(yamlErrors.tooDeep({ at: source.at(0) }));
      return undefined;
    }
  };
  let document = parse(source.text);
  let spans: readonly Unquoted[] = [];
  if (document !== undefined && document.errors.length > 0) {
    spans = findUnquoted(source.text, new yaml.Lexer().lex(source.text));
    for (const { start, end } of spans) {
      problems.add(yamlErrors.unquotedReference({ at: source.at(start, end), text: source.text.slice(start, end) }));
    }
    if (spans.length > 0) document = parse(withoutBraces(source.text, spans));
  }
  if (document === undefined) return undefined;
  if (reportSyntax(document, source, problems)) return undefined;
  return new Conversion(source, problems, spans, yaml).document(document);
}

interface Unquoted {
  readonly start: number;
  readonly end: number;
}

/** Errors that stand on their own; of all others only the first is reported, for the rest follow from it. */
const INDEPENDENT = new Set(['TAB_AS_INDENT', 'BAD_ALIAS', 'TAG_RESOLVE_FAILED', 'BAD_DQ_ESCAPE']);

/** Whether the text is not YAML. */
function reportSyntax(document: Document, source: Source, problems: Problems): boolean {
  let first = true;
  for (const error of [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])) {
    if (!first && !INDEPENDENT.has(error.code)) continue;
    first = false;
    const [start, end] = error.pos;
    if (error.message.includes('call stack')) {
      problems.add(yamlErrors.tooDeep({ at: source.at(start) }));
      continue;
    }
    problems.add(yamlErrors.notYaml({ at: source.at(start, end), code: error.code, message: error.message }));
  }
  return document.errors.length > 0 || document.warnings.length > 0;
}

/** Finds `$` at the end of an unquoted scalar directly before the `{` of a flow map: nobody means that. */
function findUnquoted(text: string, tokens: Iterable<string>): Unquoted[] {
  const found: Unquoted[] = [];
  let offset = 0;
  let inFlow = 0;
  let scalarStart: number | undefined;
  let scalarNext = false;
  for (const token of tokens) {
    if (token === '\u0002' || token === '\u0018') continue;
    if (token === '\u001f') {
      scalarNext = true;
      continue;
    }
    const start = offset;
    offset += token.length;
    if (scalarNext) {
      scalarNext = false;
      scalarStart = inFlow > 0 && token.endsWith('$') && !/^["']/.test(token) ? start : undefined;
      continue;
    }
    if (token === '{' || token === '[') {
      const covered = (found.at(-1)?.end ?? 0) > start;
      if (token === '{' && scalarStart !== undefined && !covered)
        found.push({ start: scalarStart, end: endOfUnquoted(text, scalarStart) });
      inFlow++;
    } else if (token === '}' || token === ']') inFlow = Math.max(0, inFlow - 1);
    scalarStart = undefined;
  }
  return found;
}

/** The end of what was meant as one scalar: braces after a `$` belong to it. */
function endOfUnquoted(text: string, start: number): number {
  let i = start;
  while (i < text.length) {
    if (text.startsWith('${', i)) i = endOfReference(text, i);
    else if (/[,\]}\n\r]/.test(text.charAt(i)) || /^(:\s| #)/.test(text.slice(i, i + 2))) break;
    else i++;
  }
  return start + text.slice(start, i).trimEnd().length;
}

function endOfReference(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length && text[i] !== '\n'; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i + 1;
  }
  return start + 2;
}

/** The text with every unquoted reference made an ordinary scalar of the same length. */
function withoutBraces(text: string, spans: readonly Unquoted[]): string {
  let result = '';
  let done = 0;
  for (const { start, end } of spans) {
    result += text.slice(done, start) + text.slice(start, end).replaceAll(/[^$\w]/g, '_');
    done = end;
  }
  return result + text.slice(done);
}

type Yaml = typeof YamlModule;

/** Turns a document into located nodes. */
class Conversion {
  readonly #anchors = new Map<string, { readonly node: Node; readonly size: number } | 'open'>();
  #written = 0;
  #aliased = 0;
  #bomb = false;
  /** The alias that stands for most. */
  #largest = { start: 0, end: 1, size: 0 };
  #spanIndex = 0;

  constructor(
    private readonly source: Source,
    private readonly problems: Problems,
    private readonly spans: readonly Unquoted[],
    private readonly yaml: Yaml,
  ) {}

  document(document: Document): Node | undefined {
    const { contents } = document;
    const { node } = this.#node(contents, 0, 0);
    if (!this.#bomb && this.#aliased > ALIAS_FLOOR + ALIAS_FACTOR * this.#written) {
      this.#bomb = true;
      this.problems.add(
        yamlErrors.aliasBomb({ at: this.source.at(this.#largest.start, this.#largest.end), nodes: this.#aliased }),
      );
    }
    return this.#bomb ? undefined : node;
  }

  /** The node and how many nodes it is, aliases written out. `after` is where an absent value would stand. */
  #node(node: YamlNode | null, after: number, depth: number): { node: Node; size: number } {
    if (depth > MAX_DEPTH) {
      this.problems.add(yamlErrors.tooDeep({ at: this.source.at(after) }));
      return { node: this.#broken(after, after), size: 1 };
    }
    this.#written++;
    const [start, end] = node?.range ?? [after, after, after];
    if (this.yaml.isAlias(node)) return this.#alias(node.source, start, end);
    const anchor = this.yaml.isCollection(node) || this.yaml.isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const converted = this.#plain(node, start, end, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, converted);
    return converted;
  }

  #plain(node: YamlNode | null, start: number, end: number, depth: number): { node: Node; size: number } {
    const { source } = this;
    if (this.yaml.isMap(node)) {
      const { map, size } = this.#map(node.items as Pair<YamlNode, YamlNode | null>[], start, end, depth);
      return { node: map, size };
    }
    if (this.yaml.isSeq(node)) {
      let size = 1;
      const items = node.items.map((item) => {
        const converted = this.#node(item as YamlNode | null, start, depth + 1);
        size += converted.size;
        return converted.node;
      });
      return { node: { type: 'list', source, start, end, items }, size };
    }
    return { node: this.#scalar(node, start, end), size: 1 };
  }

  #scalar(node: YamlNode | null, start: number, end: number): ScalarNode {
    const { source } = this;
    if (this.#isUnquoted(start)) return this.#broken(start, end);
    const value: unknown = this.yaml.isScalar(node) ? node.value : null;
    if (typeof value === 'string' || typeof value === 'boolean' || value === null)
      return { type: 'scalar', source, start, end, value, broken: false };
    const text = source.text.slice(start, end);
    const number = typeof value === 'number' ? exactNumber(text, value) : undefined;
    if (number !== undefined) return { type: 'scalar', source, start, end, value: number, broken: false };
    this.problems.add(yamlErrors.unusableNumber({ at: source.at(start, end), text }));
    return this.#broken(start, end);
  }

  #map(
    pairs: readonly Pair<YamlNode, YamlNode | null>[],
    start: number,
    end: number,
    depth: number,
  ): { map: MapNode; size: number } {
    const { source } = this;
    const entries = new Map<string, Entry>();
    let size = 1;
    for (const pair of pairs) {
      const key = this.#key(pair.key, start);
      const value = this.#node(pair.value, key?.end ?? start, depth + 1);
      size += value.size + 1;
      if (key === undefined) continue;
      const name = key.value;
      const earlier = entries.get(name);
      if (earlier === undefined) entries.set(name, { key, value: value.node });
      else {
        this.problems.add(
          yamlErrors.duplicateKey({
            at: source.at(key.start, key.end),
            name,
            first: source.at(earlier.key.start, earlier.key.end),
          }),
        );
      }
    }
    return { map: { type: 'map', source, start, end, entries }, size };
  }

  #key(node: YamlNode | null, after: number): (ScalarNode & { readonly value: string }) | undefined {
    const { source } = this;
    const [start, end] = node?.range ?? [after, after, after];
    if (this.#isUnquoted(start)) return undefined;
    if (!this.yaml.isScalar(node) || node.value === null) {
      this.problems.add(yamlErrors.keyNotText({ at: source.at(start, end) }));
      return undefined;
    }
    const value = typeof node.value === 'string' ? node.value : source.text.slice(start, end);
    return { type: 'scalar', source, start, end, value, broken: false };
  }

  #alias(name: string, start: number, end: number): { node: Node; size: number } {
    const found = this.#anchors.get(name);
    if (found === undefined || found === 'open') {
      this.problems.add(yamlErrors.badAlias({ at: this.source.at(start, end), name, recursive: found === 'open' }));
      return { node: this.#broken(start, end), size: 1 };
    }
    this.#aliased += found.size;
    if (found.size > this.#largest.size) this.#largest = { start, end, size: found.size };
    return found;
  }

  #broken(start: number, end: number): ScalarNode {
    return { type: 'scalar', source: this.source, start, end, value: null, broken: true };
  }

  /** Nodes come in the order of the text, and so do the spans. */
  #isUnquoted(start: number): boolean {
    while ((this.spans[this.#spanIndex]?.end ?? Number.POSITIVE_INFINITY) <= start) this.#spanIndex++;
    const span = this.spans[this.#spanIndex];
    return span !== undefined && span.start <= start;
  }
}
