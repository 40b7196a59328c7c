import test from 'ava';
import { mean, rounded } from './rounding.js';

test('a figure is rounded by its exact value, and to the even digit where it lies in the middle', (t) => {
  // As Python's `round(value, 2)` gives them.
  const cases = [
    [0.125, 0.12],
    [0.375, 0.38],
    [0.625, 0.62],
    [0.995, 0.99],
    [1.005, 1],
    [1.115, 1.11],
    [2.675, 2.67],
    [9.995, 9.99],
    [-0.125, -0.12],
    [-0.375, -0.38],
    [-1.005, -1],
    [1234567.125, 1234567.12],
    [3, 3],
  ] as const;
  for (const [value, expected] of cases) t.is(rounded(value, 2), expected, String(value));
});

test('the mean of nothing is 0', (t) => {
  t.is(mean([]), 0);
  t.is(mean([1, 2, 2]), 1.67);
});
