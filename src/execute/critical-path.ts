import type { Graph } from '../plan/graph.js';

/**
 * By target: the seconds from its start to the end of the longest chain that waits for it, as remembered; what was
 * never built counts as one second. Computed on first need: a build in which nothing waits for a slot asks nobody.
 */
export function criticalPath(
  graph: Graph,
  names: readonly string[],
  seconds: (target: string) => number | undefined,
): (target: string) => number {
  let longest: Map<string, number> | undefined;
  return (target) => {
    longest ??= compute(graph, names, seconds);
    return longest.get(target) ?? 0;
  };
}

function compute(
  graph: Graph,
  names: readonly string[],
  seconds: (target: string) => number | undefined,
): Map<string, number> {
  const behind = new Map<string, number>();
  const longest = new Map<string, number>();
  for (const name of names.toReversed()) {
    const own = (seconds(name) ?? 1) + (behind.get(name) ?? 0);
    longest.set(name, own);
    for (const before of [graph.dependencies, graph.orderOnly].flatMap((edges) => edges.get(name) ?? [])) {
      behind.set(before, Math.max(behind.get(before) ?? 0, own));
    }
  }
  return longest;
}
