import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { toKeep } from './keep-staged.js';

test('only files of a few megabytes in all are little', (t) => {
  const folder = tempFolder(t);
  const at = (name: string, kind: 'file' | 'directory' | 'sqlite' = 'file') => ({ kind, path: join(folder, name) });
  for (const name of ['a', 'b']) {
    writeFileSync(join(folder, name), '');
    truncateSync(join(folder, name), 3 << 20);
  }
  mkdirSync(join(folder, 'd'));
  t.is(toKeep({ a: at('a') }), 'little');
  t.is(toKeep({ a: at('a'), b: at('b') }), 'much');
  t.is(toKeep({ d: at('d', 'directory') }), 'much');
  t.is(toKeep({ d: at('d') }), 'much');
  t.is(toKeep({ a: at('a', 'sqlite') }), 'much');
  t.is(toKeep({ a: at('a'), c: at('c') }), 'not all there');
});
