import type { Json } from '../base/json.js';
import { configErrors } from '../diagnostics/config.js';
import type { Location } from '../diagnostics/diagnostic.js';
import type { Problems } from './problems.js';
import { describeNode, describeValue, locate, type Entry, type MapNode, type Node } from './source.js';
import { fill, type Scope } from './values.js';

/**
 * Names of targets, vars, roles, pools. An object of JavaScript cannot have a `__proto__` of its own like any other key.
 */
export const NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_-]*$/;
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A text and where it stands. */
export interface Located {
  readonly text: string;
  readonly at: Location;
}

/** Whether a key has nothing behind it: it counts as left out. */
export function isEmpty(node: Node): boolean {
  return node.type === 'scalar' && node.value === null && !node.broken;
}

/** The entry of a map's key, unless nothing stands behind it. */
export function entryOf(map: MapNode, key: string): Entry | undefined {
  const entry = map.entries.get(key);
  return entry === undefined || isEmpty(entry.value) ? undefined : entry;
}

/** The node as a map; reports what it is instead. */
export function asMap(node: Node, what: string, problems: Problems): MapNode | undefined {
  if (node.type === 'map') return node;
  if (node.type === 'scalar' && node.broken) problems.follow();
  else problems.add(configErrors.wrongType({ at: locate(node), what, wanted: 'a map', found: describeNode(node) }));
  return undefined;
}

/** Reports keys that are not known. */
export function checkKeys(map: MapNode, known: readonly string[], where: string, problems: Problems): void {
  for (const [name, { key }] of map.entries) {
    if (!known.includes(name)) problems.add(configErrors.unknownKey({ at: locate(key), name, where, known }));
  }
}

/** Reports a name that is none. */
export function checkName(key: Node & { readonly value: unknown }, what: string, problems: Problems): boolean {
  const name = String(key.value);
  if (NAME.test(name)) return true;
  problems.add(configErrors.badName({ at: locate(key), what, name }));
  return false;
}

/** A value with its `${…}` filled in, if it passes `test`; reports what it is instead. */
export function fillAs<T extends Json>(
  node: Node,
  scope: Scope,
  expected: { readonly what: string; readonly wanted: string },
  test: (value: Json) => value is T,
): T | undefined {
  const value = fill(node, scope);
  if (value === undefined || test(value)) return value;
  scope.problems.add(configErrors.wrongType({ at: locate(node), ...expected, found: describeValue(value) }));
  return undefined;
}

export function fillText(node: Node, scope: Scope, what: string): string | undefined {
  return fillAs(node, scope, { what, wanted: 'a text' }, (value) => typeof value === 'string');
}

export function fillInteger(
  node: Node,
  scope: Scope,
  what: string,
  range: { readonly from: number; readonly to?: number },
): number | undefined {
  const { from, to = Number.MAX_SAFE_INTEGER } = range;
  const wanted = from === 0 ? 'a whole number, 0 or more' : `a whole number, ${from} or more`;
  const test = (value: Json): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to;
  return fillAs(node, scope, { what, wanted }, test);
}

/** One text or a list of texts, each where it stands. Undefined where one is wrong: nothing is then half read. */
export function fillTexts(node: Node, scope: Scope, what: string): readonly Located[] | undefined {
  const nodes = node.type === 'list' ? node.items : [node];
  const texts: Located[] = [];
  let complete = true;
  for (const item of nodes) {
    const value = fill(item, scope);
    const at = locate(item);
    if (value === undefined) complete = false;
    for (const each of value === undefined ? [] : [value].flat(2)) {
      if (typeof each === 'string' && each !== '') texts.push({ text: each, at });
      else {
        complete = false;
        const wanted = node.type === 'list' ? 'a list of texts' : 'a text, or a list of texts';
        const found = each === '' ? 'an empty text' : describeValue(each);
        scope.problems.add(configErrors.wrongType({ at, what, wanted, found }));
      }
    }
  }
  return complete ? texts : undefined;
}
