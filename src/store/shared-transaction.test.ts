import test from 'ava';
import { SharedTransaction } from './shared-transaction.js';

/** Transactions that keep what their work wrote only where it does not throw. */
function recorder() {
  const committed: (readonly string[])[] = [];
  let written: string[] = [];
  const shared = new SharedTransaction((work) => {
    written = [];
    work();
    committed.push(written);
  });
  return { committed, shared, write: (name: string) => () => void written.push(name) };
}

test('what comes together is one transaction, and nobody is told before it is committed', async (t) => {
  const { committed, shared, write } = recorder();
  const told: string[] = [];
  const all = ['a', 'b', 'c'].map(async (name) => {
    await shared.add(write(name));
    told.push(name);
  });
  await Promise.resolve();
  t.deepEqual([committed, told], [[], []]);
  shared.commit();
  await Promise.all(all);
  t.deepEqual([committed, told], [[['a', 'b', 'c']], ['a', 'b', 'c']]);
});

test('nobody waits for ever, nor for many', async (t) => {
  const { committed, shared, write } = recorder();
  await shared.add(write('alone'));
  await Promise.all(Array.from({ length: 40 }, (_, n) => shared.add(write(String(n)))));
  t.is(committed[0]?.length, 1);
  t.is(committed.flat().length, 41);
  t.true(committed.length < 10);
});

test('of what comes together only that fails which is to blame', async (t) => {
  const { committed, shared, write } = recorder();
  const good = shared.add(write('good'));
  const bad = shared.add(() => {
    throw new Error('no');
  });
  const other = shared.add(write('other'));
  shared.commit();
  await t.throwsAsync(bad, { message: 'no' });
  await Promise.all([good, other]);
  t.deepEqual(committed, [['good'], ['other']]);
});
