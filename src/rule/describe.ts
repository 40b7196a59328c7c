import type { z } from 'zod';
import type { KindName } from '../artifacts/kind.js';
import type { JsonObject } from '../base/json.js';
import { RULE, type AnyRule } from './define.js';
import type { DescribedRule, RoleDescription, RuleProblem } from './description.js';
import { schemaProblem } from './param-walk.js';

const KINDS: ReadonlySet<string> = new Set<KindName>(['file', 'directory', 'jsonl', 'sqlite']);
/** Kinds whose parts are joined without the rule's help. */
const JOINED: ReadonlySet<string> = new Set<KindName>(['directory', 'jsonl']);
const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** The rule that a module exports, checked as far as its types would have done it. */
export function ruleOf(exports: Readonly<Record<string, unknown>>): AnyRule | RuleProblem {
  const names = Object.keys(exports).filter((name) => name !== 'default');
  if (!('default' in exports)) return { type: 'no-default-export', exports: names };
  const rule = exports['default'];
  if (typeof rule !== 'object' || rule === null || !(RULE in rule)) return { type: 'not-a-rule', found: named(rule) };
  return rule as AnyRule;
}

/** What the engine needs to know of a rule, or why it is none. Runs in a host, with the rule's module loaded. */
export function describeRule(exports: Readonly<Record<string, unknown>>, zod: typeof z): DescribedRule {
  const rule = ruleOf(exports);
  if (!('shape' in rule)) return { ok: false, problem: rule };
  const problem = malformed(rule);
  if (problem !== undefined) return { ok: false, problem };
  const inSchema = schemaProblem(rule.params);
  if (inSchema !== undefined) return { ok: false, problem: inSchema };
  return {
    ok: true,
    description: {
      summary: rule.summary,
      shape: rule.shape,
      inputs: rolesOf(rule.inputs ?? {}),
      outputs: rolesOf(rule.outputs),
      params: zod.toJSONSchema(rule.params, { io: 'input', unrepresentable: 'any' }) as JsonObject,
      assembles: rule.shape === 'parts' && rule.assemble !== undefined,
      asks: rule.shape === 'parts' && rule.asks !== undefined,
    },
  };
}

/** Rules may come from plain JavaScript, or past a type error: what is used is looked at. */
function malformed(rule: AnyRule): RuleProblem | undefined {
  const say = (what: string, message: string): RuleProblem => ({ type: 'malformed', what, message });
  if (typeof (rule.summary as unknown) !== 'string') return say('summary', 'is not a text');
  if (!isZodObject(rule.params)) return say('params', 'is not a `z.strictObject({ … })`');
  const loose: Readonly<Record<string, unknown>> = { ...rule };
  for (const name of rule.shape === 'whole' ? ['run'] : ['parts', 'make']) {
    const value = loose[name];
    if (typeof value !== 'function') return say(name, value === undefined ? 'is missing' : 'is not a function');
  }
  if (rule.shape === 'parts' && 'run' in loose) return say('run', 'has no place in a rule in parts');
  for (const [group, roles] of Object.entries({ inputs: loose['inputs'] ?? {}, outputs: loose['outputs'] })) {
    if (typeof roles !== 'object' || roles === null) return say(group, 'is missing');
    for (const [name, role] of Object.entries(roles as Record<string, unknown>)) {
      if (!NAME.test(name)) return say(group, `has the name \`${name}\`; names are letters, digits, \`_\` and \`-\``);
      const kind = (role as { kind?: unknown } | null | undefined)?.kind;
      if (typeof kind !== 'string' || !KINDS.has(kind)) {
        return say(`${group}.${name}`, 'is not `file()`, `directory()`, `jsonl()` or `sqlite()`');
      }
      if (group === 'outputs' && (role as { isList?: unknown }).isList === true) {
        return say(`${group}.${name}`, 'is a list, which only an input can be');
      }
      const { param } = role as { param?: string };
      if (param !== undefined && (group === 'outputs' || !Object.hasOwn(rule.params.shape, param))) {
        const why = group === 'outputs' ? 'which only an input can' : 'which is not among the params';
        return say(`${group}.${name}`, `comes from the param \`${param}\`, ${why}`);
      }
      if (group === 'outputs' && rule.shape === 'parts' && rule.assemble === undefined && !JOINED.has(kind)) {
        return say('assemble', `is missing: parts of \`${name}\`, a ${kind}, cannot be joined without it`);
      }
    }
  }
  if (Object.keys(rule.outputs).length === 0) return say('outputs', 'is empty: a rule is there to make something');
  return undefined;
}

function isZodObject(schema: unknown): boolean {
  const def = (schema as { _zod?: { def?: { type?: unknown } } } | null | undefined)?._zod?.def;
  return def?.type === 'object';
}

function rolesOf(roles: AnyRule['outputs']): Readonly<Record<string, RoleDescription>> {
  return Object.fromEntries(
    Object.entries(roles).map(([name, { kind, isList, isOptional, param }]) => [
      name,
      { kind, list: isList, optional: isOptional, ...(param === undefined ? {} : { param }) },
    ]),
  );
}

function named(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object that `defineRule` did not make';
  return `a ${typeof value}`;
}
