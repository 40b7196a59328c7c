import {
  existsSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import Sqlite from 'better-sqlite3';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { digestOf } from '../base/digest.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { Index, type ActionRecord, type PartRecord } from './index-db.js';
import { INDEX_FORMAT } from './index-schema.js';
import type { CacheLayout } from './layout.js';
import { OtherProcess, scratchLayout } from './scratch-for-tests.js';

function action(n: number): ActionRecord {
  return {
    key: digestOf(n),
    target: `t${String(n)}`,
    fingerprint: { text: 'x'.repeat(500) },
    modules: {},
    outputs: {},
    parts: null,
    seconds: 0,
    run: 'r',
    details: {},
  };
}

/** An index of some pages, closed. */
function filled(t: ExecutionContext): CacheLayout {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  index.transaction(() => {
    for (let n = 0; n < 100; n++) index.putAction(action(n));
  });
  index.close();
  return layout;
}

/** Everything works, whatever was there before. */
function usable(t: ExecutionContext, layout: CacheLayout): Index {
  const index = Index.open(layout);
  t.notThrows(() => index.recentActions(1000));
  index.putAction(action(1000));
  index.flush();
  t.deepEqual(index.action(action(1000).key), action(1000));
  return index;
}

test('an index that is cut short anywhere is made anew and said so, and the old one kept', (t) => {
  const layout = filled(t);
  const whole = readFileSync(layout.index);
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), (length) => {
      for (const suffix of ['', '-wal', '-shm', '.damaged']) rmSync(layout.index + suffix, { force: true });
      writeFileSync(layout.index, whole.subarray(0, length));
      const index = usable(t, layout);
      // Of an empty file nothing tells that it was more.
      if (length > 0) {
        t.regex(index.repaired ?? '', /^the index was damaged \(.*\): it is made anew/);
        t.is(statSync(`${layout.index}.damaged`).size, length);
      }
      index.close();
      const again = Index.open(layout);
      t.is(again.repaired, undefined);
      t.deepEqual(again.action(action(1000).key), action(1000));
      again.close();
    }),
    { seed: 1, numRuns: 15, examples: [[0], [1], [50], [4096], [8192], [whole.length - 1]] },
  );
});

test('damage in the middle is found when it is met, and what was being written is not lost', (t) => {
  const layout = filled(t);
  const pages = statSync(layout.index).size / 4096;
  const file = openSync(layout.index, 'r+');
  // All but the first page, which holds the schema.
  for (let page = 1; page < pages; page++) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(file);
  const index = Index.open(layout);
  t.is(index.repaired, undefined);
  index.putPart('t', { key: digestOf('p'), outputs: {}, meta: {}, seconds: 1 });
  index.putAction(action(7));
  t.regex(index.repaired ?? '', /damaged/);
  t.deepEqual(index.action(action(7).key), action(7));
  t.is(index.parts([digestOf('p')]).size, 1);
  index.close();
  const again = Index.open(layout);
  t.deepEqual(again.action(action(7).key), action(7));
  t.is(again.repaired, undefined);
  again.close();
});

test('a record in which a byte changed is damage too', (t) => {
  const layout = filled(t);
  const database = new Sqlite(layout.index);
  // Still JSON.
  database.prepare("UPDATE actions SET record = replace(record, 'xxx', 'xxy') WHERE key = ?").run(digestOf(5));
  database.close();
  const index = Index.open(layout);
  t.is(index.action(digestOf(5)), undefined);
  t.regex(index.repaired ?? '', /^1 record of the index was damaged .* the others are kept$/);
  t.deepEqual(index.action(action(4).key), action(4));
  t.false(existsSync(`${layout.index}.damaged`));
  index.close();
});

