import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, join, relative, resolve } from 'node:path';
import type { BuildOptions, Loader, Message, OnResolveArgs, OnResolveResult, Plugin } from 'esbuild';
import { digestOf, sha256, type Digest } from '../base/digest.js';
import { compareBytes, sortedEntries } from '../base/order.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { ruleErrors } from '../diagnostics/rule.js';
import { ASSET_LOADERS } from './assets.js';
import { codeDigest, moduleDigest } from './code-digest.js';
import { mistakesIn, withEsbuild, type Esbuild } from './esbuild-service.js';
import type { FoundRule } from './find.js';
import { FORBIDDEN, forbiddenUses, locator } from './forbidden.js';
import {
  findPackage,
  HANDED_PACKAGES,
  nearerPlaces,
  packageClosure,
  packageName,
  type FoundPackage,
} from './packages.js';
import { locationIn } from './source-location.js';

/** A rule with everything that it imports, in one program. */
export interface Bundle {
  readonly code: Digest;
  /** What a host runs: CommonJS with an inline source map whose paths are relative to the rule's folder. */
  readonly program: string;
  /** By module path relative to the rule's home, or `name@version`. */
  readonly modules: Readonly<Record<string, Digest>>;
  /** Absolute: modules, assets, package.json files. */
  readonly closure: readonly string[];
  /** Absolute paths that do not exist, but would count in place of a module or a package if they did. */
  readonly absent: readonly string[];
  /** Digests of modules, assets and manifests of packages as they were when they were bundled, by absolute path. */
  readonly read: ReadonlyMap<string, Digest>;
}

const TARGET = 'node20';

/** Fixed, so that no `tsconfig.json` beside a rule is part of its meaning. */
const OPTIONS = {
  bundle: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: TARGET,
  sourcemap: 'inline',
  sourcesContent: false,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'silent',
  tsconfigRaw: '{}',
  define: FORBIDDEN,
} as const satisfies BuildOptions;

/**
 * Bundles a rule in two steps: to ESM, whose print is the rule's code, and from there to the CommonJS that runs.
 * (One step to CommonJS would read `import x from 'package'` as `module.exports` wherever a package.json says
 * `"type": "module"`, which is wrong for packages that are ES modules.)
 *
 * @throws UserFacingError with every mistake, located
 */
export async function bundleRule(rule: FoundRule): Promise<Bundle> {
  return withEsbuild(rule.name, (esbuild) => bundleWith(esbuild, rule));
}

async function bundleWith(esbuild: Esbuild, rule: FoundRule): Promise<Bundle> {
  const home = realpathSync(rule.home);
  const packages = new Map<string, FoundPackage>();
  const nearer = new Set<string>();
  const problems: Diagnostic[] = [];
  const sources = new Map<string, Buffer>();
  const result = await esbuild
    .build({
      ...OPTIONS,
      absWorkingDir: home,
      entryPoints: [rule.path],
      outfile: join(home, 'rules', `${rule.name}.cjs`),
      plugins: [packagesPlugin(rule, { packages, nearer, problems }), sourcesPlugin(sources)],
    })
    .catch((error: unknown) => {
      const found = mistakesIn(error).flatMap((message) => diagnosticOf(rule, message, home));
      throw new UserFacingError([...problems, ...found]);
    });
  const printed = result.outputFiles[0]?.text ?? '';
  const misuses = forbiddenUses(printed, dirname(realpathSync(rule.path)));
  for (const { type, what, path, line, column, length } of misuses) {
    const at = locationIn(path, line, column, length);
    problems.push(
      type === 'place' ? ruleErrors.ownPlace(rule.name, what, at) : ruleErrors.computedImport(rule.name, what, at),
    );
  }
  if (problems.length > 0) throw new UserFacingError(problems);

  const inputs = [...sources.keys()];
  const needed = packageClosure(packages.values());
  const names = unique(needed.packages.map((item) => `${item.name}@${item.version}`));
  const [minified, program, modules] = await Promise.all([
    esbuild.transform(printed, { format: 'esm', minifyWhitespace: true, legalComments: 'none', target: TARGET }),
    toProgram(esbuild, printed, rule, names),
    moduleDigests(esbuild, sources, home),
  ]);
  for (const name of names) modules[name] = moduleDigest(name);
  return {
    code: codeDigest(minified.code, names),
    program,
    modules: Object.fromEntries(sortedEntries(modules)),
    closure: unique([...inputs, ...needed.packages.map((item) => item.manifest), ...enclosingManifests(inputs, home)]),
    absent: unique([...shadowingModules(result.metafile.inputs, home), ...nearer, ...needed.absent]),
    read: new Map([
      ...[...sources].map(([path, bytes]) => [path, sha256(bytes)] as const),
      ...needed.packages.map(({ manifest, content }) => [manifest, content] as const),
    ]),
  };
}

