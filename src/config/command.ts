import type { Json } from '../base/json.js';
import { quotingOf, shellWords, type Quoting } from './shell.js';

/** What a brace in a command's text can name. */
type HoleGroup = 'inputs' | 'outputs' | 'params' | 'vars' | 'matrix';

/** A `{inputs.x}` of a command's text. */
export interface Hole {
  readonly group: HoleGroup;
  /** `x`; for params and vars possibly dotted: `policy.kind`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly quoting: Quoting;
}

/** The role of `inputs: PATH` and the name of `outputs: PATH` in a command: `{input}` and `{output}`. */
export const BARE_INPUT = 'input';
export const BARE_OUTPUT = 'output';

/** The braces of a text that vlmbuild fills in; all others are the shell's, or the program's. */
export function holesOf(text: string): Hole[] {
  const holes: Hole[] = [];
  let quoting: readonly Quoting[] | undefined;
  for (const match of text.matchAll(
    /\{(inputs|outputs|params|vars|matrix)\.([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)\}/g,
  )) {
    quoting ??= quotingOf(text);
    const start = match.index;
    holes.push({
      group: match[1] as HoleGroup,
      name: match[2] ?? '',
      start,
      end: start + match[0].length,
      quoting: quoting[start] ?? 'none',
    });
  }
  return holes;
}

/** Replaces the holes that `give` has words for; the others stay as written. */
export function fillHoles(text: string, give: (hole: Hole) => string | undefined): string {
  let filled = '';
  let done = 0;
  for (const hole of holesOf(text)) {
    const replacement = give(hole);
    if (replacement === undefined) continue;
    filled += text.slice(done, hole.start) + replacement;
    done = hole.end;
  }
  return filled + text.slice(done);
}

/**
 * A value as the words a command gets: a list as several, a map as its JSON.
 * What is filled in early must not look like a hole that is filled in later, so a brace that would is taken apart.
 */
export function valueWords(value: Json, quoting: Quoting): string {
  const words = (Array.isArray(value) ? (value as readonly Json[]) : [value]).map(wordOf);
  const text = shellWords(words, quoting);
  const nothing = quoting === 'double' ? '""' : quoting === 'none' || quoting === 'single' ? "''" : undefined;
  return nothing === undefined
    ? text
    : text.replaceAll(/\{(?=(?:inputs|outputs)\.|(?:input|output)\})/g, `{${nothing}`);
}

function wordOf(value: Json): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

interface CommandFiles {
  /** By role: one path, or the paths of a list. */
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
  /** By output name: where the command writes it. */
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * The shell text to run: `{inputs.x}` and `{outputs.x}` of a checked command replaced by shell-quoted paths, a list as
 * several words. Quotes around a hole are understood: `"{inputs.x}"` is the same as `{inputs.x}`.
 *
 * @throws RangeError for an input or output that is not given.
 */
export function fillCommand(text: string, files: CommandFiles): string {
  return fillHoles(text, ({ group, name, quoting }) => {
    if (group !== 'inputs' && group !== 'outputs') return undefined;
    const paths = files[group][name];
    if (paths === undefined) throw new RangeError(`the command names {${group}.${name}}, which was not given`);
    return shellWords(typeof paths === 'string' ? [paths] : paths, quoting);
  });
}

/** The names of the outputs that a command's text mentions; the others it writes to their own paths. */
export function mentionedOutputs(text: string): Set<string> {
  return new Set(holesOf(text).flatMap(({ group, name }) => (group === 'outputs' ? [name] : [])));
}
