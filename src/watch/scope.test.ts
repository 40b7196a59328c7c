import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { coverageScope, wideScope } from './scope.js';

function project(t: ExecutionContext, ...files: string[]): string {
  const root = tempFolder(t);
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), file);
  }
  return root;
}

test('folders are watched, what is in them counts by what builds read and write', (t) => {
  const root = project(t, 'pipeline.yaml', 'data/in.txt', 'frames/day/1.png', 'out/made.txt', 'notes.txt');
  const scope = coverageScope(root, {
    sources: ['pipeline.yaml', '.env', 'data/in.txt', 'frames', 'frames/day', 'frames/day/1.png', 'later/on.txt'],
    outputs: ['out/made.txt'],
    lock: join(root, 'pipeline.lock'),
  });
  t.deepEqual(
    [...scope.folders].sort(),
    ['', '/data', '/frames', '/frames/day', '/later', '/out'].map((path) => root + path),
  );
  const roles = Object.fromEntries(
    [
      'pipeline.yaml',
      '.env',
      'data/in.txt',
      'data/other.txt',
      'data',
      'frames/new.png',
      'frames/day',
      'frames/day/.DS_Store',
      'later',
      'out',
      'out/made.txt',
      'out/other.txt',
      'pipeline.lock',
      '.pipeline.lock.0123.tmp',
      'notes.txt',
      'cache',
      'cache/index.db',
    ].map((path) => [path, scope.roleOf(join(root, path))]),
  );
  t.deepEqual(roles, {
    'pipeline.yaml': 'source',
    '.env': 'source',
    'data/in.txt': 'source',
    'data/other.txt': undefined,
    data: 'source',
    'frames/new.png': 'source',
    'frames/day': 'source',
    'frames/day/.DS_Store': undefined,
    later: 'source',
    out: 'own',
    'out/made.txt': 'own',
    'out/other.txt': undefined,
    'pipeline.lock': 'own',
    '.pipeline.lock.0123.tmp': 'own',
    'notes.txt': undefined,
    cache: undefined,
    'cache/index.db': undefined,
  });
});

test('where a link leads is watched as well', (t) => {
  const root = project(t, 'kept/real.txt', 'data/other.txt');
  symlinkSync('../kept/real.txt', join(root, 'data/in.txt'));
  const scope = coverageScope(root, { sources: ['data/in.txt'], outputs: [], lock: join(root, 'pipeline.lock') });
  t.true(scope.folders.has(join(root, 'kept')));
  t.is(scope.roleOf(join(root, 'kept/real.txt')), 'source');
});

test('what was written since, of the folders asked for', (t) => {
  const root = project(t, 'a/one.txt', 'b/two.txt');
  const scope = coverageScope(root, {
    sources: ['a/one.txt', 'b/two.txt', 'b/gone.txt'],
    outputs: [],
    lock: join(root, 'pipeline.lock'),
  });
  t.deepEqual(scope.changedSince(new Set([join(root, 'b')]), 0), [join(root, 'b/two.txt')]);
  t.deepEqual(scope.changedSince(new Set([join(root, 'b')]), Number.MAX_VALUE), []);
});

test('while the pipeline cannot be read, everything in the project counts that is not left out', (t) => {
  const root = project(t, 'a/b/c.txt', 'node_modules/x/y.js', 'cache/index.db');
  const scope = wideScope(root);
  t.deepEqual([...scope.folders].sort(), [root, join(root, 'a'), join(root, 'a/b')].sort());
  t.is(scope.roleOf(join(root, 'a/new.txt')), 'source');
  t.is(scope.roleOf('/elsewhere/in.txt'), undefined);
  t.is(scope.roleOf(join(root, 'cache/index.db')), undefined);
});
