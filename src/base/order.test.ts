import test from 'ava';
import fc from 'fast-check';
import { compareBytes } from './order.js';

test('strings compare as their UTF-8 bytes do', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      return Math.sign(compareBytes(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b));
    }),
    { seed: 1, numRuns: 2000 },
  );
  t.true(compareBytes('\u{1F600}', '\uFFFD') > 0);
});
