import { realpathSync, type Stats } from 'node:fs';
import { posix, resolve } from 'node:path';
import type { KindName } from '../artifacts/kind.js';
import { expandGlob, globPrefix } from '../artifacts/listing.js';
import { didYouMean } from '../base/did-you-mean.js';
import { compareBytes } from '../base/order.js';
import { statIfThere } from '../base/stat-if-there.js';
import { isInside, normalisePath } from '../config/paths.js';
import type { InputUse, LeftOut, Pipeline, Reference, Target } from '../config/pipeline.js';
import { inTextOrder, Problems } from '../config/problems.js';
import { selectTargets } from '../config/references.js';
import { parseTargetName } from '../config/target-name.js';
import { EXIT, UserFacingError, type Diagnostic, type Location } from '../diagnostics/diagnostic.js';
import { graphErrors } from '../diagnostics/graph.js';
import { findCycles } from './cycles.js';
import { OutputTree, type PlacedOutput } from './output-tree.js';
import { topologicalOrder } from './topological.js';

/** Which target needs which. */
export interface Graph {
  readonly pipeline: Pipeline;
  /** By target: the targets whose outputs it reads or may read, in file order. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** By target: the targets that go first where both are wanted (`after`). */
  readonly orderOnly: ReadonlyMap<string, readonly string[]>;
  /** All targets, each behind what it needs; ties in file order. */
  readonly order: readonly string[];
  /** By target: what is neither there nor made of what it reads. Of no concern to a build that does not need the target. */
  readonly absent: ReadonlyMap<string, readonly Diagnostic[]>;
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

/**
 * The edges between targets. `problems`: cycles with every edge, outputs that clash, files where folders are read. Where
 * there are any, a build must not go on: targets on a cycle stand at the end of `order`. That a file is not there is none:
 * the pipeline need not be the cause (`absent`).
 */
export function buildGraph(pipeline: Pipeline): { graph: Graph; problems: readonly Diagnostic[] } {
  const outputs = outputsOf(pipeline);
  const nodes = new Map<string, GraphNode>(pipeline.targets);
  for (const target of pipeline.leftOut?.targets ?? []) nodes.set(target.name, target);
  const edges = new Edges(pipeline, nodes, outputs);
  const needs = new Map([...nodes.values()].map((node) => [node.name, edges.of(node)]));
  const problems = [...outputs.problems, ...edges.problems];
  const before = (name: string): string[] => [
    ...(needs.get(name) ?? []),
    ...(nodes.get(name)?.after.filter((each) => nodes.has(each)) ?? []),
  ];
  for (const cycle of findCycles([...nodes.keys()], before)) {
    const round = [...cycle.map(({ from }) => from), cycle[0]?.from ?? ''];
    problems.push(
      graphErrors.cycle({
        round,
        edges: cycle.map(({ from, to }) => ({ label: `\`${from}\` needs \`${to}\``, at: edges.place(from, to) })),
      }),
    );
  }

  const names = [...pipeline.targets.keys()];
  const position = new Map(names.map((name, index) => [name, index]));
  const inFileOrder = (set: Iterable<string>): string[] =>
    [...new Set(set)]
      .filter((name) => position.has(name))
      .sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0));
  return {
    graph: {
      pipeline,
      dependencies: new Map(names.map((name) => [name, inFileOrder(needs.get(name) ?? [])])),
      orderOnly: new Map(names.map((name) => [name, inFileOrder(nodes.get(name)?.after ?? [])])),
      order: topologicalOrder(names, before),
      absent: edges.absent,
    },
    problems: inTextOrder(problems),
  };
}

/** What the graph knows of a target, be it whole or left out for a mistake. */
type GraphNode = LeftOut['targets'][number];

const trees = new WeakMap<Pipeline, OutputTree>();

function outputsOf(pipeline: Pipeline): OutputTree {
  let tree = trees.get(pipeline);
  if (tree === undefined) {
    tree = new OutputTree(pipeline);
    trees.set(pipeline, tree);
  }
  return tree;
}

