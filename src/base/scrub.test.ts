import test from 'ava';
import fc from 'fast-check';
import { scrubber } from './scrub.js';

test('secrets are replaced wherever they stand', (t) => {
  const scrub = scrubber(['sesame', 'a+b/c=', 'one\ntwo-lines\n']);
  t.is(scrub('open sesame, sesame!'), 'open ***, ***!');
  t.is(scrub('https://x/?k=a%2Bb%2Fc%3D and a+b/c='), 'https://x/?k=*** and ***');
  t.is(scrub('key: two-lines'), 'key: ***');
  t.is(scrub('{"k":"one\\ntwo-lines\\n"}'), '{"k":"***"}');
});

test('of two secrets the longer one goes first', (t) => {
  t.is(scrubber(['abc', 'abcdef'])('abcdef abc'), '*** ***');
});

test('no secrets, or an empty one, change nothing', (t) => {
  t.is(scrubber([])('text'), 'text');
  t.is(scrubber([''])('text'), 'text');
});

test('what was a secret is in no scrubbed text', (t) => {
  fc.assert(
    fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
      fc.pre(!'***'.includes(secret) && !secret.includes('*'));
      t.false(scrubber([secret])(`${before}${secret}${after}`).includes(secret));
    }),
  );
});
