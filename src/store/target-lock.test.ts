import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { OtherProcess, scratchLayout } from './scratch-for-tests.js';
import { acquireTargetLock, tryBothLocks, type Holder } from './target-lock.js';

/** Takes the lock, says so, and holds it until it is told to end or is killed. */
function holder(root: string, target: string): string {
  return `
    const { cacheLayout } = await load('./layout.js');
    const { acquireTargetLock } = await load('./target-lock.js');
    const lock = await acquireTargetLock(cacheLayout(${JSON.stringify(root)}), ${JSON.stringify(target)}, { run: 'theirs' });
    say('held');
    await heard();
    lock.release();
    say('released');`;
}

/** What becomes of an acquisition that has to wait: resolved when it waits, and the lock. */
function waiting(acquire: (onWait: (holder: Holder) => void) => ReturnType<typeof acquireTargetLock>) {
  let waits: (holder: Holder) => void = () => undefined;
  const waited = new Promise<Holder>((resolve) => {
    waits = resolve;
  });
  return { waited, lock: acquire(waits) };
}

test('two processes take turns, and the second knows whom it waits for', async (t) => {
  const layout = scratchLayout(t);
  (await acquireTargetLock(layout, 'dataset', { run: 'one-with-a-long-name' })).release();
  const other = new OtherProcess(t, holder(layout.root, 'dataset'));
  t.is(await other.says(), 'held');
  // A longer name of an earlier holder leaves nothing behind.
  const { waited, lock } = waiting((onWait) => acquireTargetLock(layout, 'dataset', { run: 'ours', onWait }));
  t.deepEqual(await waited, { pid: other.pid, run: 'theirs' });
  other.tell('end');
  (await lock).release();
  t.is(await other.says(), 'released');
});

test('the lock of a process that is killed is free', async (t) => {
  const layout = scratchLayout(t);
  const other = new OtherProcess(t, holder(layout.root, 'dataset'));
  t.is(await other.says(), 'held');
  await other.kill();
  let waited = false;
  const lock = await acquireTargetLock(layout, 'dataset', { run: 'ours', onWait: () => (waited = true) });
  t.false(waited);
  lock.release();
});

test('of many that want the lock at once one has it at a time', async (t) => {
  const layout = scratchLayout(t);
  let holders = 0;
  let turns = 0;
  const turn = async () => {
    const lock = await acquireTargetLock(layout, 'dataset', { run: 'ours' });
    t.is(++holders, 1);
    await Promise.resolve();
    turns++;
    holders--;
    lock.release();
    lock.release();
  };
  await Promise.all(Array.from({ length: 5 }, turn));
  t.is(turns, 5);
});

test('other targets are not waited for, whatever their names', async (t) => {
  const layout = scratchLayout(t);
  const names = ['split@mode=text', 'split@mode=text@seed=3', `wide@k=${'x'.repeat(400)}`, `wide@k=${'x'.repeat(401)}`];
  const locks = await Promise.all(names.map((name) => acquireTargetLock(layout, name, { run: 'ours' })));
  t.is(locks.length, names.length);
  for (const lock of locks) lock.release();
});

test('waiting ends when it is aborted, and the lock stays with its holder', async (t) => {
  const layout = scratchLayout(t);
  const held = await acquireTargetLock(layout, 'dataset', { run: 'first' });
  const stop = new AbortController();
  const reason = new Error('stopped');
  await t.throwsAsync(
    acquireTargetLock(layout, 'dataset', { run: 'second', signal: stop.signal, onWait: () => stop.abort(reason) }),
    { is: reason },
  );
  held.release();
  (await acquireTargetLock(layout, 'dataset', { run: 'third' })).release();
});

test('two locks are taken at once, or neither', async (t) => {
  const layout = scratchLayout(t);
  const other = new OtherProcess(t, holder(layout.root, 'two'));
  t.is(await other.says(), 'held');
  t.is(tryBothLocks(layout, ['one', 'two'], 'ours'), undefined);
  t.is(tryBothLocks(layout, ['two', 'one'], 'ours'), undefined);
  const third = new OtherProcess(t, holder(layout.root, 'one'));
  t.is(await third.says(), 'held', 'what was free stayed so');
  third.tell('end');
  t.is(await third.says(), 'released');
  other.tell('end');
  t.is(await other.says(), 'released');

  // They say so before their loop turns, when the locks become free.
  for (const name of ['one', 'two']) (await acquireTargetLock(layout, name, { run: 'ours' })).release();
  const locks = tryBothLocks(layout, ['one', 'two'], 'ours');
  t.is(tryBothLocks(layout, ['two', 'three'], 'ours'), undefined, 'also what this process has');
  for (const name of ['one', 'two']) {
    const { waited, lock } = waiting((onWait) => acquireTargetLock(layout, name, { run: 'next', onWait }));
    t.deepEqual(await waited, { pid: process.pid, run: 'ours' });
    locks?.[name === 'one' ? 0 : 1].release();
    (await lock).release();
  }
  t.not(tryBothLocks(layout, ['one', 'two'], 'later'), undefined, 'freed in this turn of the loop');
});

