import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from './temp-folder-for-tests.js';
import { loadScript } from './code-cache.js';

interface Rig {
  readonly folder: string;
  /** Runs a script of this text, keeps what was compiled, and gives what it exports. */
  run(source: string): Record<string, unknown>;
  kept(): string[];
}

function rig(t: ExecutionContext): Rig {
  const folder = tempFolder(t);
  const path = join(folder, 'script.cjs');
  return {
    folder,
    run: (source) => {
      writeFileSync(path, source);
      const script = loadScript(path, folder, createRequire(path));
      script.keep();
      return script.exports as Record<string, unknown>;
    },
    kept: () => readdirSync(folder).filter((name) => name.startsWith('code-')),
  };
}

test('a script is run as a module is, from its text and from what was kept of it', (t) => {
  const rigged = rig(t);
  const source = `const { join } = require('node:path');
    module.exports = { at: join(__dirname, 'x'), file: __filename, sum: (a, b) => a + b };`;
  for (const time of [1, 2]) {
    const { at, file, sum } = rigged.run(source);
    t.deepEqual([at, file], [join(rigged.folder, 'x'), join(rigged.folder, 'script.cjs')], String(time));
    t.is((sum as (a: number, b: number) => number)(1, 2), 3);
    t.is(rigged.kept().length, 1);
  }
});

test('what was kept of a script stays where another one is kept', (t) => {
  const rigged = rig(t);
  rigged.run('exports.value = 1;');
  const other = join(rigged.folder, 'other.cjs');
  writeFileSync(other, 'exports.value = 2;');
  loadScript(other, rigged.folder, createRequire(other)).keep();
  t.deepEqual(
    rigged
      .kept()
      .map((name) => name.replace(/-[0-9a-f]+$/, ''))
      .sort(),
    ['code-other', 'code-script'],
  );
});

test('another script of the same length is compiled, and what was kept of the old one goes', (t) => {
  const rigged = rig(t);
  t.deepEqual(rigged.run('exports.value = () => 1;')['value']?.toString(), '() => 1');
  const before = rigged.kept();
  const value = rigged.run('exports.value = () => 2;')['value'] as () => number;
  t.is(value(), 2);
  t.is(rigged.kept().length, 1);
  t.notDeepEqual(rigged.kept(), before);
});

test('what was kept is not believed where a byte of it differs, and is kept anew', (t) => {
  const rigged = rig(t);
  const source = 'exports.value = () => "one";';
  rigged.run(source);
  const [name = ''] = rigged.kept();
  const whole = readFileSync(join(rigged.folder, name));
  for (const damaged of [Buffer.alloc(0), whole.subarray(0, whole.length - 1), flipped(whole)]) {
    writeFileSync(join(rigged.folder, name), damaged);
    t.is((rigged.run(source)['value'] as () => string)(), 'one');
    t.true(
      readFileSync(join(rigged.folder, name)).length > damaged.length ||
        !readFileSync(join(rigged.folder, name)).equals(damaged),
    );
  }
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
}
