import test from 'ava';
import { table } from './table.js';

test('columns line up, by characters and not by code units', (t) => {
  t.deepEqual(
    table(
      [
        ['a', '1', 'x'],
        ['📷b', '10', ''],
      ],
      [1],
    ),
    ['a    1  x', '📷b  10'],
  );
});