test('of two locks that a killed process had, one after the other can be taken', async (t) => {
  const layout = scratchLayout(t);
  const other = new OtherProcess(t, holder(layout.root, 'one'));
  t.is(await other.says(), 'held');
  await other.kill();
  t.is(tryBothLocks(layout, ['one', 'two'], 'ours'), undefined);
  (await acquireTargetLock(layout, 'one', { run: 'ours' })).release();
  t.not(tryBothLocks(layout, ['one', 'two'], 'ours'), undefined);
});

test('claims in which something else is written, or that are gone, are made anew', async (t) => {
  const layout = scratchLayout(t);
  writeFileSync(join(layout.locks, 'claims.db'), 'x'.repeat(5000));
  const lock = await acquireTargetLock(layout, 'dataset', { run: 'ours' });
  const { waited, lock: next } = waiting((onWait) => acquireTargetLock(layout, 'dataset', { run: 'next', onWait }));
  t.deepEqual(await waited, { pid: process.pid, run: 'ours' });
  lock.release();
  (await next).release();

  rmSync(layout.locks, { recursive: true });
  const anew = await acquireTargetLock(layout, 'dataset', { run: 'later' });
  const other = new OtherProcess(t, holder(layout.root, 'split'));
  t.is(await other.says(), 'held');
  const { waited: busy, lock: after } = waiting((onWait) =>
    acquireTargetLock(layout, 'split', { run: 'later', onWait }),
  );
  t.deepEqual(await busy, { pid: other.pid, run: 'theirs' }, 'both look into the same database');
  other.tell('end');
  (await after).release();
  anew.release();
});

test('what is freed when all is gone makes nothing anew', async (t) => {
  const layout = scratchLayout(t);
  const lock = await acquireTargetLock(layout, 'dataset', { run: 'ours' });
  rmSync(layout.cache, { recursive: true });
  lock.release();
  // What is freed is told in this turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  t.false(existsSync(layout.cache));
});

test('the log of the claims, which nobody closes, stays short', async (t) => {
  const layout = scratchLayout(t);
  for (let i = 0; i < 500; i++) (await acquireTargetLock(layout, `target ${i}`, { run: 'ours' })).release();
  t.true(statSync(join(layout.locks, 'claims.db-wal')).size < 1 << 20);
});

test('who held a lock when the claims were made anew has it again with the next call', async (t) => {
  const layout = scratchLayout(t);
  const first = await acquireTargetLock(layout, 'first', { run: 'ours' });
  const second = await acquireTargetLock(layout, 'second', { run: 'ours' });
  writeFileSync(join(layout.locks, 'claims.db'), 'x'.repeat(5000));
  const other = new OtherProcess(t, holder(layout.root, 'third'));
  t.is(await other.says(), 'held');
  first.release();
  const another = new OtherProcess(
    t,
    `const { cacheLayout } = await load('./layout.js');
     const { Claims } = await load('./claims.js');
     say(JSON.stringify(Claims.of(cacheLayout(${JSON.stringify(layout.root)})).try('second', 'theirs')));`,
  );
  t.deepEqual(JSON.parse(await another.says()), { pid: process.pid, run: 'ours' });
  second.release();
  other.tell('end');
});

test('processes that find the claims damaged at once make one new database', async (t) => {
  const layout = scratchLayout(t);
  writeFileSync(join(layout.locks, 'claims.db'), 'x'.repeat(5000));
  const others = Array.from(
    { length: 4 },
    () =>
      new OtherProcess(
        t,
        `const { cacheLayout } = await load('./layout.js');
         const { Claims } = await load('./claims.js');
         say('ready');
         await heard();
         const answer = Claims.of(cacheLayout(${JSON.stringify(layout.root)})).try('dataset', 'theirs');
         say(answer === 'claimed' ? answer : 'taken');
         await heard();`,
      ),
  );
  for (const other of others) t.is(await other.says(), 'ready');
  for (const other of others) other.tell('go');
  const said: string[] = [];
  for (const other of others) said.push(await other.says());
  t.deepEqual(said.sort(), ['claimed', 'taken', 'taken', 'taken']);
});

test('what a killed process leaves is swept by the next', async (t) => {
  const layout = scratchLayout(t);
  for (let i = 0; i < 2; i++) {
    const other = new OtherProcess(t, holder(layout.root, `target-${i}`));
    t.is(await other.says(), 'held');
    await other.kill();
  }
  const lock = await acquireTargetLock(layout, 'dataset', { run: 'ours' });
  t.is(readdirSync(layout.locks).filter((name) => name.endsWith('.holder')).length, 1, 'its own alone');
  lock.release();
});
