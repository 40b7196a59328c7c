import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** An npm package as Node would find it from some folder. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  /** Its folder, links followed. */
  readonly folder: string;
  /** Its `package.json` as found, links not followed. */
  readonly manifest: string;
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
  for (let folder = from; ; folder = dirname(folder)) {
    if (basename(folder) !== 'node_modules') {
      const manifest = join(folder, 'node_modules', name, 'package.json');
      if (statSync(manifest, { throwIfNoEntry: false })?.isFile() === true) return readPackage(name, manifest);
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * A package with everything that it needs when it runs. Optional dependencies that bring binaries for one platform are
 * left out (the package pins them), so that the result is the same on every platform.
 */
export function packageClosure(root: FoundPackage): readonly FoundPackage[] {
  const found = new Map<string, FoundPackage>([[root.folder, root]]);
  for (const item of found.values()) {
    for (const [name, need] of Object.entries(item.needs)) {
      if (HANDED_PACKAGES.has(name)) continue;
      const dependency = findPackage(name, item.folder);
      if (dependency === undefined || need === 'optional') continue;
      if (!found.has(dependency.folder)) found.set(dependency.folder, dependency);
    }
  }
  return [...found.values()];
}

function readPackage(name: string, manifest: string): FoundPackage {
  const folder = realpathSync(dirname(manifest));
  const content = JSON.parse(readFileSync(manifest, 'utf8')) as {
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
    installed: folder.split('/').includes('node_modules'),
    needs,
  };
}
