import type { Json, JsonObject } from '../base/json.js';
import { isJsonObject } from '../base/json.js';
import { valueErrors } from '../diagnostics/values.js';
import type { Location } from '../diagnostics/diagnostic.js';
import type { Environment } from './environment.js';
import { exactNumber } from './exact-number.js';
import type { Problems } from './problems.js';
import { describeValue, locate, locateWithin, type Node, type ScalarNode } from './source.js';
import { parseTemplate, type Part, type TemplateProblem } from './template.js';

type ReferencePart = Extract<Part, { type: 'reference' }>;

/** Says that a name has no value at all, which differs from one whose value is wrong (undefined: reported already). */
export const ABSENT = Symbol('absent');

/** Named values that `${…}` can reach. */
export interface Values {
  get(name: string, from: Location): Json | undefined | typeof ABSENT;
  names(): readonly string[];
}

/** What a text can refer to where it stands. Spaces that are undefined cannot be used there. */
export interface Scope {
  readonly problems: Problems;
  readonly vars: Values;
  readonly environment: EnvironmentValues;
  readonly params?: Values;
  readonly matrix?: Values;
}

/**
 * The value of a node with every `${…}` filled in. Undefined where something is wrong: it has been reported.
 *
 * A text that is one whole `${…}` has the type of what it names; such a list inside a list is flattened into it.
 */
export function fill(node: Node, scope: Scope): Json | undefined {
  switch (node.type) {
    case 'scalar':
      return fillScalar(node, scope);
    case 'list': {
      const items: Json[] = [];
      let complete = true;
      for (const item of node.items) {
        const value = fill(item, scope);
        if (value === undefined) complete = false;
        else if (Array.isArray(value) && item.type === 'scalar') items.push(...(value as readonly Json[]));
        else items.push(value);
      }
      return complete ? items : undefined;
    }
    case 'map': {
      const result: Record<string, Json> = {};
      let complete = true;
      for (const [name, entry] of node.entries) {
        const value = fill(entry.value, scope);
        if (value === undefined) complete = false;
        else define(result, name, value);
      }
      return complete ? result : undefined;
    }
  }
}

/** Sets a key of its own, `__proto__` included. */
export function define<T>(record: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}

function fillScalar(node: ScalarNode, scope: Scope): Json | undefined {
  if (node.broken) {
    scope.problems.follow();
    return undefined;
  }
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node.value;
  return fillParts(parseTemplate(node.value), node, scope);
}

function fillParts(parts: readonly Part[], node: ScalarNode, scope: Scope): Json | undefined {
  const [only] = parts;
  if (parts.length === 1 && only?.type === 'reference') return lookUp(only, node, scope);
  let text = '';
  let complete = true;
  for (const part of parts) {
    const piece = part.type === 'text' ? part.text : fillPiece(part, node, scope);
    if (piece === undefined) complete = false;
    else text += piece;
  }
  return complete ? text : undefined;
}

/** A reference in the midst of a text. */
function fillPiece(part: Exclude<Part, { type: 'text' }>, node: ScalarNode, scope: Scope): string | undefined {
  const at = locateWithin(node, part.start, part.end);
  if (part.type === 'wrong') {
    scope.problems.add(templateError(part.problem, at, scope));
    return undefined;
  }
  const value = lookUp(part, node, scope);
  if (value === undefined) return undefined;
  if (value !== null && typeof value !== 'object') return String(value);
  scope.problems.add(valueErrors.notText({ at, name: nameOf(part), found: describeValue(value) }));
  return undefined;
}

function nameOf(part: ReferencePart): string {
  return `${part.space}.${part.path.join('.')}`;
}

/** What a reference in a scalar's text names. Undefined where something is wrong: it has been reported. */
export function lookUp(part: ReferencePart, node: ScalarNode, scope: Scope): Json | undefined {
  const at = locateWithin(node, part.start, part.end);
  if (part.space === 'env') return lookUpEnvironment(part, node, at, scope);
  const values = scope[part.space];
  if (values === undefined) {
    scope.problems.add(valueErrors.notHere({ at, name: nameOf(part), space: part.space }));
    return undefined;
  }
  const [first, ...deeper] = part.path;
  let value = values.get(first, at);
  let known = values.names();
  let reached = `${part.space}.${first}`;
  for (const step of deeper) {
    if (value === undefined || value === ABSENT) break;
    known = isJsonObject(value)
      ? Object.keys(value).map((key) => `${reached.slice(part.space.length + 1)}.${key}`)
      : [];
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : ABSENT;
    reached += `.${step}`;
  }
  if (value === undefined) {
    scope.problems.follow();
    return undefined;
  }
  if (value !== ABSENT && value !== null) return value;
  if (part.fallback !== undefined) return fillFallback(part.fallback, node, scope);
  if (value === null) return null;
  const inCommand = String(node.value)[part.start] === '{';
  scope.problems.add(valueErrors.unknownValue({ at, space: part.space, name: part.path.join('.'), known, inCommand }));
  return undefined;
}

/** A default is read as YAML reads a scalar: `50` is a number, `"50"` a text. */
function fillFallback(parts: readonly Part[], node: ScalarNode, scope: Scope): Json | undefined {
  const value = parts.length === 0 ? '' : fillParts(parts, node, scope);
  const literal = parts.every((part) => part.type === 'text');
  return literal && typeof value === 'string' ? plainScalar(value) : value;
}

