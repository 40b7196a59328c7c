import { lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isIgnored } from '../artifacts/listing.js';
import { statIfThere } from '../base/stat-if-there.js';
import type { Pipeline } from '../config/pipeline.js';
import { coverageOf } from '../plan/coverage.js';

/**
 * What a path is to a watch: `source` for all that builds read, rules and the pipeline file included; `own` for what
 * builds write: outputs and the lock, whose changes are usually a build's own.
 */
export type Role = 'source' | 'own';

export interface ScopeInput {
  readonly pipeline: Pipeline;
  /** Names of the wanted targets and all that they need. */
  readonly needed: readonly string[];
  /** All that the digester looked at. */
  readonly touched: Iterable<string>;
  /** The lock's path. */
  readonly lock: string;
  /** The folder of the running vlmbuild. */
  readonly program: string;
}

/** What is watched: which folders, and which of the names in them matter. */
export interface Scope {
  /** Absolute; whether they are there or not. */
  readonly folders: ReadonlySet<string>;
  /** Undefined for a path (absolute) that no build depends on. */
  roleOf(path: string): Role | undefined;
  /** Paths (absolute) of links that lead to this one, under which builds know it. */
  linksTo(path: string): readonly string[];
  /** Whether all that this scope covers is covered by another one. */
  isWithin(other: Pick<Scope, 'folders' | 'roleOf'>): boolean;
  /** What builds read of these folders (absolute) and was written since then, in milliseconds since 1970. Absolute. */
  changedSince(folders: ReadonlySet<string>, sinceMs: number): readonly string[];
}

/** What the builds of a project depend on, by its coverage. */
export function scopeOf(input: ScopeInput): Scope {
  const { root } = input.pipeline;
  const coverage = coverageOf(input.pipeline, input.needed, {
    touched: input.touched,
    lock: input.lock,
    program: input.program,
    // Programs on PATH are not watched.
    environment: {},
  });
  return coverageScope(root, {
    sources: withoutProgram(coverage.stat, root, input.program),
    outputs: coverage.lstat,
    lock: input.lock,
  });
}

/** Without vlmbuild's own files: a new version does not change a watch under way. */
export function withoutProgram(paths: Iterable<string>, root: string, program: string): string[] {
  const packageFile = resolve(program, '../package.json');
  // Most paths are plainly within the root, and vlmbuild is not: resolving each would take as long as stating it.
  const inside = isWithin(packageFile, root);
  return [...paths].filter((path) => {
    if (!inside && !isAbsolute(path) && !path.startsWith('..')) return true;
    const absolute = resolve(root, path);
    return !isWithin(absolute, program) && absolute !== packageFile;
  });
}

/** By the paths of a snapshot, which covers where declared tools are looked for as well. */
export function snapshotScope(
  root: string,
  covered: { readonly followed: readonly string[]; readonly unfollowed: readonly string[] },
  { lock, program, searched }: { readonly lock: string; readonly program: string; readonly searched: string },
): Scope {
  const places = new Set(searched.split(delimiter).map((folder) => resolve(root, folder)));
  const sources = withoutProgram(covered.followed, root, program).filter(
    (path) => !isAbsolute(path) || !places.has(dirname(path)),
  );
  return coverageScope(root, { sources, outputs: covered.unfollowed, lock });
}

/** By the paths that a build read and wrote: root-relative, or absolute where they lead outside. */
export function coverageScope(
  root: string,
  covered: { readonly sources: Iterable<string>; readonly outputs: Iterable<string>; readonly lock: string },
): Scope {
  return new CoverageScope(root, covered.sources, covered.outputs, covered.lock);
}

class CoverageScope implements Scope {
  readonly folders = new Set<string>();
  readonly #sources: ReadonlySet<string>;
  readonly #outputs: ReadonlySet<string>;
  /** Folders on the way to sources, and on the way to outputs alone: they may come and go as a whole. */
  readonly #aboveSources = new Set<string>();
  readonly #aboveOutputs = new Set<string>();
  /** Links by the places that they lead to, absolute. */
  readonly #linked = new Map<string, string[]>();
  readonly #root: string;
  readonly #lock: string;
  readonly #lockDraft: string;

