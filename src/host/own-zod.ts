import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Zod from 'zod';
import { loadScript, type LoadedScript } from '../base/code-cache.js';
import { packageRoot } from '../rule/package-root.js';

/** A host is started with the project's cache folder as its only word. */
const [, , CACHE = ''] = process.argv;

let script: LoadedScript | undefined;

/**
 * The running vlmbuild's zod: the one every rule gets. To compile it would take longer than to start the rest of a host.
 */
export function zod(): typeof Zod {
  const path = join(packageRoot(), 'dist', 'zod.cjs');
  script ??= loadScript(path, CACHE, createRequire(path));
  return script.exports as typeof Zod;
}

/** For the hosts to come; while the engine is there, for nobody else answers for what happens in the cache. */
export function keepCompiled(): void {
  script?.keep();
}
