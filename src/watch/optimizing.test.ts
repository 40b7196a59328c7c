import test, { type ExecutionContext } from 'ava';
import { Optimizing } from './optimizing.js';

/** `log`: what V8 was told. `pass`: the time for which a timer was set is over. */
function setUp(t: ExecutionContext) {
  const log: boolean[] = [];
  const due = new Set<() => void>();
  const optimizing = new Optimizing(
    (milliseconds, call) => {
      t.is(milliseconds, 1000);
      due.add(call);
      return () => due.delete(call);
    },
    (isOn) => log.push(isOn),
  );
  const pass = (): void => {
    for (const call of due) call();
  };
  return { optimizing, log, pass };
}

test('nothing is optimized for work that is over soon', async (t) => {
  const { optimizing, log, pass } = setUp(t);
  t.deepEqual(log, [false]);
  t.is(await optimizing.during(async () => 'done'), 'done');
  pass();
  t.deepEqual(log, [false, false]);
});

test('work that is long is optimized until it is over, also where it fails', async (t) => {
  const { optimizing, log, pass } = setUp(t);
  const failing = optimizing.during(async () => {
    pass();
    t.deepEqual(log, [false, true]);
    throw new Error('a mistake');
  });
  await t.throwsAsync(failing, { message: 'a mistake' });
  t.deepEqual(log, [false, true, false]);
});

test('of works at once the last one ends it', async (t) => {
  const { optimizing, log, pass } = setUp(t);
  await optimizing.during(async () => {
    pass();
    await optimizing.during(async () => undefined);
    t.deepEqual(log, [false, true]);
  });
  t.deepEqual(log, [false, true, false]);
});
