import test from 'ava';
import fc from 'fast-check';
import { sha256 } from '../base/digest.js';
import { parseList, printList } from './object-list.js';

const digest = fc.string().map((text) => sha256(text));
const members = fc.array(
  fc.record(
    { sha256: digest, size: fc.nat({ max: 2 ** 40 }), from: fc.nat(), through: digest },
    { requiredKeys: ['sha256', 'size'] },
  ),
  { minLength: 1, maxLength: 20 },
);

test('a list reads back as it was printed', (t) => {
  fc.assert(
    fc.property(members, (list) => {
      const size = list.reduce((sum, member) => sum + member.size, 0);
      t.deepEqual(parseList(printList(list, size)), list);
    }),
    { seed: 1 },
  );
});

test('a list that was cut short or changed anywhere but in its size is no list', (t) => {
  fc.assert(
    fc.property(members, fc.nat(), fc.nat({ max: 254 }), (list, at, by) => {
      const text = Buffer.from(printList(list, 7));
      const place = at % text.length;
      t.is(parseList(text.toString('latin1', 0, place)), undefined);
      // The size stands for people: what is delivered is what the members give.
      if (place === 'vlmbuild list 3 '.length) return;
      text[place] = ((text[place] ?? 0) + 1 + by) % 256;
      t.is(parseList(text.toString('latin1')), undefined);
    }),
    { seed: 1 },
  );
});