/** @param packages what is remembered by the program (what it says of params) follows from these as well */
async function toProgram(
  esbuild: Esbuild,
  printed: string,
  rule: FoundRule,
  packages: readonly string[],
): Promise<string> {
  try {
    const { code } = await esbuild.transform(printed, {
      format: 'cjs',
      platform: 'node',
      target: TARGET,
      sourcemap: 'inline',
      sourcesContent: false,
      charset: 'utf8',
    });
    return packages.length === 0 ? code : `${code}// packages: ${digestOf(packages)}\n`;
  } catch (error) {
    // Only `await` at the top of a module survives the first step and fails here.
    const place = locator(printed, dirname(realpathSync(rule.path)));
    throw new UserFacingError(
      mistakesIn(error).map(({ location }) => {
        const at = location === null ? undefined : place(offsetOf(location, printed));
        return ruleErrors.topLevelAwait(
          rule.name,
          locationIn(at?.path ?? rule.path, at?.line ?? 1, at?.column ?? 1, 5),
        );
      }),
    );
  }
}

/** The digest of each module as printed on its own, types and comments gone; of an asset, its bytes. */
async function moduleDigests(
  esbuild: Esbuild,
  sources: ReadonlyMap<string, Buffer>,
  home: string,
): Promise<Record<string, Digest>> {
  const digests: Record<string, Digest> = {};
  await Promise.all(
    [...sources].map(async ([path, bytes]) => {
      const loader = MODULE_LOADERS[extname(path)];
      const printed =
        loader &&
        loader !== 'json' &&
        (await esbuild.transform(bytes, {
          loader,
          minifyWhitespace: true,
          legalComments: 'none',
          target: TARGET,
          tsconfigRaw: '{}',
          logLevel: 'silent',
        }));
      digests[relative(home, path)] = moduleDigest(printed ? printed.code : bytes);
    }),
  );
  return digests;
}

const MODULE_LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
  '.json': 'json',
};

/**
 * Leaves npm packages outside of the bundle, and notes them. Bundled after all are packages that are links to folders
 * being worked on, whose version does not tell their content, and those that the rule itself would find elsewhere.
 */
