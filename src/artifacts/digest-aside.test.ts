import test from 'ava';
import fc from 'fast-check';
import { sha256 } from '../base/digest.js';
import { DigestAside } from './digest-aside.js';

const MOST = 400_000;

test('the digest is that of all bytes, however many they are and in whatever pieces they come', async (t) => {
  const size = fc.oneof(fc.nat(100), fc.nat(150_000), fc.constantFrom(0, 64 << 10, MOST, MOST + 1));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(size, { maxLength: 5 }), { maxLength: 3 }), async (all) => {
      const expected: string[] = [];
      const digests = all.map((sizes, number) => {
        const digest = new DigestAside(MOST);
        const pieces = sizes.map((bytes, index) => Buffer.alloc(bytes, 16 * number + index));
        expected.push(sha256(Buffer.concat(pieces)));
        for (const piece of pieces) {
          digest.update(piece);
          piece.fill(255);
        }
        return digest.digest();
      });
      t.deepEqual(await Promise.all(digests), expected);
    }),
    { seed: 1, numRuns: 60 },
  );
});
