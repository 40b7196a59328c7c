import { join } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { digestOf, sha256, type Digest } from '../base/digest.js';
import type { PartBlock } from './part-lists.js';
import { bytesOfDigests } from './part-keys.js';
import { Index, type ActionRecord, type PartRecord, type StatRecord } from './index-db.js';
import { OtherProcess, scratchLayout } from './scratch-for-tests.js';

function action(target: string, n: number): ActionRecord {
  const digest = digestOf({ output: n });
  return {
    key: digestOf({ key: n }),
    target,
    fingerprint: { format: 1, params: { n } },
    modules: { 'rules/a/b.ts': digestOf('module') },
    outputs: { rows: { kind: 'jsonl', digest, bytes: { sha256: digest, size: n } } },
    parts: n % 2 === 0 ? null : { total: n, failed: 0 },
    seconds: n / 8,
    run: `run-${String(n)}`,
    details: { inputs: { rows: { 'a "quoted" name': 'sha256:…' } } },
  };
}

function part(n: number): PartRecord {
  const digest = digestOf({ part: n });
  return {
    key: digestOf({ partKey: n }),
    outputs: { rows: { kind: 'jsonl', digest, bytes: { sha256: digest, size: n } } },
    meta: { kept: n, note: 'a, "b"\n' },
    seconds: n / 16,
  };
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const statRecord: fc.Arbitrary<StatRecord> = fc.record({
  size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  mtimeNs: int64,
  ctimeNs: int64,
  ino: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  xxh64: fc.constant('ef46db3751d8e999'),
  digest: fc.string().map((text) => sha256(text)),
  side: fc.constantFrom('', '12 34 56'),
  recordedNs: int64,
});

test('stat records keep every nanosecond and every inode, batched, written and read', (t) => {
  const layout = scratchLayout(t);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), statRecord), { maxLength: 8 }), (entries) => {
      const expected = new Map(entries);
      const writer = Index.open(layout);
      for (const [path, record] of entries) writer.putStatRecord(path, 'file', record);
      for (const [path, record] of expected) t.deepEqual(writer.statRecord(path, 'file'), record);
      writer.close();
      const reader = Index.open(layout);
      for (const [path, record] of expected) t.deepEqual(reader.statRecord(path, 'file'), record);
      reader.close();
    }),
    { seed: 1, numRuns: 8 },
  );
});

test('a path has a stat record for each kind under which it is read', (t) => {
  const index = Index.open(scratchLayout(t));
  t.teardown(() => index.close());
  const record = fc.sample(statRecord, { seed: 1, numRuns: 1 })[0];
  if (record === undefined) return t.fail();
  index.putStatRecord('a.db', 'sqlite', record);
  t.is(index.statRecord('a.db', 'file'), undefined);
  index.flush();
  t.is(index.statRecord('a.db', 'file'), undefined);
  t.deepEqual(index.statRecord('a.db', 'sqlite'), record);
  index.putStatRecord('a.db', 'file', { ...record, size: 1 });
  t.is(index.statRecord('a.db', 'file')?.size, 1);
});

test('many stat records of one folder are written and read in pieces, without a gap', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  const record = fc.sample(statRecord, { seed: 1, numRuns: 1 })[0];
  if (record === undefined) return t.fail();
  const count = 25_000;
  for (let i = 0; i < count; i++) index.putStatRecord(`frames/${String(i)}.png`, 'file', { ...record, size: i });
  index.close();
  const again = Index.open(layout);
  for (let i = 0; i < count; i++)
    if (again.statRecord(`frames/${String(i)}.png`, 'file')?.size !== i) return t.fail(String(i));
  again.close();
  return t.pass();
});

test('results are found by key, by target and by time', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  const [a1, b2, a3] = [action('a', 1), action('b', 2), action('a', 3)];
  for (const record of [a1, b2, a3]) index.putAction(record);
  index.close();

  const again = Index.open(layout);
  t.teardown(() => again.close());
  t.deepEqual(again.action(b2.key), b2);
  t.is(again.action(digestOf('unknown')), undefined);
  t.deepEqual(again.lastSuccess('a'), a3);
  t.is(again.lastSuccess('c'), undefined);
  t.deepEqual(again.actionsOf('a'), [a3, a1]);
  t.deepEqual(again.recentActions(2), [a3, b2]);

  // Switched back: an earlier result is the target's again.
  again.setLast('a', a1.key);
  t.deepEqual(again.lastSuccess('a'), a1);
  // Another target with the same key shares the result.
  again.setLast('c', a1.key);
  t.deepEqual(again.actionsOf('c'), [a1]);
  // Made again: the newest of all.
  const accepted: ActionRecord = { ...a1, accepted: 'by hand' };
  again.putAction(accepted);
  t.deepEqual(again.recentActions(9), [accepted, a3, b2]);
});