/**
 * Environment values are text. Where the default is a number or a boolean the author means one, so the value is read
 * as one too: `${env.STEPS:-50}` can be a param that wants a number.
 */
function lookUpEnvironment(part: ReferencePart, node: ScalarNode, at: Location, scope: Scope): Json | undefined {
  const { environment, problems } = scope;
  const [name, ...deeper] = part.path;
  if (deeper.length > 0 || name.includes('-')) {
    problems.add(
      valueErrors.badReference({ at, reason: `\`${part.path.join('.')}\` is no name of an environment variable` }),
    );
    return undefined;
  }
  const declared = environment.secretAt(name);
  if (declared !== undefined) {
    problems.add(valueErrors.secretRead({ at, name, declared }));
    return undefined;
  }
  const found = environment.read(name);
  const fallback = part.fallback === undefined ? undefined : fillFallback(part.fallback, node, scope);
  if (found === undefined || (found === '' && part.fallback !== undefined)) {
    if (part.fallback === undefined) problems.add(valueErrors.unsetVariable({ at, name, file: environment.file }));
    return fallback;
  }
  if (typeof fallback !== 'number' && typeof fallback !== 'boolean') return found;
  const typed = plainScalar(found);
  if (typeof typed === typeof fallback) return typed;
  const wanted = typeof fallback === 'number' ? 'a number' : '`true` or `false`';
  problems.add(valueErrors.variableType({ at, name, wanted, fallback: String(fallback) }));
  return undefined;
}

/** A text as YAML 1.2 (core schema) reads it where it stands alone, for the types that defaults need. */
function plainScalar(text: string): string | number | boolean | null {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  if (quoted !== null) return quoted[2] ?? '';
  if (text === 'null' || text === '~') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^[-+]?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text)) return exactNumber(text) ?? text;
  return text;
}

function templateError(
  problem: TemplateProblem,
  at: Location,
  scope: Scope,
): ReturnType<typeof valueErrors.badReference> {
  switch (problem.type) {
    case 'unclosed':
      return valueErrors.badReference({
        at,
        reason: '`${` is not closed',
        next: 'add the `}`, or write `$${` for the characters themselves',
      });
    case 'empty':
      return valueErrors.badReference({ at, reason: '`${}` names nothing' });
    case 'malformed':
      return valueErrors.badReference({ at, reason: `\`${problem.text}\` is no name` });
    case 'bare': {
      const space = (['vars', 'params', 'matrix'] as const).find((each) => scope[each]?.names().includes(problem.name));
      return valueErrors.badReference({
        at,
        reason: `\`${problem.name}\` does not say where it comes from`,
        next: `write \`\${${space ?? 'vars'}.${problem.name}}\``,
      });
    }
    case 'unknown-space':
      return valueErrors.unknownSpace({ at, space: problem.space, rest: problem.rest });
  }
}

/** The environment as `${env.X}` sees it; what was read is remembered, for a plan depends on it. */
export class EnvironmentValues {
  readonly #read = new Map<string, string | null>();

  constructor(
    private readonly environment: Environment,
    /** Secrets that any target declares, and where. */
    private readonly secrets: ReadonlyMap<string, Location>,
    /** The `.env` file as users know it. */
    readonly file: string,
  ) {}

  read(name: string): string | undefined {
    const value = this.environment.get(name);
    this.#read.set(name, value ?? null);
    return value;
  }

  secretAt(name: string): Location | undefined {
    return this.secrets.get(name);
  }

  /** By name, in the order of reading; null where unset. */
  readNames(): Record<string, string | null> {
    return Object.fromEntries(this.#read);
  }
}

/** Values that may refer to each other: each is filled in when first asked for. A cycle is reported with all its edges. */
export class Cells implements Values {
  readonly #values = new Map<string, Json | undefined>();
  readonly #open: { readonly name: string; readonly from: Location }[] = [];

  constructor(
    private readonly space: 'vars' | 'params',
    private readonly nodes: ReadonlyMap<string, Node>,
    private readonly scope: (self: Values) => Scope,
  ) {}

  names(): readonly string[] {
    return [...this.nodes.keys()];
  }

  get(name: string, from: Location): Json | undefined | typeof ABSENT {
    const node = this.nodes.get(name);
    if (node === undefined) return ABSENT;
    if (this.#values.has(name)) return this.#values.get(name);
    const scope = this.scope(this);
    const opened = this.#open.findIndex((each) => each.name === name);
    if (opened >= 0) {
      const edges = [...this.#open.slice(opened + 1), { name, from }];
      scope.problems.add(valueErrors.valueCycle({ space: this.space, name, edges }));
      return undefined;
    }
    this.#open.push({ name, from });
    const value = fill(node, scope);
    this.#open.pop();
    this.#values.set(name, value);
    return value;
  }

  /** Fills in every value; those that are wrong are left out. */
  all(): JsonObject {
    const result: Record<string, Json> = {};
    for (const [name, node] of this.nodes) {
      const value = this.get(name, locate(node));
      if (value !== undefined && value !== ABSENT) define(result, name, value);
    }
    return result;
  }
}

/** Values that are there already: checked params, or one instance of a matrix. */
export class GivenValues implements Values {
  constructor(private readonly values: JsonObject) {}

  names(): readonly string[] {
    return Object.keys(this.values);
  }

  get(name: string): Json | undefined | typeof ABSENT {
    return Object.hasOwn(this.values, name) ? this.values[name] : ABSENT;
  }
}
