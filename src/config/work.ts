import { globMatches } from '../artifacts/listing.js';
import { configErrors } from '../diagnostics/config.js';
import { graphErrors } from '../diagnostics/graph.js';
import { BARE_INPUT, BARE_OUTPUT } from './command.js';
import { coversPath, readCommandText, type WordCheck } from './command-text.js';
import type { Draft } from './draft.js';
import type { Surroundings } from './inputs.js';
import { foldersAbove, isGlob, normalisePath } from './paths.js';
import type { CommandUse } from './pipeline.js';
import { entryOf, fillTexts, isEmpty, type Located } from './reading.js';
import { locate, type MapNode } from './source.js';

/** A command, its text filled in as far as it can be now, and its words checked. */
export function readCommand(draft: Draft, around: Surroundings & CommandSurroundings): CommandUse | undefined {
  const { work, scope } = draft;
  if (work.type !== 'command') return undefined;
  const inputs = entryOf(draft.node, 'inputs')?.value;
  const outputs = entryOf(draft.node, 'outputs')?.value;
  const text = readCommandText(
    work.node,
    {
      inputs: inputs?.type === 'map' ? givenNames(inputs) : inputs === undefined ? [] : [BARE_INPUT],
      outputs: outputs?.type === 'map' ? [...outputs.entries.keys()] : outputs === undefined ? [] : [BARE_OUTPUT],
      bareInput: inputs !== undefined && inputs.type !== 'map',
      bareOutput: outputs !== undefined && outputs.type !== 'map',
    },
    scope,
  );
  if (text?.includes('\0') === true)
    draft.problems.add(graphErrors.nulInCommand({ at: locate(work.node), target: draft.base }));
  const tools = readTools(draft);
  const allowed = listed('allow', draft);
  const allow = (allowed ?? []).map(({ text }) => (isGlob(text) ? text : normalisePath(text, around.root)));
  const declared = declaredPaths(draft, allow, around);
  around.words.report(text ?? String(work.node.value), work.node, declared, scope);
  return text === undefined || tools === undefined ? undefined : { type: 'command', text, tools, allow };
}

function givenNames({ entries }: MapNode): string[] {
  return [...entries].filter(([, { value }]) => !isEmpty(value)).map(([name]) => name);
}

interface CommandSurroundings {
  readonly words: WordCheck;
  /** The target that makes a path. */
  madeBy(path: string): string | undefined;
}

function listed(key: string, { node, scope }: Draft): readonly Located[] | undefined {
  const entry = entryOf(node, key);
  return entry === undefined ? [] : fillTexts(entry.value, scope, key);
}

function readTools(draft: Draft): string[] | undefined {
  const tools = listed('tools', draft);
  for (const { text, at } of tools ?? []) {
    if (/^[A-Za-z0-9._+-]+$/.test(text)) continue;
    const wanted = 'the name of a program';
    draft.problems.add(configErrors.wrongType({ at, what: 'a tool', wanted, found: `the text \`${text}\`` }));
  }
  return tools?.map(({ text }) => text);
}

function declaredPaths(draft: Draft, allowed: readonly string[], around: Surroundings & CommandSurroundings) {
  const paths = new Set<string>(Object.values(draft.outputs).map(({ path }) => path));
  const globs: string[] = [];
  for (const path of allowed) {
    if (isGlob(path)) globs.push(path);
    else paths.add(path);
  }
  for (const { references } of draft.inputs) {
    for (const reference of references) {
      if (reference.type === 'glob') globs.push(reference.pattern);
      else if (reference.type === 'path') paths.add(reference.path);
      else {
        const output = around.output(reference.target, reference.output);
        if (output !== undefined) paths.add(output.path);
      }
    }
  }
  return {
    covers: (path: string) =>
      coversPath(paths, path) || globs.some((glob) => globMatches(glob, path) || foldersAbove(path).includes(glob)),
    madeBy: (path: string) => around.madeBy(path),
  };
}
