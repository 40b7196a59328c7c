import type { Target } from '../config/pipeline.js';
import type { Graph } from '../plan/graph.js';

/** How long what is ahead will take, judged by what it took last time. */
export interface TimeLeft {
  readonly seconds: number;
  /** So many targets were never timed, and are not in `seconds`. */
  readonly untimed: number;
}

/** Seconds a target still needs; undefined where nothing tells. */
export type SecondsOf = (target: string) => number | undefined;

/**
 * The least time in which `ahead` can be done with what there is: as long as its longest chain, and as its most wanted
 * resource (slots, a pool) is busy. Whoever schedules greedily, critical path first, comes near to that.
 *
 * @param ahead targets that are not done; what is not among them holds nobody up
 */
export function timeLeft(graph: Graph, ahead: ReadonlySet<string>, seconds: SecondsOf, jobs: number): TimeLeft {
  const { pipeline } = graph;
  const ends = new Map<string, number>();
  const busy = new Map<string, number>();
  let untimed = 0;
  for (const name of graph.order) {
    const target = pipeline.targets.get(name);
    if (target === undefined || !ahead.has(name)) continue;
    const own = seconds(name);
    if (own === undefined) untimed++;
    let start = 0;
    for (const edges of [graph.dependencies, graph.orderOnly])
      for (const before of edges.get(name) ?? []) start = Math.max(start, ends.get(before) ?? 0);
    ends.set(name, start + (own ?? 0));
    for (const [resource, share] of shares(target, pipeline.pools, jobs))
      busy.set(resource, (busy.get(resource) ?? 0) + (own ?? 0) * share);
  }
  let longest = 0;
  for (const times of [ends, busy]) for (const time of times.values()) longest = Math.max(longest, time);
  return { seconds: longest, untimed };
}

/** The share of each resource that a target holds while it runs. Parts take all that they can get. */
function shares(
  { work, resources }: Pick<Target, 'work' | 'resources'>,
  pools: Readonly<Record<string, number>>,
  jobs: number,
): [resource: string, share: number][] {
  const parts = work.type === 'rule' && work.rule.shape === 'parts';
  const share = (amount: number, capacity: number): number => (parts ? 1 : Math.min(1, amount / capacity));
  return [
    ['slots', share(Math.max(1, resources.cpus), jobs)],
    ...Object.entries(resources.pools).map(([name, amount]): [string, number] => [
      `pool ${name}`,
      share(amount, pools[name] ?? amount),
    ]),
  ];
}
