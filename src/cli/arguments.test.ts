import test from 'ava';
import { splitShortFlags } from './arguments.js';

test('a value may be glued to its short flag, as in make', (t) => {
  t.deepEqual(splitShortFlags(['-j4', 'dataset', '-Cdir', '-f=other.yaml']), [
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
  const words = ['-kn', '--jobs=4', '-j', '2', '--', '-j4'];
  t.deepEqual(splitShortFlags(words), words);
});
