import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { millisecondsOf, PackedStamps, stampText } from './file-stamp.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const stamp = fc.record({
  size: fc.nat(),
  mtimeNs: int64,
  ctimeNs: int64,
  ino: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

test('milliseconds are those of whole seconds and the rest, to the last bit', (t) => {
  const property = fc.property(int64, (ns) => {
    const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    t.is(millisecondsOf(ns), Number((ns - rest) / 1_000_000_000n) * 1000 + Number(rest) / 1e6);
  });
  t.notThrows(() => fc.assert(property));
});

test('milliseconds are those that Node gives', (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'file');
  for (const seconds of [0, 0.999_999, 1, 1_700_000_000.123_456, 2_147_483_648, 4_000_000_000.5]) {
    writeFileSync(path, '');
    utimesSync(path, seconds, seconds);
    const [ns, ms] = [statSync(path, { bigint: true }), statSync(path)];
    t.deepEqual([millisecondsOf(ns.mtimeNs), millisecondsOf(ns.ctimeNs)], [ms.mtimeMs, ms.ctimeMs]);
  }
});

test('packed stamps are the same where their texts are, on whichever thread', (t) => {
  const property = fc.property(fc.array(stamp, { minLength: 1 }), stamp, fc.nat(), (all, other, n) => {
    const packed = new PackedStamps(structuredClone(PackedStamps.of(all).numbers));
    for (const [i, own] of all.entries()) {
      t.true(packed.isSame(i, { ...own, size: BigInt(own.size) }));
      t.is(packed.isSame(i, other), stampText(own) === stampText(other));
    }
    const place = n % all.length;
    const own = all[place];
    if (own === undefined) return;
    for (const changed of [{ size: own.size + 1 }, { mtimeNs: own.mtimeNs ^ 1n }, { ctimeNs: own.ctimeNs ^ 1n }])
      t.false(packed.isSame(place, { ...own, ...changed }));
    t.false(packed.isSame(place, { ...own, ino: own.ino ^ 1n }));
  });
  t.notThrows(() => fc.assert(property));
});
