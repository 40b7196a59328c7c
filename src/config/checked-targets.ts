import { relative } from 'node:path';
import type { Json } from '../base/json.js';
import { compareBytes } from '../base/order.js';
import { configErrors } from '../diagnostics/config.js';
import { valueErrors } from '../diagnostics/values.js';
import { EXIT, UserFacingError, type Diagnostic, type Location } from '../diagnostics/diagnostic.js';
import { graphErrors } from '../diagnostics/graph.js';
import type { LoadedRule, RuleSource } from '../rule/description.js';
import { BARE_OUTPUT } from './command.js';
import { WordCheck } from './command-text.js';
import { draftTargets, paramNodes, partialValues, type Draft, type DraftGroup } from './draft.js';
import { readInputs, type Surroundings } from './inputs.js';
import { matrixKeysOf } from './matrix.js';
import { NO_FAILURES } from './options.js';
import {
  OutputGuard,
  outputsByName,
  readOutput,
  writtenOutputs,
  type ProtectedFile,
  type WrittenOutput,
} from './outputs.js';
import { checkParams } from './params.js';
import { foldersAbove, isGlob, isInside, normalisePath } from './paths.js';
import type { CommandUse, InputUse, LeftOut, OutputUse, RuleUse, Target } from './pipeline.js';
import { Problems } from './problems.js';
import { entryOf, fillTexts } from './reading.js';
import { selectTargets, type KnownTarget } from './references.js';
import { givenRoles } from './roles.js';
import { locate, type Entry } from './source.js';
import { parseTargetName } from './target-name.js';
import { define, GivenValues, type Scope } from './values.js';
import { readCommand } from './work.js';

interface TargetsToCheck {
  readonly entries: ReadonlyMap<string, Entry>;
  /** What all targets share. */
  readonly top: Scope;
  readonly pools: Readonly<Record<string, number>>;
  readonly rules: RuleSource;
  readonly root: string;
  readonly protectedFiles: readonly ProtectedFile[];
}

export interface CheckedTargets {
  readonly targets: ReadonlyMap<string, Target>;
  readonly matrices: ReadonlyMap<string, readonly string[]>;
  /** All targets of the file, also those with mistakes. */
  readonly known: ReadonlyMap<string, KnownTarget>;
  readonly leftOut: LeftOut;
}

/** Reads and checks all targets. Each step is done for all before the next one begins: later ones need what others make. */
export async function readCheckedTargets(options: TargetsToCheck): Promise<CheckedTargets> {
  const { entries, top, pools, rules, root } = options;
  const groups = [...entries].map(([base, entry]) => draftTargets(base, entry, top, pools));
  const drafts = groups.flatMap((group) => group.drafts);
  const found = await findRules(drafts, rules);
  await Promise.all(drafts.map((draft) => readRuleAndParams(draft, found, rules)));

  const guard = new OutputGuard(root, [...options.protectedFiles, ...ruleFiles(found, root)]);
  for (const draft of drafts) for (const file of allowedFiles(draft, root)) guard.protect(file);
  for (const draft of drafts) readOutputs(draft, guard, root);

  const known = knownTargets(groups);
  const around = new Around(root, known, drafts);
  const after = new Map<Draft, Map<string, Location>>();
  const commands = new Map<Draft, CommandUse>();
  for (const draft of drafts) {
    draft.inputs = readInputs(draft, around);
    after.set(draft, readAfter(draft, known));
    const command = readCommand(draft, around);
    if (command !== undefined) commands.set(draft, command);
  }

  const kept = withoutBroken(drafts);
  const names = new Set(kept.map(({ name }) => name));
  const targets = new Map<string, Target>();
  for (const draft of kept) {
    const work = draft.rule ?? commands.get(draft);
    const before = new Map([...(after.get(draft) ?? [])].filter(([name]) => names.has(name)));
    if (work !== undefined) targets.set(draft.name, targetOf(draft, work, before));
  }
  const matrices = groups.filter(({ base }) => entryHasMatrix(entries.get(base)));
  return {
    targets,
    matrices: new Map(
      matrices.map(({ base, drafts: all }) => [base, all.map(({ name }) => name).filter((name) => targets.has(name))]),
    ),
    known,
    leftOut: leftOutOf(groups, targets, after),
  };
}

