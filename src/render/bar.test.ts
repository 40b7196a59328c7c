import { characters } from '../base/text.js';
import test from 'ava';
import { advanceText, bar } from './bar.js';

test('a bar is as wide as asked, whatever its share', (t) => {
  for (const share of [-1, 0, 0.01, 0.5, 0.999, 1, 7]) t.is(characters(bar(share, 10)).length, 10);
  t.is(bar(0.5, 4), '██░░');
  t.is(bar(0.5625, 4), '██▎░');
});

test('the time left follows from what was made, not from what was remembered', (t) => {
  const advance = { done: 900, total: 1000, unit: 'parts', seconds: 10, counted: 50 };
  t.is(advanceText(advance), '900/1,000 parts  5.0/s  20.0s left');
});

test('without a total there is a count, without a count no rate', (t) => {
  t.is(advanceText({ done: 7, total: undefined, unit: 'rows', seconds: 3, counted: 0 }), '7 rows');
});
