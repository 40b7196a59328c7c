import test from 'ava';
import fc from 'fast-check';
import { DigestSet } from './digest-set.js';

/** Few words, so that digests share places, and are told apart by their last word. */
const digest = fc
  .array(fc.constantFrom(0, 1, 2, 1023, 1024, 0xffff_ffff), { minLength: 4, maxLength: 4 })
  .map((words) => Buffer.from(Uint32Array.from(words).buffer));

test('what was added is there, and nothing else is', (t) => {
  let repeated = 0;
  fc.assert(
    fc.property(fc.array(digest, { minLength: 50, maxLength: 300, size: 'max' }), (digests) => {
      const set = new DigestSet(2);
      const expected = new Set<string>();
      for (const each of digests) {
        const text = each.toString('hex');
        t.is(set.add(each), !expected.has(text));
        if (expected.has(text)) repeated++;
        expected.add(text);
      }
    }),
    { seed: 1, numRuns: 100 },
  );
  t.true(repeated > 1000, `${repeated} repeated`);
});

test('bytes behind the first 16 do not count', (t) => {
  const set = new DigestSet();
  t.true(set.add(Buffer.alloc(32, 1)));
  t.false(set.add(Buffer.concat([Buffer.alloc(16, 1), Buffer.alloc(16, 2)])));
});
