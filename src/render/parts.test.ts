import test from 'ava';
import { asksText, partsText } from './parts.js';

const PREVIEW = { total: 1200, remembered: 1190, changed: 8, added: 2 };

test('parts are counted by how they stand', (t) => {
  t.is(partsText(PREVIEW), '1,200 parts: 1,190 fresh, 8 changed, 2 new');
  t.is(partsText({ total: 1, remembered: 0, changed: 0, added: 0 }), '1 part');
});

test('what is asked is told as far as the rule tells it', (t) => {
  const asks = (parts: number, questions: number | null, total = 1200) =>
    asksText({ ...PREVIEW, total, asks: { parts, questions } });
  t.is(asksText(PREVIEW), '');
  t.is(asks(0, 0), '');
  t.is(asks(3, 1500), 'asks a model at most 1,500 times in 3 of 1,200 parts');
  t.is(asks(1, 1, 1), 'asks a model at most once');
  t.is(asks(3, null), 'asks again: 3 of 1,200 parts');
});
