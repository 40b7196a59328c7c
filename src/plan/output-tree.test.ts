import test from 'ava';
import fc from 'fast-check';
import { globMatches } from '../artifacts/listing.js';
import type { OutputUse, Pipeline } from '../config/pipeline.js';
import { expandBraces, OutputTree } from './output-tree.js';

const at = { path: 'pipeline.yaml', line: 1, column: 1 };

function treeOf(outputs: readonly Pick<OutputUse, 'path' | 'kind'>[]): OutputTree {
  const pipeline: Pipeline = {
    file: '/nowhere/pipeline.yaml',
    root: '/nowhere',
    targets: new Map(),
    matrices: new Map(),
    defaults: [],
    pools: {},
    environmentRead: {},
    overridden: false,
    leftOut: {
      incomplete: false,
      targets: outputs.map((output, i) => ({
        name: output.path,
        at,
        inputs: {},
        outputs: { [`o${i}`]: { name: `o${i}`, at, ...output } },
        after: [],
      })),
    },
  };
  return new OutputTree(pipeline);
}

const segment = fc.constantFrom('a', 'b', 'ab', '.a', 'a.txt', 'cache');
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
const globSegment = fc.constantFrom('*', '**', 'a', 'b', 'a*', '?', '[ab]', '{a,b}', '*.txt', '.*', 'cache');
const glob = fc.array(globSegment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

test('the files that a glob can match are those it would match on disk', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 8 }), glob, (paths, pattern) => {
      // Files in files clash, and are left to the check of overlaps.
      const files = paths.filter((one) => !paths.some((other) => one.startsWith(`${other}/`)));
      const found = treeOf(files.map((each) => ({ path: each, kind: 'file' }))).matching(pattern);
      t.deepEqual(found.map(({ target }) => target).sort(), files.filter((each) => globMatches(pattern, each)).sort());
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('a glob that matches a file in a directory output always counts', (t) => {
  fc.assert(
    fc.property(path, path, glob, (folder, inside, pattern) => {
      if (!globMatches(pattern, `${folder}/${inside}`)) return;
      const found = treeOf([{ path: folder, kind: 'directory' }]).matching(pattern);
      t.deepEqual(
        found.map(({ target }) => target),
        [folder],
        `${pattern} in ${folder}`,
      );
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test('braces that span segments are taken apart, others stay', (t) => {
  t.deepEqual(expandBraces('a/*.{png,jpg}'), ['a/*.{png,jpg}']);
  t.deepEqual(expandBraces('{a/b,c}/*'), ['a/b/*', 'c/*']);
  t.deepEqual(expandBraces('x{a/b,{c,d/e}}y'), ['xa/by', 'xcy', 'xd/ey']);
  t.deepEqual(expandBraces('{a/b'), ['{a/b']);
});
