import test from 'ava';
import fc from 'fast-check';
import { oddString } from '../testing/odd-json.js';
import { unescapedJson } from './json-unescape.js';

test('a JSON string is unescaped as it is read, where that is UTF-8', (t) => {
  let lone = 0;
  fc.assert(
    fc.property(fc.array(oddString), (strings) => {
      const inside = strings.map((text) => text.slice(1, -1)).join('');
      const text = JSON.parse(`"${inside}"`) as string;
      const isUtf8 = !/\p{Surrogate}/u.test(text);
      if (!isUtf8) lone++;
      t.is(unescapedJson(Buffer.from(inside))?.toString(), isUtf8 ? text : undefined, inside);
    }),
    { seed: 1, numRuns: 3000 },
  );
  t.true(lone > 100);
});