function entryHasMatrix(entry: Entry | undefined): boolean {
  return entry?.value.type === 'map' && entryOf(entry.value, 'matrix') !== undefined;
}

/** Rules by name; undefined for those with mistakes, which are reported at the first target that uses them. */
async function findRules(drafts: readonly Draft[], rules: RuleSource): Promise<Map<string, LoadedRule | undefined>> {
  const users = new Map<string, Draft>();
  for (const draft of drafts) {
    const { work } = draft;
    if (work.type === 'rule' && !users.has(work.name)) users.set(work.name, draft);
  }
  const found = await Promise.all(
    [...users].map(async ([name, draft]): Promise<[string, LoadedRule | undefined | readonly Diagnostic[]]> => {
      try {
        return [name, await rules.find(name)];
      } catch (error) {
        if (!(error instanceof UserFacingError) || error.exitCode !== EXIT.wrong) throw error;
        const at = draft.work.type === 'rule' ? draft.work.at : draft.at;
        return [name, error.diagnostics.map((diagnostic) => usedAt(diagnostic, at))];
      }
    }),
  );
  const result = new Map<string, LoadedRule | undefined>();
  for (const [name, outcome] of found) {
    const draft = users.get(name);
    if (outcome !== undefined && 'name' in outcome) result.set(name, outcome);
    else {
      result.set(name, undefined);
      for (const diagnostic of outcome ?? []) draft?.problems.add(diagnostic);
      if (outcome !== undefined) continue;
      for (const each of drafts) {
        if (each.work.type !== 'rule' || each.work.name !== name) continue;
        each.problems.add(configErrors.unknownRule({ at: each.work.at, name, known: rules.names() }));
      }
    }
  }
  return result;
}

function usedAt(diagnostic: Diagnostic, at: Diagnostic['at']): Diagnostic {
  if (at === undefined) return diagnostic;
  if (diagnostic.at === undefined) return { ...diagnostic, at };
  return { ...diagnostic, also: [...(diagnostic.also ?? []), { label: 'used here', at }] };
}

async function readRuleAndParams(
  draft: Draft,
  found: ReadonlyMap<string, LoadedRule | undefined>,
  rules: RuleSource,
): Promise<void> {
  const { work, written, problems, paramsNode } = draft;
  const nodes = paramNodes(paramsNode);
  const cells = written.params;
  const values: Record<string, Json> = {};
  for (const [name, node] of nodes) {
    const value = cells?.get(name, locate(node));
    if (value !== undefined && typeof value !== 'symbol') define<Json>(values, name, value);
    else problems.follow();
  }
  const incomplete = Object.keys(values).length < nodes.size;
  draft.params = values;
  draft.scope = { ...written, params: partialValues(values) };
  if (work.type === 'command') {
    if (!incomplete) draft.scope = { ...written, params: new GivenValues(values) };
    const { allowFailuresAt } = draft.options;
    if (allowFailuresAt !== undefined) problems.add(configErrors.noParts({ at: allowFailuresAt, target: draft.base }));
  }
  const rule = work.type === 'rule' ? found.get(work.name) : undefined;
  if (work.type === 'rule' && rule === undefined) problems.follow();
  if (rule === undefined) return;
  draft.rule = { type: 'rule', rule, concurrency: null, deterministic: true };
  const { allowFailuresAt } = draft.options;
  if (rule.shape === 'whole' && allowFailuresAt !== undefined) {
    problems.add(configErrors.noParts({ at: allowFailuresAt, target: draft.base }));
  }
  try {
    const checked = await checkParams(
      { rule, values, node: paramsNode, target: draft.at, incomplete },
      rules,
      problems,
    );
    if (checked === undefined) return;
    const { params, concurrency, deterministic } = checked;
    draft.rule = { type: 'rule', rule, concurrency, deterministic };
    draft.params = params;
    draft.scope = { ...written, params: new GivenValues(params) };
  } catch (error) {
    // What is the matter with the cache is no mistake in the pipeline.
    if (!(error instanceof UserFacingError) || error.exitCode !== EXIT.wrong) throw error;
    for (const diagnostic of error.diagnostics) problems.add(usedAt(diagnostic, draft.at));
  }
}

