import { lstatSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { IGNORED_NAMES, kindOfPath, type KindName } from '../artifacts/kind.js';
import { configErrors } from '../diagnostics/config.js';
import { valueErrors } from '../diagnostics/values.js';
import { graphErrors } from '../diagnostics/graph.js';
import type { Diagnostic, Location } from '../diagnostics/diagnostic.js';
import { foldersAbove, isEncodable, isInside, normalisePath } from './paths.js';
import type { OutputUse } from './pipeline.js';
import { fillText, NAME } from './reading.js';
import { locate, type Node } from './source.js';
import { define, type Scope } from './values.js';

/** A file that no output may replace, and what it is: `the pipeline file`, `rule \`sft/filter\``. */
export interface ProtectedFile {
  /** Root-relative. */
  readonly path: string;
  readonly what: string;
}

/** Knows where outputs may not be. Asks the file system for links only, once a folder. */
export class OutputGuard {
  readonly #realRoot: string;
  readonly #files = new Map<string, ProtectedFile>();
  readonly #folders = new Map<string, ProtectedFile>();
  readonly #realFolders = new Map<string, string>();

  constructor(
    private readonly root: string,
    protectedFiles: Iterable<ProtectedFile>,
  ) {
    this.#realRoot = realpathOf(root) ?? root;
    for (const file of protectedFiles) this.protect(file);
  }

  protect(file: ProtectedFile): void {
    if (!this.#files.has(file.path)) this.#files.set(file.path, file);
    for (const folder of foldersAbove(file.path)) if (!this.#folders.has(folder)) this.#folders.set(folder, file);
  }

  /** What is wrong with an output at this path as written. */
  problem(text: string, kind: KindName, at: Location): Diagnostic | undefined {
    if (/\{(vars|params|matrix|env)\.[A-Za-z_]/.test(text)) return valueErrors.missingDollar({ at, text });
    const reason = notPathReason(text);
    if (reason !== undefined) return graphErrors.badPath({ at, text, reason });
    const path = normalisePath(text, this.root);
    if (isAbsolute(text)) return graphErrors.absoluteOutput({ at, text, inside: isInside(path) ? path : undefined });
    if (!isInside(path)) return graphErrors.outputOutside({ at, text });
    if (path === '.') return graphErrors.badPath({ at, text, reason: 'it is the project folder itself' });
    if (kind !== 'directory' && text.endsWith('/')) return graphErrors.outputNotFolder({ at, text, kind });
    const ignored = path.split('/').find((name) => IGNORED_NAMES.has(name));
    if (ignored !== undefined) return graphErrors.outputIgnored({ at, text, name: ignored });
    const link = this.#leadsOutside(path);
    if (link !== undefined) return graphErrors.outputThroughLink({ at, text, ...link });
    const overwritten = this.#files.get(path) ?? this.#folders.get(path) ?? this.#inRules(path);
    return overwritten === undefined
      ? undefined
      : graphErrors.outputIsSource({ at, text, path: overwritten.path, what: overwritten.what });
  }

  /** Where the path really is, root-relative, its folders' links followed. */
  realPath(path: string): string {
    const slash = path.lastIndexOf('/');
    return slash < 0 ? path : join(this.#real(path.slice(0, slash)), path.slice(slash + 1));
  }

  #inRules(path: string): ProtectedFile | undefined {
    return /^rules\/[^/]+\/[^/]+\.ts$/.test(path) ? { path, what: 'a rule' } : undefined;
  }

  /** The first folder that is a link out of the project. */
  #leadsOutside(path: string): { link: string; to: string } | undefined {
    for (const folder of foldersAbove(path)) {
      const real = this.#real(folder);
      if (!isInside(real)) return { link: folder, to: join(this.#realRoot, real) };
    }
    return undefined;
  }

  #real(folder: string): string {
    const known = this.#realFolders.get(folder);
    if (known !== undefined) return known;
    const slash = folder.lastIndexOf('/');
    const above = slash < 0 ? '' : this.#real(folder.slice(0, slash));
    const here = join(above, folder.slice(slash + 1));
    const target = isLink(join(this.#realRoot, here)) ? realpathOf(join(this.#realRoot, here)) : undefined;
    const real = target === undefined ? here : relative(this.#realRoot, target);
    this.#realFolders.set(folder, real);
    return real;
  }
}

/** Why no file can have the name, or none should. */
function notPathReason(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (/\p{Cc}/u.test(text)) return 'it has a control character in it';
  return isEncodable(text) ? undefined : 'it has half a character in it';
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** An output as written. */
export interface WrittenOutput {
  readonly name: string;
  readonly node: Node;
}

/** One checked output; undefined where its path cannot be told. What is wrong has been reported. */
export function readOutput(
  { name, node }: WrittenOutput,
  kind: KindName | undefined,
  scope: Scope,
  guard: OutputGuard,
  root: string,
): OutputUse | undefined {
  const text = fillText(node, scope, `output \`${name}\``);
  if (text === undefined) return undefined;
  const at = locate(node);
  const known = kind ?? kindOfPath(text);
  const problem = guard.problem(text, known, at);
  if (problem !== undefined) scope.problems.add(problem);
  return { name, kind: known, path: normalisePath(text, root), at };
}

/** The outputs as written, by name: those of a map, or the one that a bare path stands for. */
export function writtenOutputs(node: Node, bare: string | undefined, scope: Scope): WrittenOutput[] | undefined {
  if (node.type !== 'map') return bare === undefined ? undefined : [{ name: bare, node }];
  const outputs: WrittenOutput[] = [];
  for (const [name, { key, value }] of node.entries) {
    if (NAME.test(name)) outputs.push({ name, node: value });
    else scope.problems.add(configErrors.badName({ at: locate(key), what: 'output', name }));
  }
  return outputs;
}

export function outputsByName(outputs: readonly OutputUse[]): Record<string, OutputUse> {
  const result: Record<string, OutputUse> = {};
  for (const output of outputs) define(result, output.name, output);
  return result;
}
