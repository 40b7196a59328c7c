import test from 'ava';
import { normalizeArguments } from './arguments.js';

const normalized = (...argv: string[]) => normalizeArguments(argv, new Set(['build', 'status']));

test('a value may be glued to its short flag, as in make', (t) => {
  t.deepEqual(normalized('-j4', 'dataset', '-Cdir', '-f=other.yaml'), [
    '-j',
    '4',
    'dataset',
    '-C',
    'dir',
    '-f',
    'other.yaml',
  ]);
});

test('other words stay as they are, and everything behind --', (t) => {
  const words = ['-kn', '--jobs=4', '-j', '2', '--', '-j4', 'status'];
  t.deepEqual(normalized(...words), words);
});

test('a command may stand behind flags, as in git', (t) => {
  t.deepEqual(normalized('-C', 'dir', 'status', 'a'), ['status', '-C', 'dir', 'a']);
  t.deepEqual(normalized('-v', 'build', 'status'), ['build', '-v', 'status']);
});

test('a flag value or a later word that reads like a command is none', (t) => {
  t.deepEqual(normalized('-C', 'status', 'a'), ['-C', 'status', 'a']);
  t.deepEqual(normalized('a', 'status'), ['a', 'status']);
});

test('no value of a flag is taken for the first word', (t) => {
  const words = (...argv: string[]) => normalizeArguments(argv, new Set(['build', 'runs', 'graph']));
  t.deepEqual(words('--trace', 't.json', 'build', 'a'), ['build', '--trace', 't.json', 'a']);
  t.deepEqual(words('--limit', '5', 'runs'), ['runs', '--limit', '5']);
  t.deepEqual(words('--format', 'dot', 'graph'), ['graph', '--format', 'dot']);
});

test('the second word of a command stays behind the first', (t) => {
  const words = (...argv: string[]) => normalizeArguments(argv, new Set(['cache', 'build']));
  t.deepEqual(words('-C', 'dir', 'cache', 'verify', '--json'), ['cache', 'verify', '-C', 'dir', '--json']);
  t.deepEqual(words('-C', 'dir', 'build', 'verify'), ['build', '-C', 'dir', 'verify']);
});
