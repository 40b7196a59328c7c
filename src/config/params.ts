import type { Json, JsonObject } from '../base/json.js';
import { isJsonObject } from '../base/json.js';
import { configErrors } from '../diagnostics/config.js';
import type { Location } from '../diagnostics/diagnostic.js';
import type { CheckedParams, LoadedRule, RuleSource } from '../rule/description.js';
import type { Problems } from './problems.js';
import { locate, type MapNode, type Node } from './source.js';
import { define } from './values.js';

type Checked = Extract<CheckedParams, { ok: true }>;

/** What a target's `params` are and where. */
interface WrittenParams {
  readonly rule: LoadedRule;
  /** Filled in. */
  readonly values: JsonObject;
  /** Where they stand, if they do; `target` otherwise. */
  readonly node: MapNode | undefined;
  readonly target: Location;
  /** Values could not all be filled in: those missing are not missed. */
  readonly incomplete: boolean;
}

/** Params with the rule's defaults, or every mistake in them, located. */
export async function checkParams(
  written: WrittenParams,
  rules: RuleSource,
  problems: Problems,
): Promise<Checked | undefined> {
  const { rule, node, target } = written;
  const unknown = node === undefined ? [] : unknownParams(node, rule.params, []);
  for (const { path, at, known } of unknown) {
    problems.add(
      configErrors.unknownParam({ at, rule: rule.name, name: path.join('.'), last: path.at(-1) ?? '', known }),
    );
  }
  const values = without(
    written.values,
    unknown.map(({ path }) => path),
  );
  const checked = await rules.check(rule, values);
  if (checked.ok) return unknown.length > 0 || written.incomplete ? undefined : checked;
  for (const issue of checked.issues) {
    if (written.incomplete && isMissing(values, issue.path)) continue;
    const at = node === undefined ? target : locateParam(node, issue.path);
    const meaning = meaningAt(rule.params, issue.path);
    problems.add(
      configErrors.paramRefused({
        at,
        rule: rule.name,
        name: issue.path.join('.'),
        message: issue.message,
        ...(meaning === undefined ? {} : { meaning }),
      }),
    );
  }
  problems.follow();
  return undefined;
}

interface UnknownParam {
  readonly path: readonly string[];
  readonly at: Location;
  readonly known: readonly string[];
}

/** Keys that a strict object schema does not know; where a schema offers choices, the rule itself judges. */
function unknownParams(node: Node, schema: Json | undefined, path: readonly string[]): UnknownParam[] {
  if (node.type !== 'map' || !isJsonObject(schema)) return [];
  const properties = schema['properties'];
  if (!isJsonObject(properties)) return [];
  const known = Object.keys(properties);
  return [...node.entries].flatMap(([name, { key, value }]) => {
    const here = [...path, name];
    if (Object.hasOwn(properties, name)) return unknownParams(value, properties[name], here);
    return schema['additionalProperties'] === false ? [{ path: here, at: locate(key), known }] : [];
  });
}

function without(values: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  if (paths.length === 0) return values;
  const result: Record<string, Json> = {};
  for (const [name, value] of Object.entries(values)) {
    const below = paths.filter(([first]) => first === name).map((path) => path.slice(1));
    if (below.some((path) => path.length === 0)) continue;
    define(result, name, below.length > 0 && isJsonObject(value) ? without(value, below) : value);
  }
  return result;
}

function isMissing(values: JsonObject, path: readonly (string | number)[]): boolean {
  let value: Json | undefined = values;
  for (const step of path) {
    if (isJsonObject(value)) value = Object.hasOwn(value, step) ? value[step] : undefined;
    else if (Array.isArray(value)) value = (value as readonly Json[])[Number(step)];
    else value = undefined;
  }
  return value === undefined;
}

/** The deepest node on the way to a param: the param itself, or the map in which it is missing. */
function locateParam(node: Node, path: readonly (string | number)[]): Location {
  let found: Node = node;
  for (const step of path) {
    if (found.type === 'map') {
      const entry = found.entries.get(String(step));
      if (entry === undefined) break;
      found = entry.value;
    } else if (found.type === 'list') {
      // An item that is one whole reference may have been flattened: indexes then do not agree.
      const flattened = found.items.some((item) => item.type === 'scalar' && String(item.value).startsWith('${'));
      const item: Node | undefined = flattened ? undefined : found.items[Number(step)];
      if (item === undefined) break;
      found = item;
    } else break;
  }
  return locate(found);
}

/** What the schema says of a param; of an item of a list, or a part of a map, that has no words of its own, what it says of that. */
function meaningAt(schema: JsonObject, path: readonly (string | number)[]): string | undefined {
  let found: Json | undefined = schema;
  let meaning: string | undefined;
  for (const step of path) {
    if (!isJsonObject(found)) break;
    const properties: Json | undefined = found['properties'];
    found = typeof step === 'number' ? found['items'] : isJsonObject(properties) ? properties[step] : undefined;
    const said: Json | undefined = isJsonObject(found) ? found['description'] : undefined;
    if (typeof said === 'string') meaning = said;
  }
  return meaning;
}
