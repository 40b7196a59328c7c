import test from 'ava';
import { parseDuration } from './duration.js';

test('times are read, with a unit or in seconds', (t) => {
  t.is(parseDuration('90s'), 90_000);
  t.is(parseDuration('1h30m'), 5_400_000);
  t.is(parseDuration('1.5m'), 90_000);
  t.is(parseDuration('250ms'), 250);
  t.is(parseDuration('7'), 7000);
});

test('what is no time above zero is refused', (t) => {
  for (const text of ['', '0', '0s', '-1s', 'soon', '5 minutes', '1m 2', 's'])
    t.is(parseDuration(text), undefined, text);
});
