import test from 'ava';
import fc from 'fast-check';
import { canonicalJson } from './canonical.js';
import type { Json } from './json.js';

test('key order does not matter, everything else does', (t) => {
  t.is(canonicalJson({ b: [1, 'é'], a: { d: null, c: true } }), '{"a":{"c":true,"d":null},"b":[1,"é"]}');
  t.not(canonicalJson({ a: '1' }), canonicalJson({ a: 1 }));
});

test('the text reads back as the value', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      t.deepEqual(JSON.parse(canonicalJson(value as Json)), JSON.parse(JSON.stringify(value)));
    }),
    { seed: 1 },
  );
});

test('what JSON cannot hold is refused', (t) => {
  t.throws(() => canonicalJson(Number.NaN), { instanceOf: TypeError });
  t.throws(() => canonicalJson({ a: undefined } as never), { instanceOf: TypeError });
  t.throws(() => canonicalJson({ a: new Map() } as never), { instanceOf: TypeError });
  t.throws(() => canonicalJson(new Date(0) as never), { instanceOf: TypeError });
});
