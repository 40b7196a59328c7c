import { createHash } from 'node:crypto';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { sha256 } from '../base/digest.js';
import type { Extent } from './object-list.js';
import { CorruptObject, ObjectStore } from './objects.js';
import { ExtentReader } from './extent-reader.js';

/** Bytes that look like nothing else. */
const noise = (size: number, seed: number): Buffer =>
  createHash('shake256', { outputLength: size }).update(String(seed)).digest();

test('pieces are what is stored, and stay until the second one after', (t) => {
  const objects = new ObjectStore(tempFolder(t));
  const blobs = [1, 2, 3, 4, 5, 6].map((seed) => noise(seed % 2 === 0 ? 5_000 : 200_000, seed));
  const large = noise(9 << 20, 7);
  const refs = [...blobs, large].map((bytes) => objects.putBytes(bytes));
  const extent = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ blob: fc.nat(5), from: fc.nat(4_000), size: fc.integer({ min: 1, max: 1_000 }) }),
    },
    { weight: 2, arbitrary: fc.record({ blob: fc.nat(5) }) },
    fc.constant({ blob: 6 }),
  );
  fc.assert(
    fc.property(fc.array(extent, { maxLength: 10 }), (places) => {
      const extents = places.map((place): Extent => {
        const { sha256, size } = refs[place.blob] ?? { sha256: `sha256:`, size: 0 };
        return 'from' in place ? { sha256, size: place.size, from: place.from } : { sha256, size };
      });
      const expected = places.map((place) => {
        const whole = [...blobs, large][place.blob] ?? Buffer.of();
        return 'from' in place ? whole.subarray(place.from, place.from + place.size) : whole;
      });
      const reader = new ExtentReader(objects);
      const copies: Buffer[] = [];
      for (const piece of reader.pieces(extents)) copies.push(Buffer.from(piece));
      reader.close();
      t.true(Buffer.concat(copies).equals(Buffer.concat(expected)));
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('a damaged piece is told and dropped, one that is gone is told', (t) => {
  const objects = new ObjectStore(tempFolder(t));
  const [good, bad, long, gone] = [1, 2, 3, 4].map((seed) => objects.putBytes(noise(100_000, seed)));
  if (good === undefined || bad === undefined || long === undefined || gone === undefined) return t.fail();
  for (const [ref, bytes] of [
    [bad, noise(100_000, 9)],
    [long, noise(5 << 20, 9)],
  ] as const) {
    chmodSync(objects.pathOf(ref.sha256), 0o644);
    writeFileSync(objects.pathOf(ref.sha256), bytes);
  }
  rmSync(objects.pathOf(gone.sha256));
  for (const ref of [bad, long, gone]) {
    const reader = new ExtentReader(objects);
    const seen: string[] = [];
    const error = t.throws(
      () => {
        for (const piece of reader.pieces([good, ref])) seen.push(sha256(piece));
      },
      { instanceOf: CorruptObject },
    );
    reader.close();
    t.is(error.digest, ref.sha256);
    t.is(error.problem, ref === gone ? 'missing' : 'corrupt');
    t.deepEqual(seen, [good.sha256]);
    t.false(existsSync(objects.pathOf(ref.sha256)));
  }
  const beyond: Extent = { sha256: good.sha256, size: 10, from: 99_995 };
  const reader = new ExtentReader(objects);
  t.throws(() => reader.pieces([beyond]).next(), { instanceOf: CorruptObject });
  reader.close();
});