test('of an index in which a name changed nothing is believed', (t) => {
  const layout = filled(t);
  const database = new Sqlite(layout.index);
  const key = digestOf(5);
  // As on the disk: the row has another name than that by which it is found.
  database.unsafeMode();
  database.pragma('writable_schema = ON');
  database.exec('DROP INDEX actions_by_target');
  database
    .prepare("UPDATE actions SET target = 'other', record = replace(record, 'xxx', 'xxy') WHERE key = ?")
    .run(key);
  database.exec("CREATE INDEX actions_by_target ON actions (target, seq) WHERE target <> 'other'");
  database
    .prepare("UPDATE sqlite_master SET sql = 'CREATE INDEX actions_by_target ON actions (target, seq)' WHERE name = ?")
    .run('actions_by_target');
  database.close();
  const index = Index.open(layout);
  t.is(index.action(key), undefined);
  t.regex(index.repaired ?? '', /^the index was damaged/);
  t.is(index.action(action(4).key), undefined);
  index.close();
});

test('whatever bit of the file flips, nothing is told that was not recorded', (t) => {
  const layout = scratchLayout(t);
  const digest = digestOf('bytes');
  const output = { kind: 'jsonl', digest, bytes: { sha256: digest, size: 7, inside: { blob: digest, from: 3 } } };
  const parts = Array.from({ length: 40 }, (_, n): PartRecord => ({
    key: digestOf({ part: n }),
    outputs: { rows: output },
    meta: { kept: n },
    seconds: n,
  }));
  const filled = Index.open(layout);
  for (let n = 0; n < 40; n++) {
    filled.putAction(action(n));
    filled.putFailure(`f${String(n)}`, { key: digest, message: `m${String(n)}`, run: 'r' });
    filled.putOutputPath(`p${String(n)}`, { ...output, target: 't', output: 'o', directoryEntries: { a: digest } });
  }
  for (const part of parts) filled.putPart('t', part);
  filled.beginRun('r', 1, ['t'], {});
  const told = (index: Index): Map<string, unknown> => {
    const all = new Map<string, unknown>();
    for (let n = 0; n < 40; n++) {
      all.set(`action ${String(n)}`, index.action(action(n).key));
      all.set(`last ${String(n)}`, index.lastSuccess(`t${String(n)}`));
      all.set(`failure ${String(n)}`, index.failure(`f${String(n)}`));
      all.set(`path ${String(n)}`, index.outputPath(`p${String(n)}`));
    }
    for (const part of index.parts(parts.map(({ key }) => key)).values()) all.set(part.key, part);
    for (const run of index.runs(10)) all.set(run.id, run);
    return all;
  };
  filled.flush();
  const expected = told(filled);
  filled.close();
  const whole = readFileSync(layout.index);
  let noticed = 0;
  fc.assert(
    fc.property(fc.nat({ max: whole.length * 8 - 1 }), (bit) => {
      for (const suffix of ['-wal', '-shm', '.damaged']) rmSync(layout.index + suffix, { force: true });
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(layout.index, flipped);
      let index: Index;
      try {
        index = Index.open(layout);
      } catch (error) {
        // Of a newer format, as far as anybody can tell.
        t.true(error instanceof UserFacingError);
        return;
      }
      for (const [name, value] of told(index)) if (value !== undefined) t.deepEqual(value, expected.get(name), name);
      if (index.repaired !== undefined) noticed++;
      index.close();
    }),
    { seed: 7, numRuns: 200 },
  );
  t.true(noticed > 50, `${String(noticed)} were noticed`);
});

test('a file that was put in the place of the open one is opened when that is asked for', (t) => {
  const layout = filled(t);
  const index = Index.open(layout);
  index.recheck();
  t.is(index.losses, 0);
  // As another process does that finds it damaged.
  renameSync(layout.index, `${layout.index}.damaged`);
  const other = Index.open(layout);
  other.putAction(action(1));
  other.close();
  index.recheck();
  t.deepEqual(index.recentActions(10), [action(1)]);
  index.putAction(action(2));
  rmSync(layout.index);
  index.recheck();
  t.is(index.losses, 2);
  t.deepEqual(index.recentActions(10), []);
  index.close();
  t.is(index.repaired, undefined, 'nothing was damaged');
});

