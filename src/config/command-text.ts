import { statSync } from 'node:fs';
import { join } from 'node:path';
import { IGNORED_NAMES } from '../artifacts/kind.js';
import { graphErrors } from '../diagnostics/graph.js';
import { BARE_INPUT, BARE_OUTPUT, fillHoles, holesOf, valueWords, type Hole } from './command.js';
import { foldersAbove, isInside, normalisePath } from './paths.js';
import { locate, locateWithin, type ScalarNode } from './source.js';
import { parseTemplate } from './template.js';
import { lookUp, type Scope } from './values.js';

/** What the braces of a command can name. */
interface CommandNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** `inputs: PATH`: there is an `{input}`. */
  readonly bareInput: boolean;
  readonly bareOutput: boolean;
}

/**
 * A command's text with vars, params and matrix filled in, inputs and outputs in the one form `{inputs.x}`.
 * Undefined where something is wrong: it has been reported.
 */
export function readCommandText(node: ScalarNode, names: CommandNames, scope: Scope): string | undefined {
  const text = String(node.value);
  let complete = true;
  // `$` is the shell's, but no shell has a `${vars.x}`.
  for (const { start, end, space, path } of parseTemplate(text).filter((part) => part.type === 'reference')) {
    complete = false;
    const name = `${space}.${path.join('.')}`;
    scope.problems.add(
      graphErrors.dollarInCommand({ at: locateWithin(node, start, end), name, environment: space === 'env' }),
    );
  }
  for (const hole of holesOf(text)) {
    if (hole.group !== 'inputs' && hole.group !== 'outputs') continue;
    if (names[hole.group].includes(hole.name)) continue;
    complete = false;
    const at = locateWithin(node, hole.start, hole.end);
    scope.problems.add(graphErrors.unknownHole({ at, group: hole.group, name: hole.name, known: names[hole.group] }));
  }
  const filled = fillHoles(text, (hole) => {
    if (hole.group === 'inputs' || hole.group === 'outputs') return undefined;
    const words = holeValue(hole, hole.group, node, scope);
    if (words === undefined) complete = false;
    return words;
  });
  if (!complete) return undefined;
  const inputs = names.bareInput ? filled.replaceAll('{input}', `{inputs.${BARE_INPUT}}`) : filled;
  return names.bareOutput ? inputs.replaceAll('{output}', `{outputs.${BARE_OUTPUT}}`) : inputs;
}

function holeValue(
  { name, start, end, quoting }: Hole,
  space: 'params' | 'vars' | 'matrix',
  node: ScalarNode,
  scope: Scope,
): string | undefined {
  const [first = '', ...deeper] = name.split('.');
  const value = lookUp(
    { type: 'reference', space, path: [first, ...deeper], fallback: undefined, start, end },
    node,
    scope,
  );
  return value === undefined ? undefined : valueWords(value, quoting);
}

/** What a command may name by its path: its inputs, its own outputs, what it allows. */
export interface Declared {
  covers(path: string): boolean;
  /** The target that makes a path, if one does. */
  madeBy(path: string): string | undefined;
}

/** Finds words of commands that are files nobody declared. Remembers what the file system said of a word. */
export class WordCheck {
  readonly #isFile = new Map<string, boolean>();

  constructor(private readonly root: string) {}

  report(text: string, node: ScalarNode, declared: Declared, scope: Scope): void {
    const seen = new Set<string>();
    for (const word of words(text)) {
      if (seen.has(word)) continue;
      seen.add(word);
      const path = normalisePath(word, this.root);
      if (!isInside(path) || path === '.' || path.split('/').some((name) => IGNORED_NAMES.has(name))) continue;
      const maker = declared.madeBy(path);
      if ((maker === undefined && !this.#exists(path)) || declared.covers(path)) continue;
      const start = typeof node.value === 'string' ? node.value.indexOf(word) : -1;
      const at = start < 0 ? locate(node) : locateWithin(node, start, start + word.length);
      scope.problems.add(graphErrors.undeclaredFile({ at, word, path, maker }));
    }
  }

  #exists(path: string): boolean {
    let known = this.#isFile.get(path);
    if (known === undefined) {
      known = isFile(join(this.root, path));
      this.#isFile.set(path, known);
    }
    return known;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The words of a shell text, quotes taken off; of `--config=a.toml` also what stands behind the `=`. */
function* words(text: string): Generator<string> {
  for (const [word] of text.matchAll(/[^\s'"`;|&<>()]+/g)) {
    if (/\{(inputs|outputs|params|vars|matrix)\./.test(word)) continue;
    yield word;
    const equals = word.indexOf('=');
    if (equals >= 0 && equals < word.length - 1) yield word.slice(equals + 1);
  }
}

/** Whether one of the paths is this path, or a folder above it. */
export function coversPath(paths: ReadonlySet<string>, path: string): boolean {
  return paths.has(path) || foldersAbove(path).some((folder) => paths.has(folder));
}
