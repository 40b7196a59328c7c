import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { cacheLayout, logPath, prepareCache } from './layout.js';

test('the cache is tagged, so that backups leave it out, and preparing it again changes nothing', (t) => {
  const layout = cacheLayout(tempFolder(t));
  prepareCache(layout);
  const tag = join(layout.cache, 'CACHEDIR.TAG');
  t.true(readFileSync(tag, 'latin1').startsWith('Signature: 8a477f597d28d172789f06886806bc55'));
  writeFileSync(join(layout.objects, 'kept'), '');
  chmodSync(tag, 0o444);
  t.notThrows(() => prepareCache(layout));
  t.is(readFileSync(join(layout.objects, 'kept'), 'utf8'), '');
});

test('the cache may be a link to another disk', (t) => {
  const root = tempFolder(t);
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync('elsewhere', join(root, 'cache'));
  prepareCache(cacheLayout(root));
  t.true(readFileSync(join(root, 'elsewhere', 'CACHEDIR.TAG'), 'utf8').length > 0);
});

test('what stands in the way of the cache is named', (t) => {
  for (const [block, problem] of [
    [
      (path: string) => writeFileSync(path, 'a file'),
      /^(a file stands where a folder is wanted|something else stands there) \(/,
    ],
    [
      (path: string) => symlinkSync('nowhere/at/all', path),
      /^(a link leads to nothing|something else stands there) \(/,
    ],
  ] as const) {
    const layout = cacheLayout(tempFolder(t));
    block(layout.cache);
    const error = t.throws(() => prepareCache(layout), { instanceOf: UserFacingError });
    t.is(error.diagnostics[0]?.code, 'VB501');
    t.true(error.message.includes(layout.cache));
    t.regex(error.diagnostics[0]?.facts?.[0]?.[1] ?? '', problem);
  }
});

test('a log has a file name that fits, of its own, however long the name of the target is', (t) => {
  const layout = cacheLayout('/p');
  t.is(logPath(layout, 'run', 'traces@mode=text'), '/p/cache/logs/run/traces@mode=text.log');
  const long = (end: string): string => basename(logPath(layout, 'run', `traces@mode=${'x'.repeat(300)}${end}`));
  t.true(long('a').length < 255);
  t.not(long('a'), long('b'));
});
