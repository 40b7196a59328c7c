/** An edge from a target to one it needs. */
interface Edge {
  readonly from: string;
  readonly to: string;
}

/**
 * One shortest cycle of each knot of nodes that reach each other, as its edges in order; a node that needs itself is one.
 *
 * Knots are strongly connected components (Tarjan 1972, iterative: a chain of targets may be longer than the stack).
 */
export function findCycles(nodes: readonly string[], next: (node: string) => readonly string[]): Edge[][] {
  return components(nodes, next).flatMap((component) => {
    const inside = new Set(component);
    const within = (node: string): string[] => next(node).filter((each) => inside.has(each));
    const start = component[0];
    if (start === undefined || (component.length === 1 && !within(start).includes(start))) return [];
    return [shortestRound(nodes.find((node) => inside.has(node)) ?? start, within)];
  });
}

function components(nodes: readonly string[], next: (node: string) => readonly string[]): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  const enter = (node: string): { node: string; rest: Iterator<string> } => {
    index.set(node, index.size);
    low.set(node, index.get(node) ?? 0);
    stack.push(node);
    onStack.add(node);
    return { node, rest: next(node)[Symbol.iterator]() };
  };
  const lower = (node: string, value: number | undefined): void => {
    low.set(node, Math.min(low.get(node) ?? 0, value ?? 0));
  };
  for (const start of nodes) {
    if (index.has(start)) continue;
    const frames = [enter(start)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const step = frame.rest.next();
      if (step.done !== true) {
        if (!index.has(step.value)) frames.push(enter(step.value));
        else if (onStack.has(step.value)) lower(frame.node, index.get(step.value));
        continue;
      }
      frames.pop();
      const above = frames.at(-1);
      if (above !== undefined) lower(above.node, low.get(frame.node));
      if (low.get(frame.node) !== index.get(frame.node)) continue;
      const component = stack.splice(stack.lastIndexOf(frame.node));
      for (const node of component) onStack.delete(node);
      found.push(component);
    }
  }
  return found;
}

/** Breadth first from a node back to itself. */
function shortestRound(start: string, next: (node: string) => readonly string[]): Edge[] {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const to of next(node)) {
      if (to === start) {
        const edges: Edge[] = [{ from: node, to }];
        for (let at = node; at !== start;) {
          const from = cameFrom.get(at) ?? start;
          edges.unshift({ from, to: at });
          at = from;
        }
        return edges;
      }
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, node);
      queue.push(to);
    }
  }
  return [];
}
