import type { z } from 'zod';
import { didYouMean } from '../base/did-you-mean.js';
import type { ParamIssue } from './description.js';

type Issue = z.core.$ZodIssue;
type Def = z.core.$ZodTypes['_zod']['def'];

/** How zod's own messages begin; any other was written by the rule's author. */
const ZOD_WORDS = /^(Invalid |Too (small|big): |Unrecognized key)/;

/** What a schema refused, in vlmbuild's words. */
export function paramIssues(issues: readonly Issue[], schema: z.ZodObject): readonly ParamIssue[] {
  return issues.flatMap((issue) => issuesOf(issue, [], schema));
}

function issuesOf(issue: Issue, above: readonly (string | number)[], schema: z.ZodObject): readonly ParamIssue[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  const say = (message: string): readonly ParamIssue[] => [{ path, message }];
  if (!ZOD_WORDS.test(issue.message)) return say(lowered(issue.message));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownParam(key, knownKeys(schema, path)) }));
    case 'invalid_type':
      if (issue.input === undefined) return say(`is missing: expected ${article(issue.expected)}`);
      return say(`expected ${article(issue.expected)}, got ${shown(issue.input)}${meant(issue.expected, issue.input)}`);
    case 'invalid_value': {
      const values = issue.values.map((value) => shown(value));
      const expected = values.length === 1 ? (values[0] ?? '') : `one of ${values.join(', ')}`;
      if (issue.input === undefined) return say(`is missing: expected ${expected}`);
      const texts = issue.values.filter((value) => typeof value === 'string');
      const likely = typeof issue.input === 'string' ? didYouMean(issue.input, texts) : undefined;
      const hint = likely === undefined ? '' : `; did you mean \`${likely}\`?`;
      return say(`expected ${expected}, got ${shown(issue.input)}${hint}`);
    }
    case 'too_small':
      return say(`must ${bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`);
    case 'too_big':
      return say(`must ${bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`);
    case 'not_multiple_of':
      return say(`must be a multiple of ${issue.divisor}, got ${shown(issue.input)}`);
    case 'invalid_format':
      return say(
        issue.format === 'regex'
          ? `${shown(issue.input)} does not match ${issue.pattern ?? 'the pattern'}`
          : `${shown(issue.input)} is no ${issue.format}`,
      );
    case 'invalid_union':
      return unionIssues(issue, path, schema);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => issuesOf(inner, path, schema));
    case 'custom':
      return say(lowered(issue.message));
  }
}

/** Of a union the branch that came furthest speaks; where none came further than the others, all that would do. */
function unionIssues(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly (string | number)[],
  schema: z.ZodObject,
): readonly ParamIssue[] {
  const tags = 'options' in issue && Array.isArray(issue.options) ? (issue.options as readonly unknown[]) : undefined;
  if (issue.errors.length === 0 && tags !== undefined) {
    const given = (issue.input as Record<string, unknown> | undefined)?.[issue.discriminator ?? ''];
    const likely = typeof given === 'string' ? didYouMean(given, tags.map(String)) : undefined;
    const hint = likely === undefined ? '' : `; did you mean \`${likely}\`?`;
    const got = given === undefined ? 'it is missing' : `got ${shown(given)}`;
    return [{ path, message: `expected one of ${tags.map(shown).join(', ')}, ${got}${hint}` }];
  }
  const branches = issue.errors.map((errors) => errors.flatMap((inner) => issuesOf(inner, path, schema)));
  const depth = (branch: readonly ParamIssue[]): number =>
    Math.min(
      ...branch.map((item) => (/^(expected|is missing)/.test(item.message) ? item.path.length : path.length + 1)),
    );
  const deepest = Math.max(...branches.map(depth));
  const best = branches.filter((branch) => depth(branch) === deepest).sort((a, b) => a.length - b.length);
  const [first] = best;
  if (first !== undefined && (best.length === 1 || deepest > path.length)) return first;
  const expected = [
    ...new Set(branches.flat().map((item) => item.message.replace(/^.*?expected (.*?)(, got .*)?$/, '$1'))),
  ];
  if (issue.input === undefined) return [{ path, message: `is missing: expected ${expected.join(' or ')}` }];
  return [{ path, message: `expected ${expected.join(' or ')}, got ${shown(issue.input)}` }];
}

/** The keys an object schema at a path has, as far as that can be told without a value. */
function knownKeys(schema: z.ZodObject, path: readonly (string | number)[]): readonly string[] {
  let at: z.core.$ZodType | undefined = schema;
  const inside = (from: z.core.$ZodType | undefined): z.core.$ZodTypes | undefined => {
    const type = from as z.core.$ZodTypes | undefined;
    const def: Def | undefined = type?._zod.def;
    if (def !== undefined && 'innerType' in def) return inside(def.innerType);
    if (def?.type === 'pipe') return inside(def.in);
    return type;
  };
  for (const step of path) {
    const def: Def | undefined = inside(at)?._zod.def;
    if (def?.type === 'object') at = def.shape[step];
    else if (def?.type === 'array') at = def.element;
    else if (def?.type === 'record') at = def.valueType;
    else return [];
  }
  const def = inside(at)?._zod.def;
  if (def?.type === 'object') return Object.keys(def.shape);
  if (def?.type !== 'union') return [];
  return def.options.flatMap((option) => {
    const inner = inside(option)?._zod.def;
    return inner?.type === 'object' ? Object.keys(inner.shape) : [];
  });
}

function unknownParam(key: string, known: readonly string[]): string {
  const likely = didYouMean(key, known);
  if (likely !== undefined) return `there is no param \`${key}\`; did you mean \`${likely}\`?`;
  const all = [...new Set(known)];
  return `there is no param \`${key}\`${all.length > 0 ? `; there are ${all.map((name) => `\`${name}\``).join(', ')}` : ''}`;
}

function bound(origin: string, how: string, limit: number | bigint): string {
  const units: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item', map: 'entry' };
  const unit = units[origin];
  if (unit === undefined) return `be ${how} ${String(limit)}`;
  return `have ${how} ${String(limit)} ${unit}${Number(limit) === 1 ? '' : 's'}`;
}

/** Asks whether a value was meant that is written nearly so. */
function meant(expected: string, value: unknown): string {
  const likely = ['string', 'number', 'boolean'].includes(typeof value)
    ? likeliest(expected, String(value))
    : undefined;
  return likely === undefined || likely.length > 40 ? '' : `; did you mean \`${likely}\`?`;
}

function likeliest(expected: string, text: string): string | undefined {
  switch (expected) {
    case 'array':
      return `[${text}]`;
    case 'string':
      return JSON.stringify(text);
    case 'number':
      return /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? text : undefined;
    default:
      return undefined;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
  boolean: '`true` or `false`',
  null: '`null`',
};

function article(type: string): string {
  return NAMES[type] ?? `a ${type}`;
}

/** A value as the pipeline file would have it, not too long. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (typeof value === 'string') {
    const text = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    // Without quotes it would be read as a number, as `true`, or as nothing.
    return `\`${readsOtherwise(value) ? JSON.stringify(text) : text}\``;
  }
  return `\`${String(value)}\``;
}

function readsOtherwise(text: string): boolean {
  return !Number.isNaN(Number(text)) || /^(?:true|false|null|~)$/i.test(text);
}

function lowered(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
