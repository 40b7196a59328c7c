import type { Json } from '../base/json.js';
import { configErrors } from '../diagnostics/config.js';
import { valueErrors } from '../diagnostics/values.js';
import { asMap, checkName } from './reading.js';
import { describeValue, locate, type Node } from './source.js';
import { parseTemplate, type Part } from './template.js';
import { define, fill, type Scope } from './values.js';

/** One instance of a matrix: the value of each key, typed as written, and as it stands in names. */
export interface Instance {
  readonly values: Readonly<Record<string, Json>>;
  readonly names: Readonly<Record<string, string>>;
  /** `@mode=text@seed=3` */
  readonly suffix: string;
}

const VALUE = /^[A-Za-z0-9._+-]+$/;
const MAX_INSTANCES = 100_000;

export const SINGLE: Instance = { values: {}, names: {}, suffix: '' };

/** All instances, the last key varying fastest. Undefined where the matrix is wrong. */
export function readMatrix(node: Node, scope: Scope): readonly Instance[] | undefined {
  const map = asMap(node, 'matrix', scope.problems);
  if (map === undefined) return undefined;
  let instances: readonly Instance[] = [SINGLE];
  let complete = true;
  if (map.entries.size === 0) {
    scope.problems.add(valueErrors.emptyMatrix({ at: locate(node), what: 'matrix' }));
    return undefined;
  }
  for (const [key, entry] of map.entries) {
    const values = checkName(entry.key, 'matrix key', scope.problems) ? readValues(key, entry.value, scope) : undefined;
    if (values === undefined) {
      complete = false;
      continue;
    }
    if (instances.length * values.size > MAX_INSTANCES) {
      scope.problems.add(valueErrors.matrixTooLarge({ at: locate(node), limit: MAX_INSTANCES }));
      return undefined;
    }
    instances = instances.flatMap((instance) => [...values].map(([name, value]) => extend(instance, key, name, value)));
  }
  return complete ? instances : undefined;
}

function extend(instance: Instance, key: string, name: string, value: Json): Instance {
  const values = { ...instance.values };
  const names = { ...instance.names };
  define(values, key, value);
  define(names, key, name);
  return { values, names, suffix: `${instance.suffix}@${key}=${name}` };
}

function readValues(key: string, node: Node, scope: Scope): Map<string, Json> | undefined {
  const list = fill(node, scope);
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) {
    const what = `matrix key \`${key}\``;
    scope.problems.add(
      configErrors.wrongType({ at: locate(node), what, wanted: 'a list', found: describeValue(list) }),
    );
    return undefined;
  }
  if (list.length === 0) {
    scope.problems.add(valueErrors.emptyMatrix({ at: locate(node), what: `matrix key \`${key}\`` }));
    return undefined;
  }
  const values = new Map<string, Json>();
  let complete = true;
  for (const [index, value] of (list as readonly Json[]).entries()) {
    const item = node.type === 'list' && node.items.length === list.length ? node.items[index] : undefined;
    const at = locate(item ?? node);
    const name = value === null || typeof value === 'object' ? '' : String(value);
    if (!VALUE.test(name)) {
      scope.problems.add(valueErrors.matrixValue({ at, key, found: describeValue(value) }));
      complete = false;
    } else if (values.has(name)) {
      scope.problems.add(valueErrors.matrixTwice({ at, key, name }));
      complete = false;
    } else values.set(name, value);
  }
  return complete ? values : undefined;
}

/** Which of the matrix keys a node's texts refer to, also through params. */
export function matrixKeysOf(node: Node, params: ReadonlyMap<string, Node>): Set<string> {
  const keys = new Set<string>();
  const seen = new Set<Node>();
  const visitParts = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (part.type !== 'reference') continue;
      if (part.space === 'matrix') keys.add(part.path[0]);
      const param = part.space === 'params' ? params.get(part.path[0]) : undefined;
      if (param !== undefined) visit(param);
      if (part.fallback !== undefined) visitParts(part.fallback);
    }
  };
  const visit = (each: Node): void => {
    if (seen.has(each)) return;
    seen.add(each);
    if (each.type === 'list') each.items.forEach(visit);
    else if (each.type === 'map') for (const { value } of each.entries.values()) visit(value);
    else if (typeof each.value === 'string') visitParts(parseTemplate(each.value));
  };
  visit(node);
  return keys;
}
