import test from 'ava';
import { formatBytes, formatCount, formatSeconds, plural } from './units.js';

test('counts are grouped by thousands', (t) => {
  t.deepEqual([0, 999, 1000, 1234567].map(formatCount), ['0', '999', '1,000', '1,234,567']);
  t.is(plural(1, 'part'), '1 part');
  t.is(plural(18204, 'part'), '18,204 parts');
});

test('sizes step up before they read 1000', (t) => {
  t.deepEqual([0, 999, 1000, 34_100, 999_600, 1_200_000_000].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '34.1 kB',
    '1.0 MB',
    '1.2 GB',
  ]);
});

test('durations carry into the next unit', (t) => {
  t.deepEqual([0.042, 3.21, 59.96, 65, 3599.7, 7380].map(formatSeconds), [
    '0.04s',
    '3.2s',
    '1m 00s',
    '1m 05s',
    '1h 00m',
    '2h 03m',
  ]);
});