test('an output is known when it was ever recorded, also by a file of a directory', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  t.teardown(() => index.close());
  const record = action('a', 1);
  const digest = record.outputs['rows']?.digest ?? sha256('');
  t.false(index.knowsOutput(digest));
  index.putAction(record);
  index.putAction({ ...record, outputs: {} });
  t.true(index.knowsOutput(digest));
  t.false(index.knowsOutput(sha256('frame')));
  index.rememberOutputs([sha256('frame'), sha256('frame')]);
  t.true(index.knowsOutput(sha256('frame')));
});

test('a failure is remembered until the target succeeds', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  t.teardown(() => index.close());
  const failure = { key: digestOf(1), message: 'exit code 3', run: 'r1', log: 'cache/logs/r1/a.log' };
  index.putFailure('a', failure);
  index.putFailure('b', failure);
  t.deepEqual(index.failure('a'), failure);
  index.putAction(action('a', 1));
  t.is(index.failure('a'), undefined);
  index.clearFailure('b');
  t.is(index.failure('b'), undefined);
});

test('what is installed is listed by path, and a directory file by file when asked for', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  t.teardown(() => index.close());
  const file = { target: 'a', output: 'rows', kind: 'jsonl', digest: sha256('rows') };
  const entries = { '1.png': sha256('1'), 'deep/2.png': sha256('2') };
  const directory = { target: 'a', output: 'frames', kind: 'directory', digest: sha256('frames') };
  index.putOutputPath('out/rows.jsonl', file);
  index.putOutputPath('out/frames', { ...directory, directoryEntries: entries });
  t.deepEqual(
    [...index.outputPaths()],
    [
      ['out/frames', directory],
      ['out/rows.jsonl', file],
    ],
  );
  t.deepEqual(index.outputPath('out/frames'), { ...directory, directoryEntries: entries });
  t.deepEqual(index.outputPath('out/rows.jsonl'), file);
  index.dropOutputPath('out/frames');
  t.is(index.outputPath('out/frames'), undefined);
  t.deepEqual([...index.outputPaths().keys()], ['out/rows.jsonl']);
});

test('parts are found at once, and written with the flush', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  const other = Index.open(layout);
  t.teardown(() => other.close());
  const records = [part(1), part(2), part(3)];
  const keys = records.map((record) => record.key);
  for (const record of records) index.putPart('a', record);
  t.deepEqual(index.parts([...keys, digestOf('unknown')]), new Map(records.map((record) => [record.key, record])));
  index.flush();
  t.deepEqual(other.parts(keys), new Map(records.map((record) => [record.key, record])));
  const renewed: PartRecord = { ...part(2), meta: { kept: 0 } };
  index.putPart('b', renewed);
  t.deepEqual(index.parts(keys).get(renewed.key), renewed);
  index.close();
  t.deepEqual(other.parts(keys).get(renewed.key), renewed);
  t.is(other.parts([]).size, 0);
});

test('a hundred thousand parts go in and come out', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  const keys: Digest[] = [];
  for (let i = 0; i < 100_000; i++) {
    const record = part(i);
    keys.push(record.key);
    index.putPart('a', record);
  }
  const ids = keys.map((_, i) => `block-${String(i)}`);
  const blocks = [0, 1].map((n) => ({
    ids: JSON.stringify(ids.slice(n * 60_000, (n + 1) * 60_000)),
    keys: bytesOfDigests(keys.slice(n * 60_000, (n + 1) * 60_000)),
    made: null,
  }));
  index.putPartBlocks('a', blocks, []);
  index.close();
  const again = Index.open(layout);
  t.teardown(() => again.close());
  const found = again.parts(keys);
  t.is(found.size, 100_000);
  t.deepEqual(found.get(keys[77_777] ?? sha256('')), part(77_777));
  // Most of them, and few of them: these are looked for in different ways.
  for (const wanted of [keys.slice(20_000), keys.slice(90_000)]) {
    const some = again.parts([...wanted, digestOf('unknown')]);
    t.deepEqual([...some.keys()].sort(), wanted.toSorted());
    t.deepEqual(some.get(keys[95_432] ?? sha256('')), part(95_432));
  }
  const list = again.partList('a');
  t.is(list.length, 100_000);
  t.deepEqual(list[99_999], { id: 'block-99999', key: keys[99_999] });
});

