import test from 'ava';
import type { Graph } from '../plan/graph.js';
import { timeLeft } from './time-left.js';

interface Drawn {
  readonly needs?: readonly string[];
  readonly after?: readonly string[];
  readonly parts?: boolean;
  readonly cpus?: number;
  readonly pools?: Record<string, number>;
}

/** In topological order. */
function graphOf(targets: Record<string, Drawn>, pools: Record<string, number> = {}): Graph {
  const entries = Object.entries(targets);
  const drawn = entries.map(([name, { parts = false, cpus = 1, pools = {} }]) => [
    name,
    {
      work: parts ? { type: 'rule', rule: { shape: 'parts' } } : { type: 'command' },
      resources: { cpus, gpus: 0, pools },
    },
  ]);
  return {
    pipeline: { pools, targets: new Map(drawn as never) } as unknown as Graph['pipeline'],
    dependencies: new Map(entries.map(([name, { needs = [] }]) => [name, needs])),
    orderOnly: new Map(entries.map(([name, { after = [] }]) => [name, after])),
    order: entries.map(([name]) => name),
    absent: new Map(),
  };
}

const all = (graph: Graph): Set<string> => new Set(graph.order);
const tenSeconds = (): number => 10;

test('targets that wait for nobody share the slots', (t) => {
  const graph = graphOf({ a: {}, b: {}, c: {}, d: {} });
  t.deepEqual(timeLeft(graph, all(graph), tenSeconds, 1), { seconds: 40, untimed: 0 });
  t.deepEqual(timeLeft(graph, all(graph), tenSeconds, 2), { seconds: 20, untimed: 0 });
  t.deepEqual(timeLeft(graph, all(graph), tenSeconds, 8), { seconds: 10, untimed: 0 });
});

test('a chain takes its sum with any number of slots, also where one only waits for the other', (t) => {
  const graph = graphOf({ a: {}, b: { needs: ['a'] }, c: { after: ['b'] }, d: {} });
  t.is(timeLeft(graph, all(graph), tenSeconds, 8).seconds, 30);
});

test('what is done holds nobody up', (t) => {
  const graph = graphOf({ a: {}, b: { needs: ['a'] }, c: { needs: ['b'] } });
  t.is(timeLeft(graph, new Set(['b', 'c']), tenSeconds, 8).seconds, 20);
  t.is(timeLeft(graph, new Set(), tenSeconds, 8).seconds, 0);
});

test('parts and big targets fill the slots, and pools are counted', (t) => {
  const parts = graphOf({ a: { parts: true }, b: { parts: true } });
  t.is(timeLeft(parts, all(parts), tenSeconds, 8).seconds, 20);
  const big = graphOf({ a: { cpus: 4 }, b: { cpus: 99 } });
  t.is(timeLeft(big, all(big), tenSeconds, 8).seconds, 15);
  const pool = graphOf(
    { a: { pools: { model: 1 } }, b: { pools: { model: 1 } }, c: { pools: { model: 2 } } },
    { model: 2 },
  );
  t.is(timeLeft(pool, all(pool), tenSeconds, 8).seconds, 20);
});

test('what was never timed is counted, not guessed', (t) => {
  const graph = graphOf({ a: {}, b: { needs: ['a'] } });
  t.deepEqual(
    timeLeft(graph, all(graph), (name) => (name === 'a' ? 7 : undefined), 2),
    { seconds: 7, untimed: 1 },
  );
});
