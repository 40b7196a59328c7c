import test from 'ava';
import { plainBuild } from './fast-words.js';

test('a plain build is read', (t) => {
  const plain = { directory: '.', file: 'pipeline.yaml', quiet: false, keepGoing: false, jobs: undefined, words: [] };
  t.deepEqual(plainBuild([]), plain);
  t.deepEqual(plainBuild(['dataset', '-q', 'split.train']), {
    ...plain,
    quiet: true,
    words: ['dataset', 'split.train'],
  });
  t.deepEqual(plainBuild(['build', 'status']), { ...plain, words: ['status'] });
  t.deepEqual(plainBuild(['-C', 'sub', '-f', 'other.yaml', '-j', '4', '-k']), {
    ...plain,
    directory: 'sub',
    file: 'other.yaml',
    jobs: 4,
    keepGoing: true,
  });
  t.deepEqual(plainBuild(['-Csub', '-fother.yaml', '-j4']), {
    ...plain,
    directory: 'sub',
    file: 'other.yaml',
    jobs: 4,
  });
  t.deepEqual(plainBuild(['--jobs=4', '--directory', 'sub', '--file=other.yaml', '--keep-going', '--quiet']), {
    ...plain,
    directory: 'sub',
    file: 'other.yaml',
    quiet: true,
    jobs: 4,
    keepGoing: true,
  });
});

test('everything else is for the real parser', (t) => {
  for (const argv of [
    ['status'],
    ['explain', 'dataset'],
    ['-n'],
    ['-B', 'dataset'],
    ['-v'],
    ['--json'],
    ['--locked'],
    ['--only', 'dataset'],
    ['--set', 'vars.x=1'],
    ['-h'],
    ['--help'],
    ['--version'],
    ['--', 'dataset'],
    ['-qk'],
    ['-j'],
    ['-j0'],
    ['-jmany'],
    ['-C'],
    ['-f', '-q'],
    ['--jobs'],
    ['--filename', 'x'],
    [''],
  ]) {
    t.is(plainBuild(argv), undefined, argv.join(' '));
  }
});
