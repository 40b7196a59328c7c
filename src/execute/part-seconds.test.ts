import test from 'ava';
import { estimate } from './part-seconds.js';

/** Listing and joining took 4 s, and ten parts of 2 s went two at a time. */
const last = { seconds: 14, parts: { made: 10 } };

test('what parts take follows from how many are to be made, not from how many were', (t) => {
  const seconds = (missing: number): number => estimate({ each: 2, missing, last, atOnce: 2 });
  t.deepEqual([0, 1, 10, 100].map(seconds), [4, 5, 14, 104]);
  // One part was made last time.
  t.is(estimate({ each: 2, missing: 100, last: { seconds: 2, parts: { made: 1 } }, atOnce: 2 }), 101);
});

test('parts that wait were more at once than there are slots', (t) => {
  t.is(estimate({ each: 2, missing: 100, last: { seconds: 2, parts: { made: 50 } }, atOnce: 2 }), 4);
});

test('where it is not known how many were made, it is the longer of the two', (t) => {
  const old = { seconds: 14, parts: {} };
  t.is(estimate({ each: 2, missing: 1, last: old, atOnce: 2 }), 14);
  t.is(estimate({ each: 2, missing: 100, last: old, atOnce: 2 }), 100);
});
