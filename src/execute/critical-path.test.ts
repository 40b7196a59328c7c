import test from 'ava';
import type { Graph } from '../plan/graph.js';
import { criticalPath } from './critical-path.js';

function graphOf(dependencies: Record<string, string[]>, orderOnly: Record<string, string[]> = {}): Graph {
  return {
    pipeline: {} as Graph['pipeline'],
    dependencies: new Map(Object.entries(dependencies)),
    orderOnly: new Map(Object.entries(orderOnly)),
    order: Object.keys(dependencies),
    absent: new Map(),
  };
}

test('a target counts for itself and the longest chain that waits for it', (t) => {
  const graph = graphOf({ a: [], b: [], c: ['a'], d: ['c', 'b'], e: [] }, { d: ['e'] });
  const seconds: Record<string, number> = { a: 2, b: 50, c: 10, d: 5 };
  const path = criticalPath(graph, ['a', 'b', 'e', 'c', 'd'], (name) => seconds[name]);
  t.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name) => path(name)),
    [17, 55, 15, 5, 6],
  );
});

test('nobody is asked for seconds before a priority is', (t) => {
  criticalPath(graphOf({ a: [] }), ['a'], () => t.fail());
  t.pass();
});
