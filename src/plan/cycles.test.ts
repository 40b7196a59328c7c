import test from 'ava';
import fc from 'fast-check';
import { findCycles } from './cycles.js';
import { topologicalOrder } from './topological.js';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const graphs = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 10 })
  .map((edges) => (name: string) => edges.filter(([from]) => from === name).map(([, to]) => to));

/** Whether `to` is reached from `from` by one edge or more. */
function reaches(next: (name: string) => string[], from: string, to: string): boolean {
  const seen = new Set(next(from));
  for (const name of seen) for (const each of next(name)) seen.add(each);
  return seen.has(to);
}

test('each cycle is a closed round of real edges; every knot has one', (t) => {
  fc.assert(
    fc.property(graphs, (next) => {
      const cycles = findCycles(names, next);
      for (const cycle of cycles) {
        for (const [i, { from, to }] of cycle.entries()) {
          t.true(next(from).includes(to));
          t.is(cycle[(i + 1) % cycle.length]?.from, to);
        }
        t.is(new Set(cycle.map(({ from }) => from)).size, cycle.length);
      }
      const knots = names.filter((name) => reaches(next, name, name));
      for (const name of knots) {
        const around = cycles.filter(([edge]) => {
          const other = edge?.from ?? '';
          return other === name || (reaches(next, name, other) && reaches(next, other, name));
        });
        t.is(around.length, 1, name);
      }
      t.is(cycles.length === 0, knots.length === 0);
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test('the order has all names, each behind those it needs, and is the earliest such', (t) => {
  fc.assert(
    fc.property(graphs, (next) => {
      const before = (name: string): string[] => next(name).filter((other) => other < name);
      const order = topologicalOrder(names.toReversed(), before);
      t.deepEqual([...order].sort(), names);
      for (const name of names) for (const other of before(name)) t.true(order.indexOf(other) < order.indexOf(name));
      // Two neighbours stand against file order only where one needs the other.
      for (const [i, name] of order.entries()) {
        const following = order[i + 1];
        if (following !== undefined && following > name) t.true(before(following).includes(name));
      }
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test('names on a cycle come last', (t) => {
  const needs: Readonly<Record<string, string[]>> = { a: ['b'], b: ['a'], c: ['a'], d: [] };
  t.deepEqual(
    topologicalOrder(['a', 'b', 'c', 'd'], (name) => needs[name] ?? []),
    ['d', 'a', 'b', 'c'],
  );
});
