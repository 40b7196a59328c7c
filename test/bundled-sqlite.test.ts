import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { build, type Plugin } from 'esbuild';

const installed = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'));
const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string };

const PROGRAM = `
import Sqlite from 'better-sqlite3';
const open = () => new Sqlite(':memory:').prepare('SELECT 42').pluck().get();
process.stdout.write(String(Sqlite.installed ?? open()));
`;

/** What the program says where `better-sqlite3` is installed as `install` does it. */
async function saidWith(t: ExecutionContext, install: (folder: string) => void): Promise<string> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-test-')));
  t.teardown(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'node_modules/better-sqlite3');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  install(folder);
  writeFileSync(join(root, 'program.js'), PROGRAM);
  const { bundledSqlite } = (await import(pathToFileURL(resolve('scripts/bundled-sqlite.mjs')).href)) as {
    bundledSqlite: Plugin;
  };
  await build({
    entryPoints: [join(root, 'program.js')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: join(root, 'program.cjs'),
    plugins: [bundledSqlite],
    logLevel: 'silent',
  });
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'program.cjs')], { encoding: 'utf8' });
  return stdout + stderr;
}

function writePackage(folder: string, of: string): void {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'better-sqlite3', version: of, main: 'lib/index.js' }),
  );
  writeFileSync(join(folder, 'lib/index.js'), `module.exports = class { static installed = 'the installed one'; };`);
}

test('the bundled JavaScript of better-sqlite3 is used with the addon of its version', async (t) => {
  const said = await saidWith(t, (folder) => {
    writePackage(folder, version);
    symlinkSync(join(installed, 'build'), join(folder, 'build'));
  });
  t.is(said, '42');
});

test('where another version is installed, that one is used', async (t) => {
  t.is(await saidWith(t, (folder) => writePackage(folder, '12.999.0')), 'the installed one');
});

test('an addon that lies elsewhere in its package is found', async (t) => {
  const said = await saidWith(t, (folder) => {
    writePackage(folder, version);
    cpSync(join(installed, 'build/Release/better_sqlite3.node'), join(folder, 'build/better_sqlite3.node'));
    for (const other of ['bindings', 'file-uri-to-path'])
      symlinkSync(join(installed, '..', other), join(folder, '..', other));
  });
  t.is(said, '42');
});
