// Builds the package: `dist/` (what is installed) and, with --tests, `build/` (every module on its own, for ava and c8).
//   node scripts/build.mjs [--tests] [--types]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';
import { bundledSqlite } from './bundled-sqlite.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const flags = new Set(process.argv.slice(2));

const common = {
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  write: false,
  metafile: true,
  outdir: 'dist',
  legalComments: 'none',
};

/** Files are replaced only where they differ, and by rename: a running vlmbuild never sees half a module. */
function put(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.tmp`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}

/** Folders of the packages of which something is in `dist/`. */
const packages = new Set();

function notePackages({ outputs }) {
  for (const [path, bytes] of Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs))) {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
    if (folder !== undefined && bytes.bytesInOutput > 0) packages.add(folder);
  }
}

/** Their licenses want to be handed on with them, and comments are left out of what is bundled. */
function notices() {
  const texts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const [file] = readdirSync(folder).filter((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined && license === undefined) throw new Error(`${name} is bundled, and says no license`);
    const text =
      file === undefined
        ? `It comes without a license file: https://spdx.org/licenses/${license}.html`
        : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return `Parts of these packages are in the files beside this one.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** The built-in rules, bundled as a build would: it is vlmbuild itself that does it, at what `dist/` has by now. */
function packageRules({ outputFiles: [program] }) {
  const maker = `sha256:${createHash('sha256').update(program.contents).digest('hex')}`;
  const { status } = spawnSync(process.execPath, ['-', maker], {
    input: program.contents,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

function putAll(result) {
  notePackages(result.metafile);
  for (const file of result.outputFiles) put(file.path, Buffer.from(file.contents));
  return result.outputFiles.map((file) => relative(root, file.path));
}

/**
 * npm links the bins of dependencies, not of the package itself: without this, `npx vlmbuild` here would first install
 * the package into npx's own cache. Where links are not allowed (some Windows set-ups), it does just that.
 */
function linkBin() {
  const link = 'node_modules/.bin/vlmbuild';
  if (!existsSync('node_modules/.bin') || existsSync(link)) return;
  try {
    symlinkSync('../../dist/vlmbuild.cjs', link);
  } catch (error) {
    if (error.code !== 'EPERM' && error.code !== 'EEXIST') throw error;
  }
}

// The public API, for whoever imports it as a package.
const bundled = putAll(
  await build({
    ...common,
    entryPoints: { index: 'src/index.ts' },
    bundle: true,
    format: 'esm',
    packages: 'external',
    sourcemap: true,
  }),
);

// The bin: one small CommonJS file, because Node starts it fastest. It ends a null build without loading anything else.
const script = {
  ...common,
  bundle: true,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  packages: 'external',
  minifySyntax: true,
};
if (existsSync('src/cli/bin.ts')) {
  const bin = await build({
    ...script,
    entryPoints: { vlmbuild: 'src/cli/bin.ts' },
  });
  bundled.push(...putAll(bin));
  chmodSync('dist/vlmbuild.cjs', 0o755);
  linkBin();
}
// So is all that it may load, and a host with the public API and zod, which it gives to rules: to find, read and link
// modules one by one takes longer than most builds do.
const standalone = {
  main: 'src/cli/main.ts',
  changed: 'src/cli/changed.ts',
  host: 'src/host/program.ts',
  index: 'src/index.ts',
  zod: 'src/host/zod.ts',
};
for (const [name, source] of Object.entries(standalone)) {
  const one = await build({
    ...script,
    entryPoints: { [name]: source },
    minifyWhitespace: true,
    // Not named in the script: it is read when vlmbuild itself fails, to say where (own-stack.ts).
    sourcemap: ['main', 'changed', 'host'].includes(name) ? 'external' : false,
    sourcesContent: false,
    // Run with what V8 remembers of them, scripts can only `require`. Hosts are run as they are, and load what is ESM alone.
    supported: { 'dynamic-import': !['main', 'changed'].includes(name) },
    // Small libraries are part of it; the others are seldom wanted, or have native code.
    packages: 'bundle',
    // Not in hosts: rules may load the library too, and its addon throws the errors of one copy alone.
    plugins: name === 'host' ? [] : [bundledSqlite],
    external: [
      ...(name === 'host' ? ['better-sqlite3'] : []),
      'esbuild',
      'sharp',
      ...(name === 'main' ? [] : ['yaml']),
      '@iarna/toml',
      ...(name === 'main' ? [] : ['chokidar']),
      'tinyglobby',
    ],
    define: { 'import.meta.url': 'fileUrl' },
    banner: { js: "const fileUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  bundled.push(...putAll(one));
}
const workers = ['hash-worker', 'database-worker'].filter((name) => existsSync(`src/artifacts/${name}.ts`));
if (workers.length > 0) {
  const worker = await build({
    ...script,
    entryPoints: Object.fromEntries(workers.map((name) => [name, `src/artifacts/${name}.ts`])),
    minifyWhitespace: true,
    packages: 'bundle',
  });
  bundled.push(...putAll(worker));
}
packageRules(
  await build({
    ...script,
    entryPoints: { rules: 'src/execute/package-rules.ts' },
    external: ['better-sqlite3', 'esbuild'],
    packages: 'bundle',
    define: { 'import.meta.url': 'fileUrl' },
    banner: { js: `const fileUrl = ${JSON.stringify(pathToFileURL('dist/rules.cjs').href)};` },
  }),
);
put('dist/NOTICES', Buffer.from(notices()));
const keep = new Set(bundled);
for (const path of globSync(['dist/*.js', 'dist/*.cjs', 'dist/*.map', 'dist/chunks/*']))
  if (!keep.has(path)) rmSync(path);

if (flags.has('--tests')) {
  const sources = globSync(['src/**/*.ts', 'rules/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'], {
    ignore: ['**/*.d.ts'],
  });
  const written = new Set(
    putAll(
      await build({
        ...common,
        entryPoints: sources,
        outbase: '.',
        outdir: 'build',
        format: 'esm',
        sourcemap: 'linked',
      }),
    ),
  );
  for (const path of globSync(['build/**/*.js', 'build/**/*.map'])) if (!written.has(path)) rmSync(path);
}

if (flags.has('--types')) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
