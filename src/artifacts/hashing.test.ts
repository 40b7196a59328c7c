import { rmSync, statSync, writeFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { sha256 } from '../base/digest.js';
import { PackedStamps } from './file-stamp.js';
import type { HashBatch, HashedBatch } from './hash-batch.js';
import { Hashing } from './hashing.js';
import { xxh64, xxh64Of } from './xxh64.js';

const PROGRAM = join(import.meta.dirname, 'hash-worker.js');
const MIB = 1 << 20;

interface Written {
  readonly batch: HashBatch;
  readonly expected: HashedBatch;
}

/** Files of these sizes, each of other bytes. */
async function write(t: ExecutionContext, sizes: readonly number[]): Promise<Written> {
  const folder = tempFolder(t);
  const xxhash = await xxh64();
  const paths = sizes.map((_, i) => join(folder, String(i)));
  const contents = sizes.map((size, i) => Buffer.alloc(size, `file ${String(i)} `));
  for (const [i, path] of paths.entries()) writeFileSync(path, contents[i] ?? '');
  const batch = {
    paths,
    sizes,
    stamps: PackedStamps.of(paths.map((path) => statSync(path, { bigint: true }))).numbers,
    known: sizes.map(() => ''),
  };
  const expected = {
    xxh64: contents.map((bytes) => xxh64Of(bytes, xxhash)),
    sha256: contents.map((bytes) => sha256(bytes)),
  };
  return { batch, expected };
}

function only({ batch }: Written, i: number): HashBatch {
  const of = <T>(column: readonly T[]): T[] => column.slice(i, i + 1);
  return {
    paths: of(batch.paths),
    sizes: of(batch.sizes),
    stamps: batch.stamps.slice(4 * i, 4 * i + 4),
    known: of(batch.known),
  };
}

const SIZES = [0, 1, 5000, MIB - 1, MIB, MIB + 1, 3 * MIB + 7];

test('small and large files, in one read', async (t) => {
  const { batch, expected } = await write(t, SIZES);
  t.deepEqual(await new Hashing().hash(batch), expected);
});

test('of a content that is known by its xxh64 no SHA-256 is taken', async (t) => {
  const { batch, expected } = await write(t, SIZES);
  t.deepEqual(await new Hashing().hash({ ...batch, known: expected.xxh64 }), {
    xxh64: expected.xxh64,
    sha256: SIZES.map(() => ''),
  });
  const others = { ...batch, known: SIZES.map(() => '0123456789abcdef') };
  t.deepEqual(await new Hashing().hash(others), expected);
});

test('nothing is said of a file that has another stat than it was told, or is gone', async (t) => {
  const written = await write(t, [10, 10, 10, 10, 2 * MIB, 2 * MIB]);
  const { batch, expected } = written;
  const [edited = '', grown = '', replaced = '', gone = '', large = ''] = batch.paths;
  writeFileSync(edited, 'other text');
  writeFileSync(grown, 'a longer text');
  writeFileSync(`${replaced}.new`, Buffer.alloc(10, 'file 2 '));
  renameSync(`${replaced}.new`, replaced);
  rmSync(gone);
  writeFileSync(large, Buffer.alloc(2 * MIB, 'x'));
  t.deepEqual(await new Hashing().hash(batch), {
    xxh64: ['', '', '', '', '', expected.xxh64[5] ?? ''],
    sha256: ['', '', '', '', '', expected.sha256[5] ?? ''],
  });
});

test('of little SHA-256 is taken and no xxh64, whatever is known: of empty, small, edited and absent files', async (t) => {
  const { batch, expected } = await write(t, [0, 1, 5000, 700_000, 10, 10]);
  writeFileSync(batch.paths[4] ?? '', 'other text');
  rmSync(batch.paths[5] ?? '');
  const hashed = { xxh64: Array<string>(6).fill(''), sha256: [...expected.sha256.slice(0, 4), '', ''] };
  t.deepEqual(await new Hashing().hash(batch), hashed);
  t.deepEqual(await new Hashing().hash({ ...batch, known: expected.xxh64 }), hashed);
});

/** So much that a second thread is worth it. */
const MUCH = Array.from({ length: 8 }, () => 17 * MIB);

test('two threads say what one says', async (t) => {
  const written = await write(t, MUCH);
  const hashing = new Hashing(PROGRAM);
  const hashed = await Promise.all(MUCH.map((_, i) => hashing.hash(only(written, i))));
  hashing.close();
  t.deepEqual(
    hashed.map(({ xxh64: [one] }) => one),
    written.expected.xxh64,
  );
  t.deepEqual(
    hashed.map(({ sha256: [one] }) => one),
    written.expected.sha256,
  );
});

test('what a worker does not do this thread does: one that does not start, one that falls silent, one that is closed', async (t) => {
  const written = await write(t, MUCH);
  const silent = join(written.batch.paths[0] ?? '', '..', 'silent.mjs');
  // Takes everything, and dies of it.
  writeFileSync(
    silent,
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', ({ claim }) => { Atomics.store(claim, 0, 1); setImmediate(() => process.exit()); });`,
  );
  for (const program of [join(silent, 'none.js'), silent]) {
    const hashing = new Hashing(program);
    const hashed = await Promise.all(MUCH.map((_, i) => hashing.hash(only(written, i))));
    t.deepEqual(
      hashed.map(({ sha256: [one] }) => one),
      written.expected.sha256,
      program,
    );
  }
  const closed = new Hashing(PROGRAM);
  const hashed = Promise.all(MUCH.map((_, i) => closed.hash(only(written, i))));
  closed.close();
  t.deepEqual(
    (await hashed).map(({ sha256: [one] }) => one),
    written.expected.sha256,
  );
});

test('of one large file SHA-256 is taken at once: unknown, the same, another, one that changes meanwhile, one that is gone', async (t) => {
  const written = await write(t, [2 * MIB, 2 * MIB, 2 * MIB]);
  const [one, two, gone] = [only(written, 0), only(written, 1), only(written, 2)];
  const { xxh64: prints, sha256: digests } = written.expected;
  const same = { ...one, known: prints.slice(0, 1) };
  const another = { ...one, known: ['0123456789abcdef'] };
  const atOnce = { xxh64: [''], sha256: digests.slice(0, 1) };
  const hashing = new Hashing(PROGRAM);
  t.teardown(() => hashing.close());
  t.deepEqual(await hashing.hash(one), atOnce);
  t.deepEqual(await hashing.hash(same), atOnce);
  t.deepEqual(await hashing.hash(another), atOnce);
  // In company their xxh64 is compared.
  t.deepEqual(await Promise.all([hashing.hash(same), hashing.hash(two)]), [
    { xxh64: prints.slice(0, 1), sha256: [''] },
    { xxh64: prints.slice(1, 2), sha256: digests.slice(1, 2) },
  ]);
  // Written while it is read: nothing is said, least of all that it is as it was known.
  const changing = hashing.hash(another);
  writeFileSync(one.paths[0] ?? '', 'x');
  t.deepEqual(await changing, { xxh64: [''], sha256: [''] });
  rmSync(gone.paths[0] ?? '');
  t.deepEqual(await hashing.hash({ ...gone, known: prints.slice(2) }), { xxh64: [''], sha256: [''] });
});
