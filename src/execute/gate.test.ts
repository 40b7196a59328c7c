import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { Gate } from './gate.js';

test('so many at once, in order, also after a failure', async (t) => {
  const gate = new Gate(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (n: number) => () => {
    begun.push(n);
    return new Promise<void>((resolve, reject) => ends.push(n === 0 ? () => reject(new Error('no')) : resolve));
  };
  const first = t.throwsAsync(gate.run(work(0)));
  const others = [1, 2, 3].map((n) => gate.run(work(n)));
  await turn();
  t.deepEqual(begun, [0, 1]);
  ends[0]?.();
  await first;
  await turn();
  t.deepEqual(begun, [0, 1, 2]);
  for (let n = 1; n < 4; n++) {
    ends[n]?.();
    await turn();
  }
  await Promise.all(others);
});

test('many that wait for nothing let others have their turn', async (t) => {
  const gate = new Gate(8);
  let done = 0;
  const all = Array.from({ length: 1000 }, () => gate.run(() => Promise.resolve(done++)));
  await turn();
  t.true(done < 1000);
  await Promise.all(all);
  t.is(done, 1000);
});
