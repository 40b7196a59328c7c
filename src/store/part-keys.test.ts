import test from 'ava';
import { digestOf } from '../base/digest.js';
import { bytesOfDigests, digestAt, digestsOf, KeyTable } from './part-keys.js';

test('digests come out of their bytes', (t) => {
  const digests = [1, 2, 3].map(digestOf);
  t.deepEqual(digestsOf(bytesOfDigests(digests)), digests);
  t.deepEqual([digestAt(bytesOfDigests(digests), 1)], digests.slice(1, 2));
});

test('a table finds digests where they are, wherever they lie in memory', (t) => {
  const digests = Array.from({ length: 3000 }, (_, i) => digestOf(i));
  const table = new KeyTable(bytesOfDigests(digests));
  const wanted = [2999, 17, -1, 0].map((i) => digests[i] ?? digestOf('none'));
  const bytes = Buffer.concat([Buffer.of(1), bytesOfDigests(wanted)]).subarray(1);
  t.deepEqual([...table.rowsOf(bytes)], [2999, 17, -1, 0]);
  t.deepEqual([...new KeyTable(Buffer.of()).rowsOf(bytes)], [-1, -1, -1, -1]);
});

test('digests that begin alike are told apart', (t) => {
  const alike = [1, 2, 3].map((i) => Buffer.concat([Buffer.alloc(31, 9), Buffer.of(i)]));
  const table = new KeyTable(Buffer.concat(alike.slice(0, 2)));
  t.deepEqual([...table.rowsOf(Buffer.concat(alike.toReversed()))], [-1, 1, 0]);
});

test('a table takes digests once, and tells them by their number', (t) => {
  const digests = Array.from({ length: 2000 }, (_, i) => digestOf(i));
  const table = new KeyTable();
  const bytes = bytesOfDigests(digests);
  t.deepEqual(table.addNew(bytes, [3, 1, 3]), [3, 1]);
  t.is(table.addNew(bytes, digests.keys()).length, 1998);
  t.deepEqual(table.addNew(Buffer.concat([Buffer.of(0), bytes]).subarray(1), digests.keys()), []);
  t.is(table.count, 2000);
  t.deepEqual(
    [0, 1, 2, 4, 1999].map((row) => table.digest(row)),
    [3, 1, 0, 4, 1999].map((i) => digestOf(i)),
  );
  t.deepEqual([...table.rowsOf(bytes.subarray(0, 5 * 32))], [2, 1, 3, 0, 4]);
});
