import test from 'ava';
import { parseEventReward } from './filters.js';

test('an event reward is a type and, behind the first colon, a decimal number', (t) => {
  for (const [text, expected] of [
    ['sparse', { type: 'sparse', min: 0 }],
    [' \tsparse\v: -.5e1\n', { type: 'sparse', min: -5 }],
    ['sparse:', { type: 'sparse', min: 0 }],
    ['sparse:+1.', { type: 'sparse', min: 1 }],
    ['a:b:1', undefined],
    ['sparse:1_000', undefined],
    ['sparse:0x10', undefined],
    ['sparse:nan', undefined],
    ['sparse:\u00a01', undefined],
    // Without a type it says nothing, whatever else is in it.
    ['', null],
    [' :5', null],
    [':abc', null],
  ] as const)
    t.deepEqual(parseEventReward(text), expected, text);
});
