import { parseDuration } from '../base/duration.js';
import { compareBytes } from '../base/order.js';
import { configErrors } from '../diagnostics/config.js';
import type { Location } from '../diagnostics/diagnostic.js';
import type { FailureAllowance, Resources } from './pipeline.js';
import { asMap, entryOf, fillAs, fillInteger, fillText, fillTexts, NAME, VARIABLE_NAME } from './reading.js';
import { describeValue, locate, type MapNode, type Node } from './source.js';
import { fill, type Scope } from './values.js';

/** What a target may say beside its work. */
export interface TargetOptions {
  readonly description?: string;
  readonly env: readonly string[];
  readonly secrets: readonly string[];
  readonly timeoutMs?: number;
  readonly retries: number;
  readonly allowFailures: FailureAllowance;
  /** Where `allow_failures` stands, if it does. */
  readonly allowFailuresAt?: Location;
  readonly resources: Resources;
  readonly store: boolean;
}

export const NO_FAILURES: FailureAllowance = { type: 'count', parts: 0 };

export function readOptions(target: MapNode, scope: Scope, pools: Readonly<Record<string, number>>): TargetOptions {
  const read = <T>(key: string, reader: (node: Node) => T | undefined): T | undefined => {
    const entry = entryOf(target, key);
    return entry === undefined ? undefined : reader(entry.value);
  };
  const description = read('description', (node) => fillText(node, scope, 'description'));
  const timeoutMs = read('timeout', (node) => readTimeout(node, scope));
  const allowance = entryOf(target, 'allow_failures');
  return {
    ...(description === undefined ? {} : { description }),
    ...readEnvironmentNames(target, scope),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    retries: read('retries', (node) => fillInteger(node, scope, 'retries', { from: 0, to: 1000 })) ?? 0,
    allowFailures: read('allow_failures', (node) => readAllowance(node, scope)) ?? NO_FAILURES,
    ...(allowance === undefined ? {} : { allowFailuresAt: locate(allowance.key) }),
    resources: read('resources', (node) => readResources(node, scope, pools)) ?? { cpus: 1, gpus: 0, pools: {} },
    store:
      read('store', (node) => fillAs(node, scope, { what: 'store', wanted: '`true` or `false`' }, isBoolean)) ?? true,
  };
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function readEnvironmentNames(target: MapNode, scope: Scope): { env: string[]; secrets: string[] } {
  const places: Record<'env' | 'secrets', Map<string, Location>> = { env: new Map(), secrets: new Map() };
  for (const key of ['env', 'secrets'] as const) {
    const entry = entryOf(target, key);
    for (const { text, at } of entry === undefined ? [] : (fillTexts(entry.value, scope, key) ?? [])) {
      if (VARIABLE_NAME.test(text)) places[key].set(text, at);
      else scope.problems.add(configErrors.badVariableName({ at, name: text, key }));
    }
  }
  for (const [name, at] of places.secrets) {
    const other = places.env.get(name);
    if (other !== undefined) scope.problems.add(configErrors.envAndSecret({ at, name, other }));
  }
  return { env: [...places.env.keys()].sort(compareBytes), secrets: [...places.secrets.keys()].sort(compareBytes) };
}

function readTimeout(node: Node, scope: Scope): number | undefined {
  const value = fill(node, scope);
  if (value === undefined) return undefined;
  const milliseconds =
    typeof value === 'string' || typeof value === 'number' ? parseDuration(String(value)) : undefined;
  if (milliseconds === undefined) {
    const wanted = 'a time such as `90s`, `10m` or `2h`';
    scope.problems.add(
      configErrors.wrongType({ at: locate(node), what: 'timeout', wanted, found: describeValue(value) }),
    );
  }
  return milliseconds;
}

function readAllowance(node: Node, scope: Scope): FailureAllowance | undefined {
  const value = fill(node, scope);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return { type: 'count', parts: value };
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value) : null;
  const percent = match === null ? Number.NaN : Number(match[1]);
  if (percent <= 100) return { type: 'percent', percent };
  const wanted = 'a number of parts such as `2`, or a share such as `5%`';
  scope.problems.add(
    configErrors.wrongType({ at: locate(node), what: 'allow_failures', wanted, found: describeValue(value) }),
  );
  return undefined;
}

function readResources(node: Node, scope: Scope, pools: Readonly<Record<string, number>>): Resources | undefined {
  const map = asMap(node, 'resources', scope.problems);
  if (map === undefined) return undefined;
  const taken: Record<string, number> = {};
  const fixed = { cpus: 1, gpus: 0 };
  for (const [name, { key, value }] of map.entries) {
    if (name === 'cpus' || name === 'gpus') {
      fixed[name] = fillInteger(value, scope, name, { from: 0 }) ?? fixed[name];
      continue;
    }
    const size = Object.hasOwn(pools, name) ? pools[name] : undefined;
    if (size === undefined) {
      scope.problems.add(configErrors.unknownPool({ at: locate(key), name, known: Object.keys(pools) }));
      continue;
    }
    const amount = fillInteger(value, scope, name, { from: 0 });
    if (amount === undefined) continue;
    if (amount > size) scope.problems.add(configErrors.poolTooSmall({ at: locate(value), name, amount, size }));
    else taken[name] = amount;
  }
  return { ...fixed, pools: taken };
}

/** The top-level `pools`: names and sizes. */
export function readPools(node: Node, scope: Scope): Record<string, number> {
  const pools: Record<string, number> = {};
  const map = asMap(node, 'pools', scope.problems);
  for (const [name, { key, value }] of map?.entries ?? []) {
    if (!NAME.test(name)) scope.problems.add(configErrors.badName({ at: locate(key), what: 'pool', name }));
    else if (name === 'cpus' || name === 'gpus')
      scope.problems.add(configErrors.reservedPool({ at: locate(key), name }));
    else {
      const size = fillInteger(value, scope, `pool \`${name}\``, { from: 1 });
      // Of unknown size, so that targets which use it are not reported as well.
      pools[name] = size ?? Number.POSITIVE_INFINITY;
    }
  }
  return pools;
}

/** The secrets a target names, without filling anything in: for the check that no `${env.X}` reads one. */
export function secretNames(target: MapNode): [string, Location][] {
  const node = entryOf(target, 'secrets')?.value;
  if (node === undefined) return [];
  const items = node.type === 'list' ? node.items : [node];
  return items.flatMap((item) =>
    item.type === 'scalar' && typeof item.value === 'string' ? [[item.value, locate(item)] as [string, Location]] : [],
  );
}
