import Database from 'better-sqlite3';
import test from 'ava';
import fc from 'fast-check';
import { digestOf } from '../base/digest.js';
import { IndexTables } from './gc-index.js';
import { Index, type StatRecord } from './index-db.js';
import { scratchLayout } from './scratch-for-tests.js';
import { blockOf, StatFolder } from './stat-folder.js';

function record(n: number): StatRecord {
  const nth = BigInt(n);
  return {
    size: n,
    mtimeNs: 1_700_000_000_000_000_000n + nth,
    ctimeNs: -nth,
    ino: 2n ** 64n - 1n - nth,
    // A file's, none, and what stands for the stats of a directory.
    xxh64: [n.toString(16).padStart(16, '0'), '', digestOf(n)][n % 3] ?? '',
    digest: digestOf({ n }),
    side: n % 5 === 0 ? `-wal ${String(n)}\n` : '',
    recordedNs: nth,
  };
}

/** More than two blocks. */
const NAMES = 2_600;

test('a folder holds what a map would, whatever is put and dropped, written and read', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: NAMES - 1 }), fc.boolean()), { maxLength: 200 }), (changes) => {
      const folder = new StatFolder();
      const model = new Map<string, StatRecord>();
      const blocks = new Map<number, Buffer>();
      const put = (n: number): void => {
        blocks.set(blockOf(folder.set(`file:${String(n)}`, record(n))), Buffer.alloc(0));
        model.set(`file:${String(n)}`, record(n));
      };
      for (let n = 0; n < NAMES; n++) put(n);
      for (let block = 0; block < folder.blocks; block++) blocks.set(block, folder.encode(block));
      for (const [n, gone] of changes) {
        if (gone) {
          for (const block of folder.delete(`file:${String(n)}`)) blocks.set(block, folder.encode(block));
          model.delete(`file:${String(n)}`);
        } else {
          put(n);
          for (const [block, bytes] of blocks) if (bytes.length === 0) blocks.set(block, folder.encode(block));
        }
      }
      const read = new StatFolder();
      for (let block = 0; block < folder.blocks; block++) t.true(read.decode(blocks.get(block) ?? Buffer.alloc(0)));
      for (const one of [folder, read]) {
        t.is(one.size, model.size);
        for (const [name, expected] of model) t.deepEqual(one.get(name), expected);
      }
    }),
    { seed: 1, numRuns: 5 },
  );
});

test('two who write to one folder lose nothing of each other, and what one put last stands', (t) => {
  const layout = scratchLayout(t);
  const [a, b] = [Index.open(layout), Index.open(layout)];
  for (const n of [1, 2, 3]) a.putStatRecord(`d/${String(n)}`, 'file', record(n));
  a.flush();
  // It has read the folder before the other writes again.
  t.deepEqual(b.statRecord('d/1', 'file'), record(1));
  a.putStatRecord('d/4', 'file', record(4));
  a.putStatRecord('d/1', 'file', record(11));
  a.flush();
  b.putStatRecord('d/5', 'sqlite', record(5));
  b.putStatRecord('d/2', 'file', record(22));
  b.close();
  a.putStatRecord('d/6', 'file', record(6));
  a.close();
  const read = Index.open(layout);
  t.teardown(() => read.close());
  const expected = [11, 22, 3, 4, undefined, 6].map((n) => (n === undefined ? n : record(n)));
  t.deepEqual(
    [1, 2, 3, 4, 5, 6].map((n) => read.statRecord(`d/${String(n)}`, 'file')),
    expected,
  );
  t.deepEqual(read.statRecord('d/5', 'sqlite'), record(5));
});

test('the collector lists and drops records; who holds them does not bring them back', (t) => {
  const layout = scratchLayout(t);
  const holder = Index.open(layout);
  const paths = Array.from({ length: NAMES }, (_, n) => `d/${String(n)}`);
  for (const [n, path] of paths.entries()) holder.putStatRecord(path, 'file', record(n));
  holder.putStatRecord('d', 'directory', record(2));
  holder.flush();
  const tables = new IndexTables(layout);
  t.deepEqual(
    tables
      .statKeys()
      .map(({ path, kind }) => `${kind}:${path}`)
      .sort(),
    [...paths.map((path) => `file:${path}`), 'directory:d'].sort(),
  );
  const gone = paths.filter((_, n) => n % 2 === 0);
  tables.drop({
    actions: [],
    parts: [],
    runs: [],
    outputPaths: [],
    stats: gone.map((path) => ({ path, kind: 'file' })),
  });
  tables.close();
  holder.putStatRecord('d/new', 'file', record(1));
  holder.close();
  const read = Index.open(layout);
  t.teardown(() => read.close());
  for (const [n, path] of paths.entries())
    t.deepEqual(read.statRecord(path, 'file'), n % 2 === 0 ? undefined : record(n), path);
  t.deepEqual(read.statRecord('d/new', 'file'), record(1));
  t.deepEqual(read.statRecord('d', 'directory'), record(2));
});

test('a byte that changed on the disk is damage, not another digest', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  index.putStatRecord('d/1', 'file', record(1));
  index.close();
  const database = new Database(layout.index);
  const bytes = database.prepare('SELECT records FROM stats').pluck().get() as Buffer;
  bytes.writeUInt8((bytes.at(-10) ?? 0) ^ 1, bytes.length - 10);
  database.prepare('UPDATE stats SET records = ?').run(bytes);
  database.close();
  const again = Index.open(layout);
  t.teardown(() => again.close());
  t.is(again.statRecord('d/1', 'file'), undefined);
  t.regex(again.repaired ?? '', /damaged/);
});
