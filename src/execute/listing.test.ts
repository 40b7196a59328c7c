import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { digestOf, sha256, type Digest } from '../base/digest.js';
import { Index, type PartRecord } from '../store/index-db.js';
import type { PartResult } from '../store/part-columns.js';
import { bytesOfDigests } from '../store/part-keys.js';
import { PARTS_PER_BLOCK } from '../store/part-lists.js';
import { IndexTables } from '../store/gc-index.js';
import { scratchLayout } from '../store/scratch-for-tests.js';
import { Listing } from './listing.js';

const keyOf = (n: number): Digest => digestOf({ part: n });

function made(n: number, version = 0): PartRecord {
  const text = `${n}.${version}`;
  const bytes = { sha256: sha256(text), size: text.length, inside: { blob: sha256('pack'), from: n } };
  return {
    key: keyOf(n),
    outputs: { rows: { kind: 'jsonl', digest: bytes.sha256, bytes } },
    meta: n % 3 === 0 ? {} : { n },
    seconds: 0,
  };
}

/** Lists parts by their numbers as a host would; gives those that are to be made. */
function list(index: Index, parts: readonly number[], forget: ReadonlySet<Digest> | 'all' = new Set()) {
  const listing = new Listing(index, 'target', forget);
  const missing: number[] = [];
  for (let start = 0; start < parts.length; start += PARTS_PER_BLOCK) {
    const block = parts.slice(start, start + PARTS_PER_BLOCK);
    const ids = JSON.stringify(block.map((n, row) => `${n} at ${start + row}`));
    const rows = listing.add({ ids, keys: bytesOfDigests(block.map(keyOf)) });
    missing.push(...rows.map((row) => block[row] ?? -1));
  }
  return { listing, missing };
}

/** What a build does. */
function build(index: Index, parts: readonly number[], forget?: ReadonlySet<Digest> | 'all', version = 0): number[] {
  const { listing, missing } = list(index, parts, forget);
  listing.record();
  for (const [part, n] of missing.entries()) {
    const record = made(n, version);
    index.putPart('target', record);
    listing.took(part, record);
  }
  listing.fill();
  listing.record();
  index.flush();
  return missing;
}

const resultsOf = (listing: Listing): PartResult[] =>
  listing.made().flatMap(({ made: columns }) => Array.from({ length: columns.count }, (_, row) => columns.result(row)));
const idsOf = (listing: Listing): string[] => listing.made().flatMap(({ ids }) => JSON.parse(ids) as string[]);
const plain = ({ outputs, meta }: PartRecord): PartResult => ({ outputs, meta });
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

function open(t: ExecutionContext) {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  t.teardown(() => index.close());
  return { layout, index };
}

test('whatever a listing becomes, what is known of its parts is what was made of them', (t) => {
  const { index } = open(t);
  const known = new Set<number>();
  const long = numbers(2 * PARTS_PER_BLOCK + 100);
  build(index, long);
  for (const n of long) known.add(n);
  let parts = long;
  const edit = fc.oneof(
    fc.record({ at: fc.nat(2200), remove: fc.nat(3), insert: fc.array(fc.nat(4000), { maxLength: 3 }) }),
    fc.record({ at: fc.nat(2200), remove: fc.nat(2200), insert: fc.constant<number[]>([]) }),
    fc.record({ at: fc.constant(0), remove: fc.constant(0), insert: fc.constant(numbers(1100)) }),
  );
  fc.assert(
    fc.property(edit, ({ at, remove, insert }) => {
      parts = parts.toSpliced(at, remove, ...insert);
      const fresh = [...new Set(parts)].filter((n) => !known.has(n));
      t.true(isDeepStrictEqual(build(index, parts), fresh));
      for (const n of fresh) known.add(n);
      const { listing, missing } = list(index, parts);
      t.deepEqual(missing, []);
      t.is(listing.remembered, parts.length);
      const expected = parts.map((n) => plain(made(n)));
      // Not `deepEqual`, which takes seconds for so many.
      t.true(isDeepStrictEqual(resultsOf(listing), expected));
      const ids = parts.map((n, row) => `${n} at ${row}`);
      t.true(isDeepStrictEqual(idsOf(listing), ids));
    }),
    { seed: 5, numRuns: 12 },
  );
});

