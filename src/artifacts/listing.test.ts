import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { expandGlob, globMatches, listDirectory } from './listing.js';

/** A folder with the named files; a name that ends in `/` is a folder. */
function tree(t: ExecutionContext, names: readonly string[]): string {
  const root = tempFolder(t);
  for (const name of names) {
    mkdirSync(join(root, name.endsWith('/') ? name : dirname(name)), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(join(root, name), name);
  }
  return root;
}

const codeOf = (t: ExecutionContext, work: () => unknown): string | undefined =>
  t.throws(work, { instanceOf: UserFacingError }).diagnostics[0]?.code;

test('names come in byte order of the whole path, without what is ignored', (t) => {
  const root = tree(t, [
    'b/2.png',
    'b.txt',
    'a/é.png',
    'a/z.png',
    'a/😀.png',
    'a/\uFFEE.png',
    'b/cache/x',
    '.git/config',
    'deep/node_modules/y.js',
    'a/.DS_Store',
    '.vlmbuild-0123/part',
    '.hidden',
    'empty/',
  ]);
  const { files, folders } = listDirectory(root);
  t.deepEqual(
    files.map((file) => file.name),
    ['.hidden', 'a/z.png', 'a/é.png', 'a/\uFFEE.png', 'a/😀.png', 'b.txt', 'b/2.png'],
  );
  t.deepEqual(folders.map((folder) => folder.slice(root.length)).sort(), ['', '/a', '/b', '/deep', '/empty']);
});

test('links are followed, also out of the folder, and marked', (t) => {
  const root = tree(t, ['in/own.txt', 'out/far/one.txt', 'out/two.txt']);
  symlinkSync('../out/far', join(root, 'in', 'far'));
  symlinkSync(join(root, 'out', 'two.txt'), join(root, 'in', 'two.txt'));
  symlinkSync('own.txt', join(root, 'in', 'again.txt'));
  t.deepEqual(listDirectory(join(root, 'in')).files, [
    { name: 'again.txt', linked: true },
    { name: 'far/one.txt', linked: true },
    { name: 'own.txt', linked: false },
    { name: 'two.txt', linked: true },
  ]);
});

test('loops of links are errors, not endless', (t) => {
  const self = tree(t, ['a/x.txt']);
  symlinkSync('..', join(self, 'a', 'up'));
  t.is(
    codeOf(t, () => listDirectory(self)),
    'VB703',
  );

  const pair = tree(t, ['a/', 'b/x.txt']);
  symlinkSync('../b', join(pair, 'a', 'b'));
  symlinkSync('../a', join(pair, 'b', 'a'));
  t.is(
    codeOf(t, () => listDirectory(join(pair, 'a'))),
    'VB703',
  );

  const knot = tree(t, ['x.txt']);
  symlinkSync('knot', join(knot, 'knot'));
  t.is(
    codeOf(t, () => listDirectory(knot)),
    'VB703',
  );

  // The same folder twice is no loop.
  const twice = tree(t, ['c/x.txt']);
  symlinkSync('c', join(twice, 'd'));
  t.is(listDirectory(twice).files.length, 2);
});

test('dead links, and names that are one name elsewhere, are errors', (t) => {
  const dead = tree(t, []);
  symlinkSync('nowhere', join(dead, 'x'));
  t.is(
    codeOf(t, () => listDirectory(dead)),
    'VB704',
  );
  for (const [first, second] of [
    ['Frame.png', 'frame.png'],
    ['é.png', 'e\u0301.png'],
    ['Sub/a', 'sub/b'],
  ] as const)
    t.is(
      codeOf(t, () => listDirectory(tree(t, [first, second]))),
      'VB705',
      first,
    );
  t.is(listDirectory(tree(t, ['a/x', 'b/X'])).files.length, 2);
  t.is(
    codeOf(t, () => listDirectory(join(tree(t, ['file']), 'file'))),
    'VB702',
  );
});

test('a name that is not UTF-8 is an error', (t) => {
  const root = tree(t, ['fine.txt']);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff, 0x67])]), 'x');
  t.is(
    codeOf(t, () => listDirectory(root)),
    'VB706',
  );
  // U+FFFD itself is a name like any other.
  t.is(listDirectory(tree(t, ['\uFFFD.txt'])).files.length, 1);
});