function packagesPlugin(
  rule: FoundRule,
  found: {
    readonly packages: Map<string, FoundPackage>;
    /** Where a package that is imported would be found before. */
    readonly nearer: Set<string>;
    readonly problems: Diagnostic[];
  },
): Plugin {
  const { packages, nearer, problems } = found;
  const ruleFolder = dirname(rule.path);
  return {
    name: 'packages',
    setup(build) {
      build.onResolve({ filter: /^[^./#]/ }, (args): OnResolveResult | undefined => {
        if (args.kind === 'entry-point') return undefined;
        if (isBuiltin(args.path)) return { path: args.path, external: true };
        const name = packageName(args.path);
        if (HANDED_PACKAGES.has(name)) return handed(args);
        const item = findPackage(name, args.resolveDir);
        if (item === undefined) return undefined;
        for (const from of [args.resolveDir, ruleFolder]) for (const at of nearerPlaces(name, from)) nearer.add(at);
        if (!item.installed || findPackage(name, ruleFolder)?.folder !== item.folder) return undefined;
        packages.set(name, item);
        return { path: args.path, external: true };
      });
      // What was handed over must not be imported by Node, which may not find it: see `handed`.
      build.onLoad({ filter: /.*/, namespace: HANDED }, (args) => ({
        contents: `export * from ${JSON.stringify(args.path)}; export { default } from ${JSON.stringify(args.path)};`,
        resolveDir: ruleFolder,
      }));
      build.onEnd((result) => {
        for (const message of result.errors) {
          const missing = /^Could not resolve "([^"./#][^"]*)"/.exec(message.text)?.[1];
          if (missing === undefined || findPackage(packageName(missing), ruleFolder) !== undefined) continue;
          const at = message.location && locationOf(message.location, realpathSync(rule.home));
          problems.push(ruleErrors.packageNotInstalled(rule.name, packageName(missing), at ?? undefined));
        }
      });
    },
  };
}

/** Reads modules for esbuild, so that what is remembered is the content that was bundled. */
function sourcesPlugin(sources: Map<string, Buffer>): Plugin {
  return {
    name: 'sources',
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: 'file' }, (args) => {
        const loader = MODULE_LOADERS[extname(args.path)] ?? ASSET_LOADERS[extname(args.path)];
        if (loader === undefined) return undefined;
        const contents = readFileSync(args.path);
        sources.set(args.path, contents);
        return { contents, loader };
      });
    },
  };
}

const HANDED = 'handed';

/** `import('zod')` becomes a static import behind a module of its own: a dynamic one would bypass the host. */
function handed(args: OnResolveArgs): OnResolveResult {
  if (args.kind === 'dynamic-import') return { path: args.path, namespace: HANDED };
  return { path: args.path, external: true };
}

/** The package.json files that say how modules are to be read (`type`, `imports`, `sideEffects`). */
function enclosingManifests(inputs: readonly string[], home: string): readonly string[] {
  const found = new Set<string>();
  for (const folder of new Set(inputs.map((path) => dirname(path)))) {
    for (let at = folder; ; at = dirname(at)) {
      const manifest = join(at, 'package.json');
      if (statSync(manifest, { throwIfNoEntry: false })?.isFile() === true) {
        found.add(manifest);
        break;
      }
      if (at === home || dirname(at) === at) break;
    }
  }
  return [...found];
}

/** A `./x.js` beside `./x.ts` would win: where `x.ts` was bundled for an import of `./x.js`. */
function shadowingModules(
  inputs: Readonly<Record<string, { readonly imports: readonly { path: string; original?: string }[] }>>,
  home: string,
): readonly string[] {
  const absent = new Set<string>();
  for (const [importer, { imports }] of Object.entries(inputs)) {
    for (const { path, original } of imports) {
      if (original?.startsWith('.') !== true) continue;
      const asked = resolve(home, dirname(importer), original);
      if (asked !== resolve(home, path)) absent.add(asked);
    }
  }
  return [...absent];
}

function diagnosticOf(rule: FoundRule, message: Message, home: string): readonly Diagnostic[] {
  const missing = /^Could not resolve "([^"./#][^"]*)"/.exec(message.text)?.[1];
  if (missing !== undefined && findPackage(packageName(missing), dirname(rule.path)) === undefined) return [];
  const at = message.location === null ? undefined : locationOf(message.location, home);
  return [ruleErrors.doesNotBundle(rule.name, message.text, at, message.notes.map((note) => note.text).slice(0, 3))];
}

/** esbuild counts columns from 0 and in bytes. */
function offsetOf({ line, column, lineText }: NonNullable<Message['location']>, text: string): number {
  const above = text.split('\n', line - 1).reduce((length, before) => length + before.length + 1, 0);
  return above + Buffer.from(lineText).subarray(0, column).toString().length;
}

function locationOf(location: NonNullable<Message['location']>, home: string) {
  const bytes = Buffer.from(location.lineText);
  const before = Array.from(bytes.subarray(0, location.column).toString()).length;
  const length = Array.from(bytes.subarray(location.column, location.column + location.length).toString()).length;
  return locationIn(resolve(home, location.file), location.line, before + 1, Math.max(1, length));
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].sort(compareBytes);
}
