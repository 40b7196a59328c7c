import test from 'ava';
import { dropSpares, giveBack, takeBuffer } from './spare-buffers.js';

test.serial('a buffer that was given back is taken again where it is long enough, and by one at a time', (t) => {
  for (const [first, second] of [
    [300_000, 4 << 20],
    [9 << 20, 5 << 20],
  ] as const) {
    const buffer = takeBuffer(first);
    t.true(buffer.length >= first);
    t.not(takeBuffer(first), buffer);
    giveBack(buffer);
    t.is(takeBuffer(second), buffer);
    t.not(takeBuffer(second), buffer);
  }
  const short = takeBuffer(5 << 20);
  giveBack(short);
  t.is(takeBuffer(6 << 20).length, 6 << 20);
});

test.serial('small ones are not kept', (t) => {
  const small = takeBuffer(1000);
  t.is(small.length, 1000);
  giveBack(small);
  t.not(takeBuffer(1000), small);
});

test.serial('what was dropped is not taken again', (t) => {
  const given = [takeBuffer(1 << 20), takeBuffer(5 << 20)];
  given.forEach(giveBack);
  dropSpares();
  t.not(takeBuffer(1 << 20), given[0]);
  t.not(takeBuffer(5 << 20), given[1]);
});
