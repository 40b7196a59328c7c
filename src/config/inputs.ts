import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { kindOfPath, type KindName } from '../artifacts/kind.js';
import { configErrors } from '../diagnostics/config.js';
import type { Location } from '../diagnostics/diagnostic.js';
import { graphErrors } from '../diagnostics/graph.js';
import type { LoadedRule, RoleDescription } from '../rule/description.js';
import { BARE_INPUT } from './command.js';
import { paramNodes, type Draft } from './draft.js';
import type { InputUse, OutputUse, Reference } from './pipeline.js';
import { entryOf, fillTexts, isEmpty, NAME, type Located } from './reading.js';
import { resolveReference, type KnownTarget } from './references.js';
import { givenRoles } from './roles.js';
import { locate, type Node } from './source.js';

/** What inputs are resolved against: all targets and outputs of the file. */
export interface Surroundings {
  readonly root: string;
  readonly targets: ReadonlyMap<string, KnownTarget>;
  /** By target and output name. */
  output(target: string, name: string): OutputUse | undefined;
  /** By path. */
  outputAt(path: string): OutputUse | undefined;
}

/** The inputs of a target. What is wrong is reported and left out. */
export function readInputs(draft: Draft, around: Surroundings): InputUse[] {
  const node = entryOf(draft.node, 'inputs')?.value;
  if (draft.work.type === 'command') return readCommandInputs(node, draft, around);
  if (draft.rule === undefined) return [];
  const uses: InputUse[] = [];
  for (const { name, role, node: value } of givenRoles(draft.rule.rule, 'input', node, draft.at, draft.problems)) {
    const found = readReferences(name, value, draft, around);
    if (found === undefined) continue;
    const at = locate(value);
    if (!checkCount(name, role, found, at, draft)) continue;
    if (!role.optional && found.references.length === 0) {
      draft.problems.add(configErrors.missingRole({ at, rule: draft.rule.rule.name, side: 'input', name }));
    }
    for (const reference of found.references) checkKind(name, role.kind, reference, at, draft, around);
    const optional = role.optional ? { optional: true } : {};
    uses.push({ role: name, kind: role.kind, list: role.list, ...optional, references: found.references, at });
  }
  return [...uses, ...inputsFromParams(draft.rule.rule, uses, draft, around)];
}

/** Inputs that params name. Unlike an optional input, what a param names has to be there. */
function inputsFromParams(
  rule: LoadedRule,
  given: readonly InputUse[],
  draft: Draft,
  around: Surroundings,
): InputUse[] {
  return Object.entries(rule.inputs).flatMap(([name, role]): InputUse[] => {
    const text = role.param === undefined ? undefined : draft.params[role.param];
    if (role.param === undefined || typeof text !== 'string') return [];
    const node = paramNodes(draft.paramsNode).get(role.param);
    const at = node === undefined ? draft.at : locate(node);
    const twice = given.find((use) => use.role === name);
    if (twice !== undefined) {
      draft.problems.add(configErrors.inputTwice({ at: twice.at, name, param: role.param, other: at }));
      return [];
    }
    const found = resolveReference({ text, at }, around.targets, around.root, draft.problems);
    if (found === undefined || !checkCount(name, role, found, at, draft)) return [];
    for (const reference of found.references) checkKind(name, role.kind, reference, at, draft, around);
    return [{ role: name, kind: role.kind, list: role.list, references: found.references, at }];
  });
}

/** Whether there are as many references as the role takes. */
function checkCount(name: string, role: RoleDescription, found: Found, at: Location, { problems }: Draft): boolean {
  if (role.list || (!found.many && found.references.length === 1)) return true;
  const count = found.references.some(({ type }) => type === 'glob')
    ? 'a glob'
    : `a list of ${found.references.length}`;
  problems.add(graphErrors.listForSingle({ at, role: name, count }));
  return false;
}

interface Found {
  readonly references: readonly Reference[];
  /** Whether it stands for a list, whatever its length. */
  readonly many: boolean;
}

function readReferences(
  role: string,
  node: Node,
  draft: Draft,
  around: Surroundings,
): (Found & { readonly texts: readonly Located[] }) | undefined {
  const texts = fillTexts(node, draft.scope, `input \`${role}\``);
  if (texts === undefined) return undefined;
  const resolved = texts.map((text) => resolveReference(text, around.targets, around.root, draft.problems));
  const complete = resolved.filter((each) => each !== undefined);
  if (complete.length < resolved.length) return undefined;
  return {
    references: complete.flatMap(({ references }) => references),
    many: node.type === 'list' || complete.length > 1 || complete.some(({ many }) => many),
    texts,
  };
}

/** A file kind can be read as another; a directory only as a directory, JSONL never as a database. */
function checkKind(
  role: string,
  wanted: KindName,
  reference: Reference,
  at: Location,
  draft: Draft,
  around: Surroundings,
): void {
  if (reference.type !== 'output') return;
  const output = around.output(reference.target, reference.output);
  if (output === undefined || fits(wanted, output.kind)) return;
  draft.problems.add(
    graphErrors.kindMismatch({ at: reference.at ?? at, role, wanted, found: output.kind, made: output.at }),
  );
}

export function fits(wanted: KindName, found: KindName): boolean {
  return (
    wanted === found || (wanted !== 'directory' && found !== 'directory' && (wanted === 'file' || found === 'file'))
  );
}

function readCommandInputs(node: Node | undefined, draft: Draft, around: Surroundings): InputUse[] {
  const entries: (readonly [string, Node])[] = [];
  if (node?.type === 'map') {
    for (const [name, { key, value }] of node.entries) {
      if (!NAME.test(name)) draft.problems.add(configErrors.badName({ at: locate(key), what: 'input', name }));
      else if (!isEmpty(value)) entries.push([name, value]);
    }
  } else if (node !== undefined) entries.push([BARE_INPUT, node]);
  return entries.flatMap(([role, value]) => {
    const found = readReferences(role, value, draft, around);
    if (found === undefined) return [];
    const at = locate(value);
    const folders = new Set(found.texts.filter(({ text }) => text.endsWith('/')).map(({ at: place }) => place));
    const kinds = found.references.map((reference) => kindOfReference(reference, folders, around));
    const kind = commonKind(kinds);
    if (kind === undefined) {
      draft.problems.add(graphErrors.mixedKinds({ at, role }));
      return [];
    }
    return [{ role, kind, list: found.many, references: found.references, at }];
  });
}

/** Undefined where files and directories are mixed. */
function commonKind(kinds: readonly KindName[]): KindName | undefined {
  const different = new Set(kinds);
  const [first = 'file'] = different;
  if (different.size <= 1) return first;
  return different.has('directory') ? undefined : 'file';
}

/** The kind that a command reads: an output's own, else what the name says, or what is there. */
function kindOfReference(reference: Reference, folders: ReadonlySet<Location>, around: Surroundings): KindName {
  if (reference.type === 'output') return around.output(reference.target, reference.output)?.kind ?? 'file';
  if (reference.type === 'glob') return kindOfPath(reference.pattern);
  const { path, at } = reference;
  if (folders.has(at)) return 'directory';
  const made = around.outputAt(path);
  if (made !== undefined) return made.kind;
  return isFolder(resolve(around.root, path)) ? 'directory' : kindOfPath(path);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
