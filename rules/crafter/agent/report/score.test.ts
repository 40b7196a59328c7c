import test from 'ava';
import * as fc from 'fast-check';
import { MersenneTwister } from '../../sim/mt19937.js';
import { bootstrap, crafterScore, wilson } from './score.js';

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

test('a bootstrap interval is that of a normal mean, where the mean is normal', (t) => {
  const values = Array.from({ length: 400 }, (_, i) => ((i * 2654435761) % 2 ** 32) / 2 ** 32);
  const mean = (drawn: Int32Array) => drawn.reduce((sum, index) => sum + (values[index] ?? 0), 0) / drawn.length;
  const all = mean(Int32Array.from(values.keys()));
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - all) ** 2, 0) / values.length);
  const [[low, high] = [0, 0]] = bootstrap(400, (drawn) => [mean(drawn)]) ?? [];
  const half = (1.96 * deviation) / 20;
  t.true(Math.abs(low - (all - half)) < 0.1 * half, `${low}`);
  t.true(Math.abs(high - (all + half)) < 0.1 * half, `${high}`);
  t.deepEqual(
    bootstrap(400, (drawn) => [mean(drawn)]),
    [[low, high]],
    'the same each time',
  );
});

test('95 of 100 bootstrap intervals hold the true mean', (t) => {
  const random = new MersenneTwister(1);
  let held = 0;
  for (let study = 0; study < 100; study++) {
    const values = Array.from({ length: 50 }, () => random.uniform() + random.uniform());
    const figures = (drawn: Int32Array) => [drawn.reduce((sum, i) => sum + (values[i] ?? 0), 0) / 50];
    const [[low, high] = [0, 0]] = bootstrap(50, figures) ?? [];
    if (low <= 1 && 1 <= high) held++;
  }
  t.true(held >= 88 && held <= 99, String(held));
});

test('one episode says nothing of others, and equal ones leave no doubt', (t) => {
  t.is(
    bootstrap(1, () => [1]),
    undefined,
  );
  t.deepEqual(
    bootstrap(5, () => [7, 8]),
    [
      [7, 7],
      [8, 8],
    ],
  );
});