const FILES = [
  'a.jsonl',
  'b.JSONL',
  'data/a.jsonl',
  'data/b.jsonl',
  'data/x/c.jsonl',
  'data/x/y/d.png',
  'data/.h.jsonl',
];

test('globs match as a shell does, and list only the folders that matter', (t) => {
  const root = tree(t, [...FILES, 'cache/e.jsonl', 'other/deep/e.jsonl', 'data/[1].txt']);
  const expand = (pattern: string): readonly string[] => expandGlob(root, pattern).paths;
  t.deepEqual(expand('*.jsonl'), ['a.jsonl']);
  t.deepEqual(expand('data/*.jsonl'), ['data/a.jsonl', 'data/b.jsonl']);
  t.deepEqual(expand('./data//*.jsonl'), ['data/a.jsonl', 'data/b.jsonl']);
  t.deepEqual(expand('data/[ab].jsonl'), ['data/a.jsonl', 'data/b.jsonl']);
  t.deepEqual(expand('data/?.jsonl'), ['data/a.jsonl', 'data/b.jsonl']);
  t.deepEqual(expand('data/**/*.jsonl'), ['data/a.jsonl', 'data/b.jsonl', 'data/x/c.jsonl']);
  t.deepEqual(expand('data/{a,x/c}.jsonl'), ['data/a.jsonl', 'data/x/c.jsonl']);
  t.deepEqual(expand('**/*.{png,txt}'), ['data/[1].txt', 'data/x/y/d.png']);
  t.deepEqual(expand('data/.*.jsonl'), ['data/.h.jsonl']);
  t.deepEqual(expand('data/*/'), ['data/x']);
  t.deepEqual(expand('cache/*.jsonl'), []);
  t.deepEqual(expand('none/*.jsonl'), []);
  t.deepEqual(expand(`${root}/data/a*`), [`${root}/data/a.jsonl`]);
  t.deepEqual(expandGlob(join(root, 'other'), '../data/a*').paths, ['../data/a.jsonl']);
  const folders = (pattern: string): string[] =>
    expandGlob(root, pattern).folders.map((folder) => folder.slice(root.length));
  t.deepEqual(folders('data/*.jsonl'), ['/data']);
  t.deepEqual(folders('*/x/*.jsonl').sort(), ['', '/data', '/data/x', '/other']);
  t.deepEqual(folders('none/at/all/*.jsonl'), ['']);
});

test('what a glob finds on disk is what it is said to match', (t) => {
  const root = tree(t, [...FILES, 'cache/e.jsonl']);
  for (const pattern of [
    '*.jsonl',
    'data/*.jsonl',
    '**/*',
    'data/**',
    '{a,data/b}.jsonl',
    './data/*',
    'cache/*',
    '*/*/*',
  ]) {
    const found = new Set(expandGlob(root, pattern).paths);
    for (const path of [...FILES, 'cache/e.jsonl'])
      t.is(globMatches(pattern, path), found.has(path), `${pattern} ${path}`);
  }
});

test('what is wrong beside the matches of a glob is no matter', (t) => {
  const root = tree(t, ['a.jsonl', 'README', 'readme']);
  symlinkSync('gone', join(root, '.#lock'));
  symlinkSync('gone', join(root, 'gone.txt'));
  t.deepEqual(expandGlob(root, '*.jsonl').paths, ['a.jsonl']);
  t.is(
    codeOf(t, () => expandGlob(root, '*.txt')),
    'VB704',
  );
  t.is(
    codeOf(t, () => expandGlob(root, '*')),
    'VB705',
  );
});
