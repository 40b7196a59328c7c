import { canonicalJson } from '../base/canonical.js';
import type { JsonObject } from '../base/json.js';
import { UserError, type AnyRule } from './define.js';
import type { CheckedParams } from './description.js';
import { paramIssues } from './param-issues.js';

/** Applies a rule's schema to params as the pipeline file gives them. Runs in a host. */
export async function checkParams(rule: AnyRule, params: JsonObject): Promise<CheckedParams> {
  const parsed = await rule.params.safeParseAsync(params, { reportInput: true });
  if (!parsed.success) return { ok: false, issues: paramIssues(parsed.error.issues, rule.params) };
  return {
    ok: true,
    params: asJson(parsed.data),
    concurrency:
      rule.shape === 'parts' && rule.concurrency ? concurrencyOf(rule.concurrency({ params: parsed.data })) : null,
    deterministic: isDeterministic(rule.deterministic ?? true, parsed.data),
  };
}

function isDeterministic(said: NonNullable<AnyRule['deterministic']>, params: Record<string, unknown>): boolean {
  const value: unknown = typeof said === 'function' ? said({ params }) : said;
  if (typeof value === 'boolean') return value;
  throw new UserError(`\`deterministic\` gave ${JSON.stringify(value)}: it must be \`true\` or \`false\``);
}

/** Params are kept as JSON: keys that are `undefined` are as good as absent, anything else must be JSON. */
function asJson(data: Record<string, unknown>): JsonObject {
  try {
    return JSON.parse(canonicalJson(defined(data) as JsonObject)) as JsonObject;
  } catch (error) {
    throw new UserError(`the schema of the params gives what JSON cannot hold: ${(error as Error).message}`);
  }
}

function defined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(defined);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError(`a ${value.constructor.name} is not JSON`);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [[name, defined(item)]])),
  );
}

function concurrencyOf(value: unknown): number | null {
  if (value === undefined) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw new UserError(`\`concurrency\` gave ${JSON.stringify(value)}: it must be a whole number, 1 or more`);
}
