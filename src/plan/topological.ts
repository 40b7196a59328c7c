/**
 * Orders names so that each stands behind those it needs; of several that could be next, the one earliest in `names`
 * is (Kahn 1962 with a heap of positions). Names on a cycle, and those behind one, come last in their own order.
 */
export function topologicalOrder(names: readonly string[], before: (name: string) => readonly string[]): string[] {
  const position = new Map(names.map((name, index) => [name, index]));
  const waiting = names.map((): number => 0);
  const dependents = names.map((): number[] => []);
  for (const [index, name] of names.entries()) {
    for (const needed of new Set(before(name))) {
      const other = position.get(needed);
      if (other === undefined) continue;
      dependents[other]?.push(index);
      waiting[index] = (waiting[index] ?? 0) + 1;
    }
  }
  const ready = new Heap();
  for (const [index, count] of waiting.entries()) if (count === 0) ready.push(index);
  const order: string[] = [];
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    const name = names[index];
    if (name !== undefined) order.push(name);
    for (const dependent of dependents[index] ?? []) {
      const left = (waiting[dependent] ?? 0) - 1;
      waiting[dependent] = left;
      if (left === 0) ready.push(dependent);
    }
  }
  if (order.length === names.length) return order;
  const placed = new Set(order);
  return [...order, ...names.filter((name) => !placed.has(name))];
}

/** A binary heap: the smallest number comes out first. */
class Heap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#get(above) <= item) break;
      items[at] = this.#get(above);
      at = above;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#get(child + 1) < this.#get(child)) child++;
      if (this.#get(child) >= last) break;
      items[at] = this.#get(child);
      at = child;
    }
    items[at] = last;
    return first;
  }

  #get(index: number): number {
    return this.#items[index] ?? Number.POSITIVE_INFINITY;
  }
}
