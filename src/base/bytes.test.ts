import test from 'ava';
import { parseBytes } from './bytes.js';

test('sizes as people write them', (t) => {
  t.deepEqual(['0', '20GB', '1.5 GiB', '3kb', '7B'].map(parseBytes), [0, 2e10, 1.5 * 1024 ** 3, 3000, 7]);
  t.deepEqual(['', 'GB', '-1', '1 parsec', '1e3', '9999999TB'].map(parseBytes), Array(6).fill(undefined));
});
