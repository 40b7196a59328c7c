import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let found: { readonly root: string; readonly version: string } | undefined;

function locate(): { readonly root: string; readonly version: string } {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string; version?: string };
      if (name === 'vlmbuild') return { root: folder, version: version ?? '0.0.0' };
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error('vlmbuild is not inside its own package');
    folder = parent;
  }
}

/** The folder of the running vlmbuild: where its `package.json`, `dist/` and built-in `rules/` are. */
export function packageRoot(): string {
  found ??= locate();
  return found.root;
}

/** The version of the running vlmbuild. */
export function packageVersion(): string {
  found ??= locate();
  return found.version;
}
