import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sha256, type Digest } from '../base/digest.js';

/** An npm package as Node would find it from some folder. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  /** Its folder, links followed. */
  readonly folder: string;
  /** Its `package.json` as found, links not followed. */
  readonly manifest: string;
  /** Of that file, as it was read. */
  readonly content: Digest;
  /** Whether it is installed, and not a link to a folder that is being worked on: such a folder's version says nothing. */
  readonly installed: boolean;
  /** What it needs when it runs, by name; the value says whether it can do without. */
  readonly needs: Readonly<Record<string, 'required' | 'optional'>>;
}

/** Never counted and never bundled: the running vlmbuild hands these to every rule. */
export const HANDED_PACKAGES: ReadonlySet<string> = new Set(['vlmbuild', 'zod']);

/** `@scope/name` or `name` of what is imported. */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Finds a package as Node does: in `node_modules` of a folder, or of one above it. */
export function findPackage(name: string, from: string): FoundPackage | undefined {
  for (const manifest of manifestPlaces(name, from)) {
    if (isFile(manifest)) return readPackage(name, manifest);
  }
  return undefined;
}

/**
 * Where a package would be found before this one if it were there; where none is found, everywhere that it is looked for.
 */
export function nearerPlaces(name: string, from: string): readonly string[] {
  const places: string[] = [];
  for (const manifest of manifestPlaces(name, from)) {
    if (isFile(manifest)) break;
    places.push(manifest);
  }
  return places;
}

function* manifestPlaces(name: string, from: string): Generator<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    if (basename(folder) !== 'node_modules') yield join(folder, 'node_modules', name, 'package.json');
    if (dirname(folder) === folder) return;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Packages with everything that they need when they run. */
export interface PackageClosure {
  readonly packages: readonly FoundPackage[];
  /** Manifests that are not there: if they were, other packages would be found. */
  readonly absent: readonly string[];
}

/**
 * Optional dependencies that bring binaries for one platform are left out (the package pins them), so that the result is
 * the same on every platform.
 */
export function packageClosure(roots: Iterable<FoundPackage>): PackageClosure {
  const found = new Map([...roots].map((root) => [root.folder, root]));
  const absent = new Set<string>();
  for (const item of found.values()) {
    for (const [name, need] of Object.entries(item.needs)) {
      if (HANDED_PACKAGES.has(name) || need === 'optional') continue;
      for (const path of nearerPlaces(name, item.folder)) absent.add(path);
      const dependency = findPackage(name, item.folder);
      if (dependency !== undefined && !found.has(dependency.folder)) found.set(dependency.folder, dependency);
    }
  }
  return { packages: [...found.values()], absent: [...absent] };
}

function readPackage(name: string, manifest: string): FoundPackage {
  const folder = realpathSync(dirname(manifest));
  const bytes = readFileSync(manifest);
  const content = JSON.parse(bytes.toString()) as {
    version?: string;
    dependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
    peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  };
  const needs: Record<string, 'required' | 'optional'> = {};
  for (const peer of Object.keys(content.peerDependencies ?? {})) {
    needs[peer] = content.peerDependenciesMeta?.[peer]?.optional === true ? 'optional' : 'required';
  }
  for (const dependency of Object.keys(content.dependencies ?? {})) needs[dependency] = 'required';
  for (const optional of Object.keys(content.optionalDependencies ?? {})) needs[optional] = 'optional';
  return {
    name,
    version: content.version ?? '0.0.0',
    folder,
    manifest,
    content: sha256(bytes),
    installed: folder.split('/').includes('node_modules'),
    needs,
  };
}
