import type { KindName } from '../artifacts/kind.js';
import type { InputUse, Pipeline } from '../config/pipeline.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';

/** Which target needs which. */
export interface Graph {
  readonly pipeline: Pipeline;
  /** By target: the targets whose outputs it reads or may read, in file order. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** By target: the targets that go first where both are wanted (`after`). */
  readonly orderOnly: ReadonlyMap<string, readonly string[]>;
  /** All targets, each behind what it needs; ties in file order. */
  readonly order: readonly string[];
}

export interface ResolvedInput {
  readonly role: string;
  readonly kind: KindName;
  readonly list: boolean;
  readonly items: readonly ResolvedItem[];
}

export interface ResolvedItem {
  /** Root-relative with `/`, may start with `../`, or be absolute. */
  readonly path: string;
  /** The output that is this very path. A path inside a directory output has none. */
  readonly from?: { readonly target: string; readonly output: string };
  /** Of what a glob matched: the path relative to the glob's fixed part, and whether it is executable. */
  readonly name?: string;
  readonly executable?: boolean;
}

export function buildGraph(pipeline: Pipeline): { graph: Graph; problems: readonly Diagnostic[] } {
  throw new Error(`not there yet: ${pipeline.file}`);
}

/** What an input is at this moment: globs are expanded on disk, items are in byte order where a glob found them. */
export function resolveInput(graph: Graph, use: InputUse): ResolvedInput {
  throw new Error(`not there yet: ${graph.pipeline.file} ${use.role}`);
}

/**
 * The targets that words of the command line mean: `name`, `name.output`, `name@k=v`, a matrix's bare name, an output's path.
 *
 * @throws UserFacingError naming every word that means nothing.
 */
export function resolveWords(graph: Graph, words: readonly string[]): string[] {
  throw new Error(`not there yet: ${graph.pipeline.file} ${words.join()}`);
}

/** The targets and all that they need, in topological order. `after` adds nothing. */
export function neededBy(graph: Graph, targets: readonly string[]): string[] {
  throw new Error(`not there yet: ${graph.pipeline.file} ${targets.join()}`);
}