/** Finds what each input of a target is made by, and where the pipeline says so. */
class Edges {
  readonly problems: Diagnostic[] = [];
  readonly absent = new Map<string, Diagnostic[]>();
  readonly #places = new Map<string, Map<string, Location>>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly nodes: ReadonlyMap<string, GraphNode>,
    private readonly outputs: OutputTree,
  ) {}

  /** The targets that a target reads from; reports what nothing makes. */
  of(node: GraphNode): readonly string[] {
    const places = new Map<string, Location>();
    this.#places.set(node.name, places);
    for (const use of Object.values(node.inputs)) {
      for (const reference of use.references) {
        for (const name of this.#makers(node, use, reference)) {
          if (!places.has(name)) places.set(name, reference.at ?? use.at);
        }
      }
    }
    return [...places.keys()];
  }

  place(from: string, to: string): Location {
    const node = this.nodes.get(from);
    return (
      this.#places.get(from)?.get(to) ??
      node?.afterAt?.[to] ??
      node?.at ?? { path: this.pipeline.file, line: 1, column: 1 }
    );
  }

  #makers(node: GraphNode, use: InputUse, reference: Reference): string[] {
    if (reference.type === 'output') return [reference.target];
    const placed =
      reference.type === 'path' ? this.outputs.touching(reference.path) : this.outputs.matching(reference.pattern);
    const own = placed.find((each) => each.target === node.name);
    if (own !== undefined) this.problems.push(ownOutput(node.name, reference, own));
    else if (reference.type === 'path') this.#checkPath(node, use, reference, placed);
    else if (placed.length === 0) this.#checkGlob(node, use, reference);
    return placed.map((each) => each.target).filter((name) => name !== node.name);
  }

  #checkPath(
    node: GraphNode,
    use: InputUse,
    { path, at }: Extract<Reference, { type: 'path' }>,
    placed: readonly PlacedOutput[],
  ): void {
    const exact = placed.find(({ output }) => output.path === path)?.output;
    if (exact !== undefined && (exact.kind === 'directory') !== (use.kind === 'directory')) {
      this.problems.push(
        graphErrors.kindMismatch({ at, role: use.role, wanted: use.kind, found: exact.kind, made: exact.at }),
      );
    }
    if (placed.length > 0) return;
    const stat = statIfThere(resolve(this.pipeline.root, path));
    if (stat === undefined) {
      if (use.optional === true || this.pipeline.leftOut?.incomplete === true) return;
      const what = use.kind === 'directory' ? 'folder' : 'file';
      this.#isAbsent(node, graphErrors.missingInput({ at, what, path, likely: this.#likely(path) }));
    } else if (stat.isDirectory() !== (use.kind === 'directory') && !isServerFolder(use, stat)) {
      const found = stat.isDirectory() ? 'directory' : 'file';
      this.problems.push(graphErrors.kindMismatch({ at, role: use.role, wanted: use.kind, found }));
    } else {
      const { root } = this.pipeline;
      const output = Object.values(node.outputs).find((each) => isSameFile(root, each.path, path, stat));
      if (output !== undefined)
        this.problems.push(ownOutput(node.name, { type: 'path', path, at }, { target: node.name, output }));
    }
  }

  #checkGlob(node: GraphNode, use: InputUse, { pattern, at }: Extract<Reference, { type: 'glob' }>): void {
    if (use.optional === true || this.pipeline.leftOut?.incomplete === true) return;
    try {
      if (expandGlob(this.pipeline.root, pattern).paths.length === 0)
        this.#isAbsent(node, graphErrors.noMatch({ at, pattern }));
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      this.problems.push(...error.diagnostics.map((diagnostic) => ({ at, ...diagnostic })));
    }
  }

  #isAbsent(node: GraphNode, diagnostic: Diagnostic): void {
    const told = this.absent.get(node.name);
    if (told === undefined) this.absent.set(node.name, [diagnostic]);
    else told.push(diagnostic);
  }

  /** What a path that leads nowhere was meant to be: a target, or a file beside. */
  #likely(path: string): string | undefined {
    const bases = new Set([...this.pipeline.targets.values()].map(({ base }) => base));
    const name = parseTargetName(path);
    const base = name === undefined ? undefined : didYouMean(name.base, bases);
    if (base !== undefined) return name?.output === undefined ? base : `${base}.${name.output}`;
    const folder = posix.dirname(path);
    const near = neighbours(resolve(this.pipeline.root, folder));
    const file = didYouMean(posix.basename(path), near);
    return file === undefined ? undefined : posix.join(folder, file);
  }
}

/** Whether one path leads to the file of another through a link. Two names of one file, as hard links are, part when one is written. */
function isSameFile(root: string, one: string, other: string, stat: Stats): boolean {
  const own = statIfThere(resolve(root, one));
  if (own?.ino !== stat.ino || own.dev !== stat.dev) return false;
  return realpathSync(resolve(root, one)) === realpathSync(resolve(root, other));
}

function neighbours(folder: string): string[] {
  try {
    return expandGlob(folder, '*').paths.slice();
  } catch {
    return [];
  }
}

/** Without a link on the way. */
function isAbove(folder: string, path: string): boolean {
  return folder === '.' || !isInside(folder) || path.startsWith(`${folder}/`);
}

function ownOutput(
  target: string,
  reference: Exclude<Reference, { type: 'output' }>,
  { output }: PlacedOutput,
): Diagnostic {
  const how =
    reference.type === 'glob'
      ? `\`${reference.pattern}\` can match \`${output.path}\``
      : reference.path === output.path
        ? `\`${output.path}\``
        : isAbove(reference.path, output.path)
          ? `\`${output.path}\` is in \`${reference.path}\``
          : `\`${output.path}\` and \`${reference.path}\` lead to one place`;
  const label = `output \`${output.name}\``;
  return graphErrors.ownOutput({ at: reference.at, target, how, output: { label, at: output.at } });
}

