import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { coverageOf, placeOf } from './coverage.js';
import { FakeProject } from './fake-project.js';

test('a snapshot covers all that a verdict depends on', (t) => {
  const root = tempFolder(t);
  for (const folder of ['src/images', 'first', 'second']) mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['src/images/a.png', 'second/convert']) writeFileSync(join(root, name), '');
  chmodSync(join(root, 'second/convert'), 0o755);
  const p = new FakeProject();
  p.root = root;
  p.targets = {
    frames: {
      rule: 'crafter/frames',
      inputs: {
        images: { list: true, from: ['src/images/*.png'] },
        config: { optional: true, from: ['src/absent.toml'] },
        source: { kind: 'sqlite', from: ['../shared/source.db'] },
      },
      outputs: { out: { path: 'out/frames', kind: 'directory' }, db: { path: 'out/x.db', kind: 'sqlite' } },
    },
    shrunk: {
      run: 'convert {input}',
      tools: ['convert'],
      env: ['QUALITY'],
      inputs: { frames: { kind: 'directory', from: ['frames'] } },
      outputs: { out: { path: 'out/shrunk' } },
    },
    unneeded: { rule: 'sft/filter', env: ['UNNEEDED'], outputs: { out: { path: 'out/unneeded' } } },
  };
  const { stat, loaded, lstat, environment } = coverageOf(p.graph.pipeline, ['frames', 'shrunk'], {
    touched: [join(root, 'out/frames/0.png'), join(root, 'src/images/a.png'), '/data/linked'],
    lock: join(root, 'pipeline.lock'),
    program: '/opt/vlmbuild/dist',
    environment: { PATH: [join(root, 'first'), join(root, 'second'), join(root, 'third')].join(':') },
  });

  t.deepEqual([...lstat].sort(), ['out/frames', 'out/frames/0.png', 'out/shrunk', 'out/x.db']);
  const outside = join(root, '..', 'shared', 'source.db');
  for (const path of [
    'pipeline.yaml',
    '.env',
    'pipeline.lock',
    'src/images',
    'src/images/a.png',
    'src/absent.toml',
    'out/x.db-wal',
    'out/x.db-journal',
    outside,
    `${outside}-wal`,
    '/data/linked',
    'first/convert',
    'second/convert',
    '/opt/vlmbuild/dist/main.cjs',
    '/opt/vlmbuild/package.json',
    '/nowhere/rules/crafter/frames.ts',
    '/nowhere/rules/sft/filter.ts',
    '/nowhere/shadow/crafter/frames.ts',
  ]) {
    t.true(stat.has(path), path);
  }
  t.false(stat.has('third/convert'), 'what is behind the tool that was found does not matter');
  t.deepEqual([...environment].sort(), ['FROM_VALUES', 'PATH', 'QUALITY']);
  for (const path of ['pipeline.yaml', '.env', '/nowhere/rules/sft/filter.ts', 'second/convert']) {
    t.true(loaded.has(path) && stat.has(path), path);
  }
  t.false(loaded.has('src/images/a.png'));
  t.false(loaded.has('pipeline.lock'), 'a build writes it itself');
});

test('a path is named as `relative` names it, below the root and beside it', (t) => {
  const root = '/home/someone/project';
  const ends = [
    '',
    '/',
    '/a',
    '/a/',
    '/a//b',
    '/./a',
    '/a/.',
    '/../a',
    '/a/..',
    '/a/../../b',
    '/.a',
    '/..a/b',
    '/...',
    '-other/a',
  ];
  for (const path of [...ends.map((end) => root + end), '/', '/elsewhere/a']) {
    const near = relative(root, resolve(root, path));
    const isOutside = near === '..' || near.startsWith('../');
    t.is(placeOf(path, root), near === '' ? '.' : isOutside ? resolve(root, path) : near, path);
  }
});