/** Sources of rules: an output must not replace one, nor become a rule that hides one. */
function* ruleFiles(found: ReadonlyMap<string, LoadedRule | undefined>, root: string): Generator<ProtectedFile> {
  for (const [name, rule] of found) {
    for (const file of rule?.closure ?? []) {
      const path = relative(root, file);
      if (isInside(path)) yield { path, what: `a source of rule \`${name}\`` };
    }
    for (const file of rule?.shadows ?? []) {
      const path = relative(root, file);
      if (isInside(path)) yield { path, what: `rule \`${name}\`, by hiding it` };
    }
  }
}

/** Files that commands use without naming them as inputs: sources all the same. Mistakes are told where they are read. */
function allowedFiles({ base, node, scope }: Draft, root: string): ProtectedFile[] {
  const entry = entryOf(node, 'allow');
  const texts =
    entry === undefined ? [] : (fillTexts(entry.value, { ...scope, problems: new Problems() }, 'allow') ?? []);
  return texts
    .filter(({ text }) => !isGlob(text))
    .map(({ text }) => ({ path: normalisePath(text, root), what: `a file that \`${base}\` uses` }))
    .filter(({ path }) => isInside(path) && path !== '.');
}

function readOutputs(draft: Draft, guard: OutputGuard, root: string): void {
  const { node, problems, scope } = draft;
  const entry = entryOf(node, 'outputs');
  if (entry === undefined && draft.rule === undefined) {
    problems.add(configErrors.noOutputs({ at: draft.at, target: draft.base }));
    draft.outputNames = [];
    return;
  }
  const uses: OutputUse[] = [];
  const read = (output: WrittenOutput, kind: OutputUse['kind'] | undefined): void => {
    checkMatrixKeys(draft, output);
    const use = readOutput(output, kind, scope, guard, root);
    if (use !== undefined) uses.push(use);
  };
  if (draft.rule !== undefined) {
    const roles = givenRoles(draft.rule.rule, 'output', entry?.value, draft.at, problems);
    for (const { name, role, node: value } of roles) read({ name, node: value }, role.kind);
    draft.outputNames = roles.map(({ name }) => name);
    if (roles.length === 0 && !problems.any) problems.add(configErrors.noOutputs({ at: draft.at, target: draft.base }));
  } else if (entry !== undefined) {
    const bare = draft.work.type === 'command' ? BARE_OUTPUT : undefined;
    const written = writtenOutputs(entry.value, bare, scope);
    for (const output of written ?? []) read(output, undefined);
    draft.outputNames = written?.map(({ name }) => name);
    if (written?.length === 0) problems.add(configErrors.noOutputs({ at: draft.at, target: draft.base }));
  }
  draft.outputs = uses;
  if (uses.length < (draft.outputNames ?? []).length) problems.follow();
}

function checkMatrixKeys({ instance, problems, paramsNode }: Draft, { node }: WrittenOutput): void {
  const keys = Object.keys(instance.names);
  if (keys.length === 0) return;
  const mentioned = matrixKeysOf(node, paramNodes(paramsNode));
  const lacking = keys.filter((key) => !mentioned.has(key));
  if (lacking.length > 0) problems.add(valueErrors.outputLacksKey({ at: locate(node), keys: lacking }));
}

function knownTargets(groups: readonly DraftGroup[]): Map<string, KnownTarget> {
  return new Map(
    groups.map(({ base, drafts }) => [
      base,
      {
        base,
        instances: drafts.map(({ name, instance, outputNames }) => ({
          name,
          matrix: instance.names,
          outputs: outputNames,
        })),
      },
    ]),
  );
}

/** All outputs, as references and commands look for them. */
class Around implements Surroundings {
  readonly words: WordCheck;
  readonly #byName = new Map<string, ReadonlyMap<string, OutputUse>>();
  readonly #byPath = new Map<string, { readonly target: string; readonly output: OutputUse }>();

  constructor(
    readonly root: string,
    readonly targets: ReadonlyMap<string, KnownTarget>,
    drafts: readonly Draft[],
  ) {
    this.words = new WordCheck(root);
    for (const { name, outputs } of drafts) {
      this.#byName.set(name, new Map(outputs.map((output) => [output.name, output])));
      for (const output of outputs) this.#byPath.set(output.path, { target: name, output });
    }
  }

