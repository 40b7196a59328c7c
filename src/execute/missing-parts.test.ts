import test from 'ava';
import { digestOf } from '../base/digest.js';
import { packParts, unpackParts } from '../host/packed-parts.js';
import type { ListedPart } from '../host/protocol.js';
import { bytesOfDigests } from '../store/part-keys.js';
import { MissingParts } from './missing-parts.js';

const part = (n: number, spec = ''): ListedPart => ({ id: `part ${n}`, key: digestOf(n), spec, slices: {} });

function block(numbers: readonly number[]) {
  return { ids: JSON.stringify(numbers.map((n) => part(n).id)), keys: bytesOfDigests(numbers.map((n) => digestOf(n))) };
}

test('parts are numbered in their order, each key once, and known by block and row', (t) => {
  const missing = new MissingParts();
  t.deepEqual(missing.add(0, block([10, 11, 12, 11]), [1, 2, 3]), [1, 2]);
  t.deepEqual(missing.add(1, block([12]), [0]), []);
  t.deepEqual(missing.add(2, block([20, 11, 21]), [0, 1, 2]), [0, 2]);
  t.is(missing.count, 4);
  const parts = [11, 12, 20, 21];
  t.deepEqual(
    parts.map((_, n) => [missing.id(n), missing.key(n)]),
    parts.map((n) => [part(n).id, part(n).key]),
  );
  t.deepEqual(
    parts.map((_, n) => missing.place(n)),
    [
      { block: 0, row: 1 },
      { block: 0, row: 2 },
      { block: 2, row: 0 },
      { block: 2, row: 2 },
    ],
  );
  t.deepEqual([...missing.withKeys(block([12, 10, 21]).keys)], [1, -1, 3]);
  t.throws(() => missing.id(4), { instanceOf: RangeError });
});

test('what making them takes comes out as it came, however much it is', (t) => {
  const missing = new MissingParts();
  // 20 MB: more than is held as it came.
  const specOf = (n: number): string => `${n}`.padEnd(10_000, `spec of ${n}, `);
  for (let first = 0; first < 2000; first += 500) {
    const numbers = Array.from({ length: 500 }, (_, i) => first + i);
    missing.add(first / 500, block(numbers), [...numbers.keys()]);
    missing.describe(packParts(numbers.map((n) => part(n, specOf(n)))));
  }
  const some = [0, 1, 499, 500, 1300, 1999, 1500, 2];
  t.deepEqual(
    [...unpackParts(missing.packed(some))],
    some.map((n) => part(n, specOf(n))),
  );
});

test('a host that tells of other parts than it was asked for is not believed', (t) => {
  const missing = new MissingParts();
  missing.add(0, block([1, 2]), [0, 1]);
  t.throws(() => missing.packed([0]), { message: /nothing is known/ });
  t.throws(() => missing.describe(packParts([part(1)])), { message: /other parts/ });
  t.throws(() => new MissingParts().describe(packParts([part(1)])), { message: /other parts/ });
});
