import test from 'ava';
import { contentLines } from './content.js';

test('of many tables that differ the rest is counted', (t) => {
  const content = {
    unit: 'tables',
    removed: { first: [], count: 0 },
    added: { first: [], count: 0 },
    changed: [{ name: 'a', rows: [1, 2] }],
    changedCount: 6,
    shape: false,
  } as const;
  t.deepEqual(contentLines(content, ['first', 'second']), ['table a differs (1 row → 2)', '5 more tables differ']);
});

test('a single row is named by its number', (t) => {
  const none = { first: [], count: 0 };
  const content = {
    unit: 'rows',
    counts: [20, 20],
    removed: { first: [11], count: 1 },
    added: { first: [2, 3], count: 2 },
    changed: none,
    reordered: false,
  } as const;
  t.deepEqual(contentLines(content, ['first', 'second']), [
    'row only in the first: 11',
    'rows only in the second: 2-3',
  ]);
});
