import test from 'ava';
import { hexOf, sha256, writeSha256 } from './digest.js';

test('the bytes of a digest are put where they belong, and nowhere else', (t) => {
  for (const text of ['', 'a part', 'ein Stück 🎲', 'x'.repeat(10_000)]) {
    const into = Buffer.alloc(96, 7);
    writeSha256(text, into, 32);
    t.is(into.toString('hex'), '07'.repeat(32) + hexOf(sha256(text)) + '07'.repeat(32));
  }
});
