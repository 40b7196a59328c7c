import test from 'ava';
import { recordedTargets } from './asked.js';

const many = Array.from({ length: 10_000 }, (_, n) => `t${n}`);

test('a run records the words that it was asked with', (t) => {
  t.deepEqual(recordedTargets({ words: ['all-of-them'], wanted: many }), ['all-of-them']);
});

test('without words it records the defaults, unless they are many', (t) => {
  t.deepEqual(recordedTargets({ words: [], wanted: ['dataset'] }), ['dataset']);
  t.deepEqual(recordedTargets({ words: [], wanted: many }), []);
});
