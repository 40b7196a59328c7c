import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { packageRoot } from '../rule/package-root.js';
import { ownStack } from './own-stack.js';

/** The stack of an error that was thrown in a bundle, where this text is. */
function thrownAt(bundle: string, text: string): Error {
  const before = readFileSync(bundle, 'utf8').split(text)[0] ?? '';
  const lines = before.split('\n');
  const error = new Error('no');
  error.stack = `Error: no\n    at f (${bundle}:${lines.length}:${(lines.at(-1) ?? '').length + 1})\n    at node:internal/x:1:2`;
  return error;
}

for (const name of ['main', 'changed', 'host']) {
  test(`a stack in ${name}.cjs tells places in the sources`, (t) => {
    const [, second = '', third] = ownStack(
      thrownAt(join(packageRoot(), 'dist', `${name}.cjs`), 'function canonicalJson('),
    ).split('\n');
    const [, path = '', line] = /^ {4}at f \((.*):(\d+):\d+\)$/.exec(second) ?? [];
    t.is(path, 'src/base/canonical.ts');
    const source = readFileSync(join(packageRoot(), path), 'utf8').split('\n')[Number(line) - 1] ?? '';
    t.true(source.includes('function canonicalJson('), source);
    t.is(third, '    at node:internal/x:1:2');
  });
}

test('what has no map is as it was', (t) => {
  const error = new Error('no');
  error.stack = 'Error: no\n    at /nowhere/main.cjs:1:2\n    at f (/nowhere/a.ts:3:4)';
  t.is(ownStack(error), error.stack);
});