test('a part that is listed twice is made once', (t) => {
  const { index } = open(t);
  const { listing, missing } = list(index, [1, 2, 1]);
  t.deepEqual(missing, [1, 2]);
  listing.took(0, made(1));
  listing.fill();
  t.deepEqual(listing.missingIds(), ['2 at 1']);
  t.deepEqual(idsOf(listing), ['1 at 0', '1 at 2']);
  t.deepEqual(resultsOf(listing), [plain(made(1)), plain(made(1))]);
});

test('what is known of parts is told up to the first of which nothing is', (t) => {
  const { index } = open(t);
  const { listing } = list(index, numbers(2 * PARTS_PER_BLOCK + 5));
  const told: number[] = [];
  const tell = (): number[] => {
    for (const { outputs, start, end } of listing.knownFrom(told.length))
      for (let row = start; row < end; row++) told.push(outputs['rows']?.from[row] ?? -1);
    return told;
  };
  const took = (n: number): void => listing.took(n, made(n));
  t.deepEqual(tell(), []);
  for (const n of [1, 3]) took(n);
  t.deepEqual(tell(), []);
  took(0);
  t.deepEqual(tell(), [0, 1]);
  for (let n = 4; n < 2 * PARTS_PER_BLOCK + 3; n++) took(n);
  t.deepEqual(tell(), [0, 1]);
  took(2);
  t.deepEqual(tell(), numbers(2 * PARTS_PER_BLOCK + 3));
  for (const n of [3, 4]) took(2 * PARTS_PER_BLOCK + n);
  listing.fill();
  t.deepEqual(tell(), numbers(2 * PARTS_PER_BLOCK + 5));
  t.deepEqual([...listing.knownFrom(told.length)], []);
  t.deepEqual([...list(index, []).listing.knownFrom(0)], []);
});

test('parts whose results are not to be taken are made again, and the new results are those that count', (t) => {
  const { index } = open(t);
  const parts = numbers(PARTS_PER_BLOCK + 5);
  build(index, parts);
  t.deepEqual(build(index, parts, new Set([keyOf(3), keyOf(1002)]), 1), [3, 1002]);
  const { listing } = list(index, parts);
  t.deepEqual(
    resultsOf(listing),
    parts.map((n) => plain(made(n, n === 3 || n === 1002 ? 1 : 0))),
  );
  t.deepEqual(build(index, parts, 'all', 2), parts);
  t.deepEqual(
    resultsOf(list(index, parts).listing),
    parts.map((n) => plain(made(n, 2))),
  );
});

test('a build that forgets results and is killed leaves none that are older than others', (t) => {
  const { index } = open(t);
  build(index, [1, 2, 3]);
  const { listing } = list(index, [1, 2, 3], 'all');
  listing.record();
  index.putPart('target', made(2, 1));
  t.deepEqual(resultsOf(list(index, [1, 2, 3]).listing), [made(1), made(2, 1), made(3)].map(plain));
});

test('a block that was damaged on the disk is not believed', (t) => {
  const { layout, index } = open(t);
  build(index, [1, 2, 3]);
  const database = new Database(layout.index);
  t.teardown(() => database.close());
  const row = database.prepare('SELECT made, keys FROM part_lists').get() as { made: Buffer; keys: Buffer };
  const moved = Buffer.from(row.made);
  const from = moved.lastIndexOf(Buffer.from(new Float64Array([1, 2, 3]).buffer));
  t.true(from > 0);
  moved.writeDoubleLE(5, from);
  database.prepare('UPDATE part_lists SET made = ?').run(moved);
  t.deepEqual(
    resultsOf(list(index, [1, 2, 3]).listing),
    [1, 2, 3].map((n) => plain(made(n))),
  );
});

test('once the collector has gone by the rows of parts, so do builds', (t) => {
  const { layout, index } = open(t);
  build(index, [1, 2]);
  // Another target made it again: its row tells of another object, and the first may go.
  index.putPart('other', made(1, 1));
  index.flush();
  const tables = new IndexTables(layout);
  tables.forgetMadeParts();
  tables.close();
  t.deepEqual(resultsOf(list(index, [1, 2]).listing), [made(1, 1), made(2)].map(plain));
});