  constructor(root: string, sources: Iterable<string>, outputs: Iterable<string>, lock: string) {
    this.#root = root;
    this.#lock = this.#place(lock);
    this.#lockDraft = join(dirname(this.#lock), `.${basename(lock)}.`);
    const withoutLock = new Set(sources);
    withoutLock.delete(this.#lock);
    this.#sources = this.#collect(withoutLock, this.#aboveSources);
    this.#outputs = this.#collect(new Set(outputs), this.#aboveOutputs);
  }

  roleOf(path: string): Role | undefined {
    const placed = this.#place(path);
    if (this.#isCache(placed)) return undefined;
    if (placed === this.#lock || placed.startsWith(this.#lockDraft)) return 'own';
    if (this.#outputs.has(placed)) return 'own';
    if (this.#sources.has(placed) || this.#aboveSources.has(placed)) return 'source';
    if (this.#aboveOutputs.has(placed)) return 'own';
    if (isImplied(placed, this.#outputs)) return 'own';
    return isImplied(placed, this.#sources) || this.linksTo(path).length > 0 ? 'source' : undefined;
  }

  isWithin(other: Pick<Scope, 'folders' | 'roleOf'>): boolean {
    for (const folder of this.folders) if (!other.folders.has(folder)) return false;
    for (const paths of [this.#sources, this.#outputs]) {
      for (const path of paths)
        if (!this.#isCache(path) && other.roleOf(resolve(this.#root, path)) === undefined) return false;
    }
    return true;
  }

  linksTo(path: string): readonly string[] {
    const paths: string[] = [];
    if (this.#linked.size === 0) return paths;
    for (let at = path; at !== dirname(at); at = dirname(at))
      for (const link of this.#linked.get(at) ?? []) paths.push(link + path.slice(at.length));
    return paths;
  }

  changedSince(folders: ReadonlySet<string>, sinceMs: number): readonly string[] {
    const changed: string[] = [];
    const look = (absolute: string): void => {
      const stats = statIfThere(absolute);
      if (stats !== undefined && Math.max(stats.mtimeMs, stats.ctimeMs) >= sinceMs) changed.push(absolute);
    };
    for (const path of this.#sources) {
      const absolute = resolve(this.#root, path);
      if (folders.has(dirname(absolute)) || folders.has(absolute)) look(absolute);
    }
    for (const folder of folders) {
      if (!this.#sources.has(this.#place(folder))) continue;
      for (const name of namesIn(folder)) {
        const child = join(folder, name);
        if (!this.#sources.has(this.#place(child)) && !isIgnored(name)) look(child);
      }
    }
    return changed;
  }

  /**
   * The folders that hold these paths, those of them that are folders, and the way there from the root. Gives the paths
   * without the files of covered folders, which need not be named and of which there may be very many.
   */
  #collect(paths: ReadonlySet<string>, above: Set<string>): ReadonlySet<string> {
    const parents = new Set<string>();
    const folders = new Set<string>();
    for (const path of paths) if (!this.#isCache(path)) parents.add(dirname(path));
    for (const parent of parents) {
      this.folders.add(resolve(this.#root, parent));
      for (const { name, link } of entriesOf(resolve(this.#root, parent))) {
        const child = parent === '.' ? name : join(parent, name);
        if (!paths.has(child) || this.#isCache(child)) continue;
        const absolute = resolve(this.#root, child);
        // What is written through a link, and that another link takes the place of one on the way, shows where that is.
        for (const place of link ? placesOf(absolute) : []) {
          this.#linked.set(place, [...(this.#linked.get(place) ?? []), absolute]);
          this.folders.add(dirname(place));
        }
        if (link && !isFolder(absolute)) continue;
        folders.add(child);
        this.folders.add(absolute);
      }
      for (let at = parent; at !== '.' && at !== sep; at = dirname(at)) {
        above.add(at);
        // Outside of the root the folders alone: where they are is not this project's.
        if (!isAbsolute(at)) this.folders.add(resolve(this.#root, dirname(at)));
      }
    }
    return new Set([...paths].filter((path) => parents.has(path) || folders.has(path) || !isImplied(path, paths)));
  }

  #isCache(placed: string): boolean {
    return placed === 'cache' || placed.startsWith(`cache${sep}`);
  }

  #place(path: string): string {
    const near = relative(this.#root, resolve(this.#root, path));
    return near === '' ? '.' : near.startsWith(`..${sep}`) || near === '..' ? resolve(this.#root, path) : near;
  }
}

/** Where nothing is known of a project, because its pipeline cannot be read, the whole of it: up to so many folders. */
const MOST_FOLDERS = 2000;

/** For a project that cannot be read: everything in it that is not left out of folders and globs. */
export function wideScope(root: string): Scope {
  const folders = new Set([root]);
  for (const folder of folders) {
    if (folders.size > MOST_FOLDERS) break;
    for (const { name, link } of entriesOf(folder)) if (!link && !isIgnored(name)) folders.add(join(folder, name));
  }
  return {
    folders,
    roleOf: (path) => {
      const names = relative(root, path).split(sep);
      return names[0] === '..' || names.some((name) => isIgnored(name)) ? undefined : 'source';
    },
    linksTo: () => [],
    isWithin: () => false,
    changedSince: () => [],
  };
}

interface Entry {
  readonly name: string;
  readonly link: boolean;
}

/** Whether what is in a covered folder, which was listed, counts without being named. */
function isImplied(placed: string, paths: ReadonlySet<string>): boolean {
  return paths.has(dirname(placed)) && !isIgnored(basename(placed));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The folders and links in a folder; none where it is not there. */
function entriesOf(folder: string): Entry[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => ({ name: entry.name, link: entry.isSymbolicLink() }));
  } catch {
    return [];
  }
}

/** More links than this in a row lead nowhere. */
const MOST_LINKS = 40;

/** Where a link leads, and the links on the way; also to what is not there. Absolute. */
function placesOf(link: string): readonly string[] {
  const places: string[] = [];
  try {
    for (let at = link; places.length < MOST_LINKS && lstatSync(at).isSymbolicLink();) {
      at = resolve(dirname(at), readlinkSync(at));
      places.push(at);
    }
    const real = realpathSync(link);
    if (!places.includes(real)) places.push(real);
  } catch {
    // It leads to what is not there.
  }
  return places;
}

function isFolder(path: string): boolean {
  return statIfThere(path)?.isDirectory() === true;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}
