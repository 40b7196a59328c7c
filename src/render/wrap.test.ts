import test from 'ava';
import { wrapped } from './wrap.js';

test('lines are as wide as asked, and a long word stays whole', (t) => {
  t.deepEqual(wrapped('keep the rows that carry an image', 16, '  '), [
    '  keep the rows',
    '  that carry an',
    '  image',
  ]);
  t.deepEqual(wrapped('a unbreakable b', 5), ['a', 'unbreakable', 'b']);
  t.deepEqual(wrapped(' ', 5), []);
});