test('the last listing of a target replaces the one before, and what is the same is not written', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  t.teardown(() => index.close());
  t.deepEqual(index.partList('a'), []);
  const block = (id: string, made: Buffer | null = null): PartBlock => {
    return { ids: JSON.stringify([id, '']), keys: bytesOfDigests([digestOf(id), digestOf(2)]), made };
  };
  const first = [block('seed 1, "x"\u0000\ud800'), block('b', Buffer.from('made')), block('c')];
  index.putPartBlocks('a', first, []);
  t.deepEqual(index.partBlocks('a'), first);
  t.deepEqual(index.partList('a').slice(0, 2), [
    { id: 'seed 1, "x"\u0000\ud800', key: digestOf('seed 1, "x"\u0000\ud800') },
    { id: '', key: digestOf(2) },
  ]);
  const before = index.partBlocks('a');
  const [kept, , last] = before;
  if (kept === undefined || last === undefined) return t.fail();
  // Another writer's row shows that the block which is the same object is left alone.
  const other = new Database(layout.index);
  other.prepare('UPDATE part_lists SET ids = \'["x","y"]\' WHERE block = 0').run();
  other.close();
  index.putPartBlocks('a', [kept, block('d')], before);
  t.deepEqual(
    index.partList('a').map(({ id }) => id),
    ['x', 'y', 'd', ''],
  );
  index.putPartBlocks('a', [], index.partBlocks('a'));
  t.deepEqual(index.partList('a'), []);
});

test('a run is unfinished until it ends', (t) => {
  const index = Index.open(scratchLayout(t));
  t.teardown(() => index.close());
  index.beginRun('r1', 1000, ['a'], { force: true });
  index.beginRun('r2', 2000, [], {});
  index.endRun('r1', 1.5, 'built', { ran: 1 }, { slowest: null });
  t.deepEqual(index.runs(5), [
    { id: 'r2', startedMs: 2000, seconds: 0, outcome: 'unfinished', targets: [], args: {}, counts: {}, details: {} },
    {
      id: 'r1',
      startedMs: 1000,
      seconds: 1.5,
      outcome: 'built',
      targets: ['a'],
      args: { force: true },
      counts: { ran: 1 },
      details: { slowest: null },
    },
  ]);
  t.is(index.runs(1).length, 1);
});

test('a transaction is written whole or not at all, and keeps what was batched before', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  const other = Index.open(layout);
  t.teardown(() => other.close());
  index.putPart('a', part(1));
  t.throws(
    () =>
      index.transaction(() => {
        index.putAction(action('a', 1));
        index.putPart('a', part(2));
        throw new Error('changed its mind');
      }),
    { message: 'changed its mind' },
  );
  t.is(other.action(action('a', 1).key), undefined);
  t.is(other.parts([part(1).key]).size, 0);
  index.close();
  t.is(other.parts([part(1).key, part(2).key]).size, 2);
});

test('processes share the index, and a killed one loses no more than its batch', async (t) => {
  const layout = scratchLayout(t);
  const script = (name: string) => `
    const { cacheLayout } = await load('./layout.js');
    const { Index } = await load('./index-db.js');
    const { digestOf } = await load('../base/digest.js');
    say('ready');
    await heard();
    const index = Index.open(cacheLayout(${JSON.stringify(layout.root)}));
    for (let i = 0; i < 200; i++) {
      const digest = digestOf([${JSON.stringify(name)}, i]);
      const outputs = { o: { kind: 'file', digest, bytes: { sha256: digest, size: 1 } } };
      index.putPart(${JSON.stringify(name)}, { key: digest, outputs, meta: {}, seconds: 0 });
      index.putAction({ key: digest, target: ${JSON.stringify(name)} + i, fingerprint: {}, modules: {}, outputs, parts: null, seconds: 0, run: 'r', details: {} });
    }
    say('done');
    await heard();`;
  const others = ['x', 'y', 'z'].map((name) => new OtherProcess(t, script(name)));
  for (const other of others) t.is(await other.says(), 'ready');
  for (const other of others) other.tell('go');
  for (const other of others) t.is(await other.says(), 'done');
  for (const other of others) await other.kill();
  const index = Index.open(layout);
  t.teardown(() => index.close());
  for (const name of ['x', 'y', 'z']) {
    const keys = Array.from({ length: 200 }, (_, i) => digestOf([name, i]));
    t.true(keys.every((key) => index.action(key) !== undefined));
    t.is(index.parts(keys).size, 200);
  }
  t.is(index.repaired, undefined);
});

test('where the process ends, a small log stays beside the file, and the next one finds what is in it', (t) => {
  const layout = scratchLayout(t);
  Index.open(layout).close();
  const before = readFileSync(layout.index);
  const ending = Index.open(layout);
  ending.setLast('t', digestOf('key'));
  ending.close('the process ends');
  t.deepEqual(readFileSync(layout.index), before);
  const next = Index.open(layout);
  t.is(next.lastKey('t'), digestOf('key'));
  next.close();
});

test('a large log is brought into the file also where the process ends', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  index.putOutputPath('p', { target: 't', output: 'x'.repeat(3 << 20), kind: 'file', digest: digestOf('d') });
  index.close('the process ends');
  t.false(existsSync(join(layout.cache, 'index.db-wal')));
});

test('opening writes no more than the file, and closing leaves no side files', (t) => {
  const layout = scratchLayout(t);
  Index.open(layout).close();
  t.false(existsSync(join(layout.cache, 'index.db-wal')));
  t.false(existsSync(join(layout.cache, 'index.db-shm')));
});