  output(target: string, name: string): OutputUse | undefined {
    return this.#byName.get(target)?.get(name);
  }

  outputAt(path: string): OutputUse | undefined {
    return this.#byPath.get(path)?.output;
  }

  madeBy(path: string): string | undefined {
    const folder = foldersAbove(path).find((each) => this.#byPath.has(each));
    return (this.#byPath.get(path) ?? (folder === undefined ? undefined : this.#byPath.get(folder)))?.target;
  }
}

/** The targets that go first, by name, with where that is said. */
function readAfter(draft: Draft, known: ReadonlyMap<string, KnownTarget>): Map<string, Location> {
  const entry = entryOf(draft.node, 'after');
  const after = new Map<string, Location>();
  for (const { text, at } of entry === undefined ? [] : (fillTexts(entry.value, draft.scope, 'after') ?? [])) {
    const name = parseTargetName(text);
    const target = name === undefined || name.output !== undefined ? undefined : known.get(name.base);
    if (name === undefined || target === undefined) {
      draft.problems.add(graphErrors.unknownTarget({ at, name: text, known: [...known.keys()].sort(compareBytes) }));
    } else {
      for (const instance of selectTargets(at, name, target, draft.problems) ?? []) after.set(instance.name, at);
    }
  }
  return after;
}

function afterOf(after: ReadonlyMap<string, Location> | undefined): Pick<Target, 'after' | 'afterAt'> {
  return after === undefined || after.size === 0
    ? { after: [] }
    : { after: [...after.keys()], afterAt: Object.fromEntries(after) };
}

/** The targets without a mistake that need none with one. */
function withoutBroken(drafts: readonly Draft[]): Draft[] {
  const readers = new Map<string, Draft[]>();
  for (const draft of drafts) {
    for (const target of targetsOf(draft.inputs)) readers.set(target, [...(readers.get(target) ?? []), draft]);
  }
  const broken = new Set(drafts.filter(({ problems }) => problems.any));
  // A set gives what is added while it is walked.
  for (const draft of broken) for (const reader of readers.get(draft.name) ?? []) broken.add(reader);
  return drafts.filter((draft) => !broken.has(draft));
}

function targetsOf(inputs: readonly InputUse[]): Set<string> {
  return new Set(
    inputs.flatMap(({ references }) => references.flatMap((each) => (each.type === 'output' ? [each.target] : []))),
  );
}

function targetOf(draft: Draft, work: RuleUse | CommandUse, after: ReadonlyMap<string, Location>): Target {
  const { allowFailuresAt, ...options } = draft.options;
  return {
    name: draft.name,
    base: draft.base,
    matrix: draft.instance.names,
    at: draft.at,
    work,
    inputs: inputsByRole(draft),
    params: draft.params,
    outputs: outputsByName(draft.outputs),
    ...afterOf(after),
    ...options,
    allowFailures: allowFailuresAt === undefined ? NO_FAILURES : options.allowFailures,
  };
}

function leftOutOf(
  groups: readonly DraftGroup[],
  targets: ReadonlyMap<string, Target>,
  after: ReadonlyMap<Draft, ReadonlyMap<string, Location>>,
): LeftOut {
  const left: LeftOut['targets'][number][] = [];
  let incomplete = false;
  for (const { drafts } of groups) {
    if (drafts.length === 0) incomplete = true;
    // Instances that write one file are reported as such already.
    const paths = new Set<string>();
    for (const draft of drafts) {
      if (targets.has(draft.name)) continue;
      if (draft.outputNames === undefined || draft.outputs.length < draft.outputNames.length) incomplete = true;
      const outputs = draft.outputs.filter(({ path }) => isInside(path) && path !== '.' && !paths.has(path));
      for (const { path } of outputs) paths.add(path);
      const { name, at } = draft;
      left.push({
        name,
        at,
        inputs: inputsByRole(draft),
        outputs: outputsByName(outputs),
        ...afterOf(after.get(draft)),
      });
    }
  }
  return { targets: left, incomplete };
}

function inputsByRole({ inputs }: Draft): Record<string, InputUse> {
  const result: Record<string, InputUse> = {};
  for (const input of inputs) define(result, input.role, input);
  return result;
}
