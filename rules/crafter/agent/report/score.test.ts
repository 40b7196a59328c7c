import test from 'ava';
import * as fc from 'fast-check';
import { crafterScore, wilson } from './score.js';

const isNear = (value: number, expected: number): boolean => Math.abs(value - expected) < 5e-5 * Math.max(1, expected);

test('the score is the geometric mean of percentages shifted by one', (t) => {
  t.true(isNear(crafterScore([1, 1, 1]), 100));
  t.is(crafterScore([0, 0]), 0);
  // √101 − 1: nothing in one of two achievements costs far more than half.
  t.true(isNear(crafterScore([1, 0]), 9.049876));
});

test('intervals are those of the textbook', (t) => {
  const [low, high] = wilson(8, 10);
  t.true(isNear(low, 0.490162));
  t.true(isNear(high, 0.943318));
  t.true(isNear(wilson(0, 20)[1], 0.161125));
  t.is(wilson(0, 20)[0], 0);
  t.deepEqual(wilson(0, 0), [0, 1]);
});

test('an interval holds its rate, stays within 0 and 1, and mirrors that of failures', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(), (n, some) => {
      const successes = some % (n + 1);
      const [low, high] = wilson(successes, n);
      const [otherLow, otherHigh] = wilson(n - successes, n);
      const p = successes / n;
      return (
        low >= 0 &&
        low <= p + 1e-12 &&
        p - 1e-12 <= high &&
        high <= 1 &&
        isNear(low, 1 - otherHigh) &&
        isNear(high, 1 - otherLow)
      );
    }),
  );
  t.pass();
});
