import test from 'ava';
import fc from 'fast-check';
import { compareRows } from './compare.js';

function rows(before: string, now: string) {
  const found = compareRows(Array.from(before), Array.from(now));
  if (found.unit !== 'rows') throw new Error('rows were compared');
  const { removed, added, changed, reordered } = found;
  return { removed: removed.first, added: added.first, changed: changed.first, reordered };
}

test('rows that changed, came, went, or moved are told by their numbers', (t) => {
  const none = { removed: [], added: [], changed: [], reordered: false };
  t.deepEqual(rows('abcdef', 'abXdYf'), { ...none, changed: [3, 5] });
  t.deepEqual(rows('abcdef', 'abcXYdef'), { ...none, added: [4, 5] });
  t.deepEqual(rows('abcdef', 'acdf'), { ...none, removed: [2, 5] });
  t.deepEqual(rows('abcdef', 'abdcef'), { ...none, reordered: true });
  t.deepEqual(rows('abcdef', 'Xabcde'), { ...none, removed: [6], added: [1] });
  t.deepEqual(rows('aab', 'ab'), { ...none, removed: [2] });
});

test('what is told says how many rows came and went', (t) => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, now) => {
      const found = compareRows(before, now);
      if (found.unit !== 'rows') return false;
      return now.length - before.length === found.added.count - found.removed.count;
    }),
  );
  t.pass();
});
