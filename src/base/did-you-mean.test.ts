import test from 'ava';
import { didYouMean } from './did-you-mean.js';

test('typing errors are recognised', (t) => {
  t.is(didYouMean('sft/fliter', ['sft/export', 'sft/filter']), 'sft/filter');
  t.is(didYouMean('allow-failures', ['retries', 'allow_failures']), 'allow_failures');
  t.is(didYouMean('Seeds', ['steps', 'seeds']), 'seeds');
  t.is(didYouMean('val', ['train', 'validation']), 'validation');
});

test('what is not close is not suggested', (t) => {
  t.is(didYouMean('colour', ['rows', 'limit', 'text']), undefined);
  t.is(didYouMean('a', ['b', 'c']), undefined);
  t.is(didYouMean('same', ['same']), undefined);
  t.is(didYouMean('x', []), undefined);
});
