import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { types } from 'node:util';
import { packageRoot } from '../rule/package-root.js';
import { zod } from './own-zod.js';

export type Exports = Readonly<Record<string, unknown>>;

/** What Node's loader has and its types do not say; both are as old as `require` and kept for tools. */
interface LoadableModule {
  filename: string;
  paths: string[];
  exports: Exports;
  require(id: string): unknown;
  _compile(code: string, filename: string): void;
}
const ModuleClass = Module as unknown as {
  new (id: string): LoadableModule;
  _nodeModulePaths(folder: string): string[];
};

const loaded = new Map<string, Promise<Exports>>();
/** Node forgets a module's source map with the module: without these, later errors would point into the bundle. */
const modules: LoadableModule[] = [];
const requireOwn = createRequire(join(packageRoot(), 'package.json'));

/** Runs a bundle as if it were the rule's module: compiled under its path, with its packages, once a process. */
export function loadModule(bundle: string, source: string): Promise<Exports> {
  let exports = loaded.get(bundle);
  if (exports === undefined) {
    exports = load(readFileSync(bundle, 'utf8'), source);
    loaded.set(bundle, exports);
  }
  return exports;
}

async function load(code: string, source: string): Promise<Exports> {
  process.setSourceMapsEnabled(true);
  // Required: the loader of ES modules takes longer to start than all that it would load.
  const vlmbuild: unknown = requireOwn('./dist/index.cjs');
  const importAs = importerOf(source);
  const imported = new Map<string, unknown>();
  for (;;) {
    const module = moduleAt(source);
    const require = createRequire(source);
    let refused: string | undefined;
    module.require = (id) => {
      if (id === 'vlmbuild') return vlmbuild;
      if (id === 'zod') return zod();
      if (id.startsWith('zod/')) return requireOwn(id);
      if (imported.has(id)) return imported.get(id);
      try {
        return asImported(require(id));
      } catch (error) {
        if (IMPORT_ONLY.has((error as NodeJS.ErrnoException).code ?? '')) refused = id;
        throw error;
      }
    };
    try {
      module._compile(code, source);
      modules.push(module);
      return module.exports;
    } catch (error) {
      // A package that can only be imported: that takes time, and then the module starts over.
      if (refused === undefined || imported.has(refused)) throw error;
      imported.set(refused, marked(await importAs(refused)));
    }
  }
}

const IMPORT_ONLY = new Set(['ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_REQUIRE_ASYNC_MODULE', 'ERR_REQUIRE_ESM']);

function moduleAt(source: string): LoadableModule {
  const module = new ModuleClass(source);
  module.filename = source;
  module.paths = ModuleClass._nodeModulePaths(dirname(source));
  return module;
}

/** `import` as the rule's own module would do it. */
function importerOf(source: string): (id: string) => Promise<object> {
  const module = moduleAt(source);
  module._compile('exports.load = (id) => import(id);', source);
  return module.exports['load'] as (id: string) => Promise<object>;
}

/** A namespace with the mark that `require` gives those of ES modules with a default. */
function marked(namespace: object): object {
  const mark = { __esModule: { value: true } };
  return Object.create(null, { ...Object.getOwnPropertyDescriptors(namespace), ...mark }) as object;
}

/**
 * A CommonJS package as `import` shows it: the default is `module.exports` even where the package marks itself as
 * compiled from ES modules. The mark of true ES modules stays.
 */
function asImported(exports: unknown): unknown {
  if (typeof exports !== 'object' || exports === null || types.isModuleNamespaceObject(exports)) return exports;
  if (!('__esModule' in exports)) return exports;
  const properties: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(exports);
  delete properties['__esModule'];
  return Object.create(Object.getPrototypeOf(exports) as object | null, properties);
}