test('garbage and foreign databases are moved aside', (t) => {
  const layout = scratchLayout(t);
  writeFileSync(layout.index, 'not a database! '.repeat(1024));
  const index = usable(t, layout);
  t.regex(index.repaired ?? '', /is not a database/);
  index.close();

  const other = scratchLayout(t);
  const database = new Sqlite(other.index);
  database.exec('CREATE TABLE mine (x)');
  database.close();
  usable(t, other).close();
  t.true(existsSync(`${other.index}.damaged`));
});

test('an index of another format is made anew, of a newer one refused and left alone', (t) => {
  const layout = filled(t);
  const database = new Sqlite(layout.index);
  database.pragma('user_version = -1');
  database.close();
  const index = usable(t, layout);
  t.regex(index.repaired ?? '', /format -1/);
  index.close();

  const newer = new Sqlite(layout.index);
  newer.pragma(`user_version = ${String(INDEX_FORMAT + 1)}`);
  newer.close();
  const before = readFileSync(layout.index);
  const error = t.throws(() => Index.open(layout), { instanceOf: UserFacingError });
  t.is(error.diagnostics[0]?.code, 'VB503');
  t.true(readFileSync(layout.index).equals(before));
});

test('processes that find the same damage at once make one new index', async (t) => {
  const layout = filled(t);
  truncateSync(layout.index, 5000);
  const others = Array.from(
    { length: 3 },
    (_, n) =>
      new OtherProcess(
        t,
        `const { cacheLayout } = await load('./layout.js');
         const { Index } = await load('./index-db.js');
         const { digestOf } = await load('../base/digest.js');
         say('ready');
         await heard();
         const index = Index.open(cacheLayout(${JSON.stringify(layout.root)}));
         index.putFailure('t${String(n)}', { key: digestOf(1), message: 'm', run: 'r' });
         index.close();
         say(index.repaired === undefined ? 'fine' : 'repaired');`,
      ),
  );
  for (const other of others) t.is(await other.says(), 'ready');
  for (const other of others) other.tell('go');
  const said: string[] = [];
  for (const other of others) said.push(await other.says());
  t.is(said.filter((word) => word === 'repaired').length, 1, said.join());
  const index = Index.open(layout);
  for (let n = 0; n < 3; n++) t.is(index.failure(`t${String(n)}`)?.message, 'm');
  t.is(index.repaired, undefined);
  index.close();
});

test('an index that cannot be written says so, keeps what it has, and is well afterwards', async (t) => {
  const layout = filled(t);
  const other = new OtherProcess(
    t,
    `const { cacheLayout } = await load('./layout.js');
     const { Index } = await load('./index-db.js');
     const index = Index.open(cacheLayout(${JSON.stringify(layout.root)}));
     try {
       for (let i = 0; i < 100000; i++) index.putFailure('big' + i, { key: 'k', message: 'x'.repeat(10000), run: 'r' });
       say('written');
     } catch (error) { say(error.name + ' ' + error.diagnostics?.[0]?.code); }
     say(index.failure('big0').run);
     say(String(index.repaired));`,
    // A limit on the size of files fails a write half-way, as a full disk does.
    { shell: `trap '' XFSZ; ulimit -f 1024` },
  );
  t.regex(await other.says(), /^UserFacingError VB50[29]$/);
  t.is(await other.says(), 'r');
  t.is(await other.says(), 'undefined');
  const index = usable(t, layout);
  t.is(index.repaired, undefined);
  t.is(index.recentActions(1000).length, 101);
  index.close();
});

test('the version tells that another connection has written, and says nothing of what this one wrote', (t) => {
  const layout = scratchLayout(t);
  const index = Index.open(layout);
  const other = Index.open(layout);
  t.teardown(() => {
    index.close();
    other.close();
  });
  const { version } = index;
  index.putAction(action(1));
  t.is(index.version, version);
  other.putAction(action(2));
  t.not(index.version, version);
});
