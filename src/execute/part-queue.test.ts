import test from 'ava';
import { PartQueue } from './part-queue.js';

const numbers = (batch: ReturnType<PartQueue['take']>): number[] => batch.map(({ part }) => part);

test('batches start with one part and grow as parts turn out to be short', (t) => {
  const queue = new PartQueue(1000, { workers: 2, longest: 500 });
  t.deepEqual(numbers(queue.take()), [0]);
  t.deepEqual(numbers(queue.take()), [1]);
  queue.took(0.001);
  t.is(queue.take().length, 100);
});

test('that the first ones take long, as code does that is not compiled yet, is soon forgotten', (t) => {
  const queue = new PartQueue(1000, { workers: 2, longest: 500 });
  queue.took(0.1);
  t.is(queue.take().length, 1);
  for (let part = 0; part < 6; part++) queue.took(0.002);
  t.true(queue.take().length >= 25);
});

test('the last parts are shared among the workers', (t) => {
  const queue = new PartQueue(100, { workers: 2, longest: 500 });
  queue.took(0.004);
  const sizes: number[] = [];
  while (!queue.isEmpty) sizes.push(queue.take().length);
  t.deepEqual(sizes.slice(0, 3), [25, 19, 14]);
  t.is(sizes.at(-1), 1);
  t.is(
    sizes.reduce((sum, size) => sum + size),
    100,
  );
});

test('but not in batches that take less than a message', (t) => {
  const queue = new PartQueue(150, { workers: 2, longest: 500 });
  queue.took(0.0001);
  const sizes: number[] = [];
  while (!queue.isEmpty) sizes.push(queue.take().length);
  t.deepEqual(sizes, [50, 50, 50]);
});

test('long parts, and those that may not be in batches, are handed out one by one', (t) => {
  const long = new PartQueue(10, { workers: 1, longest: 500 });
  long.took(2);
  t.is(long.take().length, 1);
  const single = new PartQueue(10, { workers: 1, longest: 1 });
  single.took(1e-6);
  t.is(single.take().length, 1);
});

test('what was in a lost batch is handed out alone, without counting as an attempt; what failed counts', (t) => {
  const queue = new PartQueue(4, { workers: 1, longest: 2 });
  queue.took(1e-6);
  const [first, second] = queue.take();
  if (first === undefined || second === undefined) throw new Error('two parts were expected');
  queue.alone(first);
  queue.again(second);
  t.deepEqual(numbers(queue.take()), [2, 3]);
  t.deepEqual(queue.take(), [{ ...first, alone: true }]);
  t.deepEqual(queue.take(), [{ ...second, attempt: 2 }]);
  t.true(queue.isEmpty);
  t.deepEqual(queue.take(), []);
});
