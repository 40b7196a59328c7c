import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { globPrefix } from '../artifacts/listing.js';
import { lstatIfThere, statIfThere } from '../base/stat-if-there.js';
import type { InputUse, Target } from '../config/pipeline.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { Session } from '../execute/session.js';
import { coverageOf, databaseOf } from '../plan/coverage.js';
import { resolveInput, type Graph, type ResolvedItem } from '../plan/graph.js';
import { PathIndex } from './path-index.js';
import { withoutProgram } from './scope.js';

/** For what was read when the project was opened: not one target, all of them. */
const PROJECT = Symbol('the project');
/** For what says which npm packages rules have, beside that. */
const PACKAGES = Symbol('packages');
type Concerned = string | typeof PROJECT | typeof PACKAGES;

/** Which targets of a project a change can matter to. */
export class Dependents {
  readonly #index = new PathIndex<Concerned>();
  readonly #readers = new Map<string, string[]>();
  /** Paths that the pipeline names as inputs, and its own files. */
  readonly #named = new Set<string>();
  readonly #graph: Graph;

  /** @param program the folder of the running vlmbuild, whose files do not count */
  constructor({ pipeline, graph, lockPath: lock }: Session, program: string) {
    const { root } = pipeline;
    this.#graph = graph;
    const add = (path: string, value: Concerned): void => this.#index.add(resolve(root, path), value);
    const { loaded } = coverageOf(pipeline, [], { touched: [], lock, program, environment: {} });
    for (const path of withoutProgram(loaded, root, program)) {
      const absolute = resolve(root, path);
      add(absolute, PROJECT);
      if (/\/node_modules\/.*\/package\.json$/.test(absolute)) add(absolute, PACKAGES);
      // Of what was looked for and was not there, nothing is missed.
      if (existsSync(absolute)) this.#named.add(absolute);
    }
    for (const { name, inputs, outputs } of pipeline.targets.values()) {
      for (const { path } of Object.values(outputs)) for (const at of withSides(path)) add(at, name);
      for (const { kind, references } of Object.values(inputs)) {
        for (const reference of references) {
          if (reference.type === 'path') {
            this.#named.add(resolve(root, reference.path));
            for (const at of withSides(reference.path)) add(at, name);
            if (kind === 'sqlite') for (const at of databaseOf(reference.path, root)) add(at, name);
          }
          if (reference.type === 'glob') add(globPrefix(reference.pattern), name);
        }
      }
      for (const other of graph.dependencies.get(name) ?? []) {
        const readers = this.#readers.get(other);
        if (readers === undefined) this.#readers.set(other, [name]);
        else readers.push(name);
      }
    }
  }

  /** Whether the project, when it was opened, had this path (absolute) as an input or one of its own files. */
  names(path: string): boolean {
    return this.#named.has(path);
  }

  /**
   * The targets whose inputs or outputs these paths (absolute) are, and whether the project itself was read from them, and
   * whether rules may have other packages.
   */
  of(paths: Iterable<string>): {
    readonly project: boolean;
    readonly packages: boolean;
    readonly targets: ReadonlySet<string>;
  } {
    let project = false;
    let packages = false;
    const targets = new Set<string>();
    for (const path of paths) {
      for (const value of this.#index.touchedBy(path)) {
        if (value === PROJECT) project = true;
        else if (value === PACKAGES) packages = true;
        else targets.add(value);
      }
    }
    return { project, packages, targets };
  }

  /** With all that need them. */
  withReaders(names: Iterable<string>): ReadonlySet<string> {
    const targets = new Set(names);
    // A set gives what is added while it is walked.
    for (const name of targets) for (const reader of this.#readers.get(name) ?? []) targets.add(reader);
    return targets;
  }

  /**
   * Whether a target's inputs are still what the pipeline was checked against when it was opened: there, files where
   * files were and folders where folders; and no link leads its outputs elsewhere. Otherwise it is to be opened anew,
   * which finds what is wrong, or takes a folder for what it now is.
   */
  fits(target: Target): boolean {
    const { root } = this.#graph.pipeline;
    for (const use of Object.values(target.inputs)) {
      const items = this.#itemsOf(use);
      if (items === undefined || (items.length === 0 && use.optional !== true)) return false;
      for (const { path, from } of items) {
        if (from !== undefined) continue;
        const stats = statIfThere(resolve(root, path));
        const fits = use.kind === 'sqlite' ? stats !== undefined : stats?.isDirectory() === (use.kind === 'directory');
        if (!fits) return false;
      }
    }
    return Object.values(target.outputs).every(({ path }) => !leadsElsewhere(root, path));
  }

  /** Undefined where a glob finds what cannot be an input, which is told when the project is opened. */
  #itemsOf(use: InputUse): readonly ResolvedItem[] | undefined {
    try {
      return resolveInput(this.#graph, use).items;
    } catch (error) {
      if (error instanceof UserFacingError) return undefined;
      throw error;
    }
  }
}

function withSides(path: string): string[] {
  return [path, `${path}-wal`, `${path}-journal`];
}

function leadsElsewhere(root: string, path: string): boolean {
  for (let at = path; at !== '.' && at !== '/'; at = dirname(at))
    if (lstatIfThere(resolve(root, at))?.isSymbolicLink() === true) return true;
  return false;
}