/** What an input is at this moment: globs are expanded on disk, items are in byte order where a glob found them. */
export function resolveInput(graph: Graph, use: InputUse): ResolvedInput {
  const { pipeline } = graph;
  const outputs = outputsOf(pipeline);
  const items = use.references.flatMap((reference): ResolvedItem[] => {
    if (reference.type === 'output') {
      const path = pipeline.targets.get(reference.target)?.outputs[reference.output]?.path;
      if (path === undefined) throw new RangeError(`no output ${reference.output} of ${reference.target}`);
      return [{ path, from: { target: reference.target, output: reference.output } }];
    }
    if (reference.type === 'path') {
      const { path } = reference;
      const made = outputs.at(path);
      if (made === undefined && use.optional === true && statIfThere(resolve(pipeline.root, path)) === undefined)
        return [];
      return [{ path, ...from(made) }];
    }
    const fixed = globPrefix(reference.pattern).length;
    return expandGlob(pipeline.root, reference.pattern).paths.map((path) => ({
      path,
      ...from(outputs.at(path)),
      name: path.slice(fixed),
      executable: isExecutable(resolve(pipeline.root, path)),
    }));
  });
  return { role: use.role, kind: use.kind, list: use.list, items };
}

function from(placed: PlacedOutput | undefined): Pick<ResolvedItem, 'from'> {
  return placed === undefined ? {} : { from: { target: placed.target, output: placed.output.name } };
}

function isExecutable(path: string): boolean {
  const stat = statIfThere(path);
  return stat?.isFile() === true && (stat.mode & 0o111) !== 0;
}

/**
 * The targets that words of the command line mean: `name`, `name.output`, `name@k=v`, a matrix's bare name, an output's
 * path.
 *
 * @throws UserFacingError naming every word that means nothing.
 */
export function resolveWords(graph: Graph, words: readonly string[]): string[] {
  const { pipeline } = graph;
  const problems = new Problems();
  const bases = new Map<string, Target[]>();
  for (const target of pipeline.targets.values()) bases.set(target.base, [...(bases.get(target.base) ?? []), target]);
  const names = words.flatMap((word) => {
    const name = parseTargetName(word);
    const instances = name === undefined ? undefined : bases.get(name.base);
    if (name === undefined || instances === undefined) {
      const placed = outputsOf(pipeline).at(normalisePath(word, pipeline.root));
      if (placed !== undefined && pipeline.targets.has(placed.target)) return [placed.target];
      problems.add(graphErrors.unknownTarget({ name: word, known: [...bases.keys()].sort(compareBytes) }));
      return [];
    }
    const chosen = selectTargets(undefined, name, { instances }, problems) ?? [];
    for (const { outputs } of name.output === undefined ? [] : chosen) {
      if (name.output === undefined || Object.hasOwn(outputs, name.output)) continue;
      const { base: target, output } = { ...name, output: name.output };
      problems.add(graphErrors.unknownOutput({ target, output, outputs: Object.keys(outputs), text: word }));
    }
    return chosen.map((target) => target.name);
  });
  if (problems.any) throw new UserFacingError(problems.inOrder());
  return [...new Set(names)];
}

/** The targets and all that they need, in topological order. `after` adds nothing. */
export function neededBy(graph: Graph, targets: readonly string[]): string[] {
  const needed = new Set(targets);
  // A set gives what is added while it is walked.
  for (const name of needed) for (const dependency of graph.dependencies.get(name) ?? []) needed.add(dependency);
  return graph.order.filter((name) => needed.has(name));
}

/** The targets that need, directly or not, what is neither there nor made. */
export function lackingSources({ order, dependencies, absent }: Graph): ReadonlySet<string> {
  const lacking = new Set(absent.keys());
  for (const name of order) if (dependencies.get(name)?.some((other) => lacking.has(other))) lacking.add(name);
  return lacking;
}

/** What these targets read and is neither there nor made. */
export function absentFor({ absent }: Graph, names: Iterable<string>): readonly Diagnostic[] {
  return inTextOrder([...names].flatMap((name) => absent.get(name) ?? []));
}

/** @throws UserFacingError (exit code 1) where one of these targets reads what is neither there nor made. */
export function refuseAbsent(graph: Graph, names: readonly string[]): void {
  const problems = absentFor(graph, names);
  if (problems.length > 0) throw new UserFacingError(problems, EXIT.failed);
}

/** A libSQL server keeps its database inside a folder; whether it is there is found out when it is digested. */
function isServerFolder(use: InputUse, stat: { isDirectory(): boolean }): boolean {
  return use.kind === 'sqlite' && stat.isDirectory();
}
