import type { Json, JsonObject } from '../base/json.js';
import { configErrors } from '../diagnostics/config.js';
import type { Location } from '../diagnostics/diagnostic.js';
import { readMatrix, SINGLE, type Instance } from './matrix.js';
import { readOptions, type TargetOptions } from './options.js';
import type { InputUse, OutputUse, RuleUse } from './pipeline.js';
import { Problems } from './problems.js';
import { asMap, checkKeys, checkName, entryOf, fillText } from './reading.js';
import { locate, type Entry, type MapNode, type Node, type ScalarNode } from './source.js';
import { ABSENT, Cells, GivenValues, type Scope, type Values } from './values.js';

/**
 * One target on its way to being checked. Filled step by step: `load.ts` is the order.
 *
 *   written ──rule──> rule known ──params──> params checked ──> outputs ──> inputs ──> a Target, or left out
 */
export interface Draft {
  readonly name: string;
  readonly base: string;
  readonly instance: Instance;
  readonly at: Location;
  readonly node: MapNode;
  readonly problems: Problems;
  /** With the params as written, before the rule's defaults. */
  readonly written: Scope;
  readonly paramsNode: MapNode | undefined;
  readonly options: TargetOptions;
  readonly work: WrittenWork;
  /** Where the params are known, with defaults: for everything but params. */
  scope: Scope;
  rule: RuleUse | undefined;
  params: JsonObject;
  outputs: readonly OutputUse[];
  /** Names of the outputs, also of those that are wrong; undefined where the names are not known. */
  outputNames: readonly string[] | undefined;
  inputs: readonly InputUse[];
}

/** What a target says makes it. `wrong`: it does not say, or not readably. */
type WrittenWork =
  | { readonly type: 'rule'; readonly name: string; readonly at: Location }
  | { readonly type: 'command'; readonly node: ScalarNode }
  | { readonly type: 'wrong' };

export interface DraftGroup {
  readonly base: string;
  readonly drafts: readonly Draft[];
}

const RULE_KEYS = [
  'description',
  'rule',
  'run',
  'inputs',
  'params',
  'outputs',
  'matrix',
  'env',
  'secrets',
  'timeout',
  'retries',
  'allow_failures',
  'resources',
  'after',
  'store',
];
const COMMAND_ONLY = ['tools', 'allow'];
export const TARGET_KEYS: readonly string[] = [...RULE_KEYS, ...COMMAND_ONLY];

/** The targets of one entry under `targets`: one, or one an instance of its matrix; none where it is beyond reading. */
export function draftTargets(
  base: string,
  entry: Entry,
  top: Scope,
  pools: Readonly<Record<string, number>>,
): DraftGroup {
  const shared = new Problems(top.problems);
  const nothing: DraftGroup = { base, drafts: [] };
  const named = checkName(entry.key, 'target', shared);
  const node = asMap(entry.value, `target \`${base}\``, shared);
  if (node === undefined) return nothing;
  checkKeys(node, TARGET_KEYS, `target \`${base}\``, shared);
  checkWork(base, entry, node, shared);
  const paramsEntry = entryOf(node, 'params');
  const paramsNode = paramsEntry === undefined ? undefined : asMap(paramsEntry.value, 'params', shared);
  const matrix = entryOf(node, 'matrix');
  const instances = matrix === undefined ? [SINGLE] : readMatrix(matrix.value, { ...top, problems: shared });
  if (instances === undefined || !named) return nothing;
  const drafts = instances.map((instance) => {
    const problems = new Problems(top.problems);
    if (shared.any) problems.follow();
    return draft({ base, instance, entry, node, paramsNode, problems, top, pools, isMatrix: matrix !== undefined });
  });
  return { base, drafts };
}

function checkWork(base: string, { key }: Entry, node: MapNode, problems: Problems): void {
  const [rule, run] = [entryOf(node, 'rule'), entryOf(node, 'run')];
  if ((rule === undefined) === (run === undefined)) {
    const at = run === undefined ? locate(key) : locate(run.key);
    problems.add(configErrors.ruleOrRun({ at, target: base, both: run !== undefined }));
  }
  if (run !== undefined || rule === undefined) return;
  for (const name of COMMAND_ONLY) {
    const entry = node.entries.get(name);
    if (entry !== undefined) problems.add(configErrors.onlyForCommands({ at: locate(entry.key), name }));
  }
}

interface DraftArguments {
  readonly base: string;
  readonly instance: Instance;
  readonly entry: Entry;
  readonly node: MapNode;
  readonly paramsNode: MapNode | undefined;
  readonly problems: Problems;
  readonly top: Scope;
  readonly pools: Readonly<Record<string, number>>;
  readonly isMatrix: boolean;
}

function draft({ base, instance, entry, node, paramsNode, problems, top, pools, isMatrix }: DraftArguments): Draft {
  const matrix = isMatrix ? { matrix: new GivenValues(instance.values) } : {};
  const params = new Cells('params', paramNodes(paramsNode), (self) => ({ ...written, params: self }));
  const written: Scope = { ...top, problems, params, ...matrix };
  return {
    name: `${base}${instance.suffix}`,
    base,
    instance,
    at: locate(entry.key),
    node,
    problems,
    written,
    paramsNode,
    options: readOptions(node, written, pools),
    work: readWork(node, written),
    scope: written,
    rule: undefined,
    params: {},
    outputs: [],
    outputNames: undefined,
    inputs: [],
  };
}

export function paramNodes(node: MapNode | undefined): Map<string, Node> {
  return new Map([...(node?.entries ?? [])].map(([name, { value }]) => [name, value]));
}

function readWork(node: MapNode, scope: Scope): WrittenWork {
  const [rule, run] = [entryOf(node, 'rule'), entryOf(node, 'run')];
  if (rule !== undefined && run === undefined) {
    const name = fillText(rule.value, scope, 'rule');
    return name === undefined ? { type: 'wrong' } : { type: 'rule', name, at: locate(rule.value) };
  }
  if (run === undefined || rule !== undefined) return { type: 'wrong' };
  if (run.value.type === 'scalar' && typeof run.value.value === 'string') return { type: 'command', node: run.value };
  // Not filled in: `$` is the shell's. This only says what is wrong with it.
  fillText(run.value, scope, 'run');
  scope.problems.follow();
  return { type: 'wrong' };
}

/** Params of a target whose rule did not tell its defaults: what is missing is not known, rather than absent. */
export function partialValues(params: JsonObject): Values {
  const given = new GivenValues(params);
  return {
    names: () => given.names(),
    get: (name: string): Json | undefined | typeof ABSENT => {
      const value = given.get(name);
      return value === ABSENT ? undefined : value;
    },
  };
}
