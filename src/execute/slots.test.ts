import { setMaxListeners } from 'node:events';
import test from 'ava';
import fc from 'fast-check';
import { Interrupted } from './failure.js';
import { Slots, type Grant } from './slots.js';

const never = new AbortController().signal;
setMaxListeners(0, never);
const one = { cpus: 1, gpus: 0, pools: {} };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what waits is served by priority, then in order of arrival', async (t) => {
  const slots = new Slots({ cpus: 1, gpus: 0, pools: {} });
  const first = await slots.acquire(one, () => 0, never);
  const served: string[] = [];
  const wait = async (name: string, priority: number): Promise<void> => {
    const grant = await slots.acquire(one, () => priority, never);
    served.push(name);
    grant.release();
  };
  const all = [wait('low', 1), wait('high', 9), wait('high too', 9), wait('middle', 5)];
  await turn();
  t.deepEqual(served, []);
  first.release();
  await Promise.all(all);
  t.deepEqual(served, ['high', 'high too', 'middle', 'low']);
});

test('priorities are not asked for while nothing waits', async (t) => {
  const slots = new Slots({ cpus: 1, gpus: 0, pools: {} });
  const grant = await slots.acquire(one, () => t.fail(), never);
  grant.release();
  t.pass();
});

test('work that lacks a pool does not hold up work for other pools, and is not starved by it', async (t) => {
  const slots = new Slots({ cpus: 8, gpus: 1, pools: { api: 2 } });
  const api = { cpus: 1, gpus: 0, pools: { api: 1 } };
  const held = await slots.acquire(api, () => 0, never);
  const order: string[] = [];
  const note = (name: string) => (grant: Grant) => {
    order.push(name);
    return grant;
  };
  const both = slots.acquire({ ...api, pools: { api: 2 } }, () => 5, never).then(note('both'));
  const later = slots.acquire(api, () => 1, never).then(note('later'));
  await slots.acquire({ cpus: 1, gpus: 1, pools: {} }, () => 0, never).then(note('gpu'));
  t.deepEqual(order, ['gpu']);
  held.release();
  (await both).release();
  await later;
  t.deepEqual(order, ['gpu', 'both', 'later']);
});

test('more than there is counts as all there is', async (t) => {
  const slots = new Slots({ cpus: 2, gpus: 1, pools: {} });
  const all = await slots.acquire({ cpus: 64, gpus: 8, pools: {} }, () => 0, never);
  t.true(all.held);
  all.release();
  t.false(all.held);
});

test('an interruption ends the waiting, and gives nothing away', async (t) => {
  const slots = new Slots({ cpus: 1, gpus: 0, pools: {} });
  const held = await slots.acquire(one, () => 0, never);
  const stop = new AbortController();
  const waiting = slots.acquire(one, () => 0, stop.signal);
  stop.abort();
  await t.throwsAsync(waiting, { instanceOf: Interrupted });
  await t.throwsAsync(
    slots.acquire(one, () => 0, stop.signal),
    { instanceOf: Interrupted },
  );
  held.release();
  held.release();
  const [a, b] = [slots.acquire(one, () => 0, never), slots.acquire(one, () => 0, never)];
  (await a).release();
  (await b).release();
  t.pass();
});

test('never more is given than there is, and all is given in the end', async (t) => {
  const demand = fc.record({
    cpus: fc.integer({ min: 1, max: 4 }),
    gpus: fc.integer({ min: 0, max: 2 }),
    pool: fc.integer({ min: 0, max: 3 }),
    priority: fc.integer({ min: 0, max: 3 }),
    turns: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(demand, { maxLength: 20 }), async (demands) => {
      const slots = new Slots({ cpus: 3, gpus: 1, pools: { p: 2 } });
      const used = { cpus: 0, gpus: 0, p: 0 };
      await Promise.all(
        demands.map(async ({ cpus, gpus, pool, priority, turns }) => {
          const grant = await slots.acquire({ cpus, gpus, pools: { p: pool } }, () => priority, never);
          used.cpus += Math.min(cpus, 3);
          used.gpus += Math.min(gpus, 1);
          used.p += Math.min(pool, 2);
          t.true(used.cpus <= 3 && used.gpus <= 1 && used.p <= 2);
          for (let i = 0; i < turns; i++) await turn();
          used.cpus -= Math.min(cpus, 3);
          used.gpus -= Math.min(gpus, 1);
          used.p -= Math.min(pool, 2);
          grant.release();
        }),
      );
    }),
    { numRuns: 50 },
  );
});

test('what gives up reserves nothing any more, and leaves others waiting', async (t) => {
  const slots = new Slots({ cpus: 2, gpus: 0, pools: {} });
  const held = await slots.acquire({ cpus: 1, gpus: 0, pools: {} }, () => 0, never);
  const stop = new AbortController();
  const all = slots.acquire({ cpus: 2, gpus: 0, pools: {} }, () => 9, stop.signal);
  const again = slots.acquire({ cpus: 2, gpus: 0, pools: {} }, () => 8, stop.signal);
  const small = slots.acquire({ cpus: 1, gpus: 0, pools: {} }, () => 1, never);
  const last = slots.acquire({ cpus: 1, gpus: 0, pools: {} }, () => 0, never);
  stop.abort();
  await t.throwsAsync(all, { instanceOf: Interrupted });
  await t.throwsAsync(again, { instanceOf: Interrupted });
  t.true((await small).held);
  held.release();
  t.true((await last).held);
});

test('what is free and wanted by nobody can be taken at once', async (t) => {
  const slots = new Slots({ cpus: 2, gpus: 0, pools: {} });
  const first = slots.take(one, 'a');
  const second = await slots.acquire(one, () => 0, never);
  t.true(first?.held);
  t.is(slots.take(one, 'b'), undefined);
  const waiting = slots.acquire({ ...one, cpus: 2 }, () => 0, never);
  second.release();
  t.is(slots.take(one, 'c'), undefined, 'it is kept for who waits');
  first?.release();
  (await waiting).release();
});
