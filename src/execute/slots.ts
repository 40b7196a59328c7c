import { UNTIMED_LINE, type Timeline } from '../base/timeline.js';
import { Interrupted } from './failure.js';

/** What a piece of work holds while it runs. */
export interface Demand {
  readonly cpus: number;
  readonly gpus: number;
  readonly pools: Readonly<Record<string, number>>;
}

export interface Grant {
  readonly held: boolean;
  /** The lowest number that no other grant had when this one was given: where its work is drawn. */
  readonly slot: number;
  /** Gives everything back. May be called twice. */
  release(): void;
}

interface Waiter {
  readonly needs: readonly (readonly [resource: string, amount: number])[];
  readonly priority: number;
  readonly signal: AbortSignal;
  grant(): void;
  abort(): void;
}

/**
 * Slots (`-j`), GPUs and named pools, shared by targets and parts.
 *
 * What waits is served by priority, then in order of arrival. Work that lacks a resource keeps it reserved from those
 * behind it: big work is not starved by small work, and work for other pools is not held up.
 */
export class Slots {
  readonly #free: Map<string, number>;
  readonly #capacity: ReadonlyMap<string, number>;
  readonly #waiters: Waiter[] = [];
  readonly #taken = new Set<number>();
  readonly #heard = new WeakSet<AbortSignal>();

  constructor(
    capacity: {
      readonly cpus: number;
      readonly gpus: number;
      readonly pools: Readonly<Record<string, number>>;
    },
    private readonly timeline: Timeline = UNTIMED_LINE,
  ) {
    this.#capacity = new Map([
      ['cpus', capacity.cpus],
      ['gpus', capacity.gpus],
      ...Object.entries(capacity.pools).map(([name, size]) => [`pool ${name}`, size] as const),
    ]);
    this.#free = new Map(this.#capacity);
  }

  /** At once, where everything demanded is free and nobody waits for it. */
  take(demand: Demand, name: string): Grant | undefined {
    const needs = this.#needs(demand);
    return this.#waiters.length === 0 && this.#fits(needs) ? this.#take(needs, name) : undefined;
  }

  /**
   * Waits until everything demanded is free. More than there is counts as all there is.
   *
   * @param name of the work, for people
   * @throws Interrupted
   */
  async acquire(demand: Demand, priority: () => number, signal: AbortSignal, name = ''): Promise<Grant> {
    if (signal.aborted) throw new Interrupted();
    const needs = this.#needs(demand);
    if (this.#waiters.length === 0 && this.#fits(needs)) return this.#take(needs, name);
    const waiting = this.timeline.begin({
      phase: 'wait for a slot',
      lane: { type: 'waiting' },
      name,
      facts: Object.fromEntries(needs),
    });
    return new Promise<Grant>((resolve, reject) => {
      const waiter: Waiter = {
        needs,
        priority: priority(),
        signal,
        grant: () => {
          waiting.end();
          resolve(this.#take(needs, name));
        },
        abort: () => {
          waiting.end();
          reject(new Interrupted());
        },
      };
      this.#listenTo(signal);
      this.#waiters.splice(this.#place(waiter.priority), 0, waiter);
      this.#tell();
      this.#serve();
    });
  }

  /** Once to each signal: to add a listener takes the longer the more there are, and thousands wait for one signal. */
  #listenTo(signal: AbortSignal): void {
    if (this.#heard.has(signal)) return;
    this.#heard.add(signal);
    const onAbort = (): void => {
      const aborted = this.#waiters.filter((waiter) => waiter.signal === signal);
      const others = this.#waiters.filter((waiter) => waiter.signal !== signal);
      this.#waiters.splice(0, this.#waiters.length, ...others);
      for (const waiter of aborted) waiter.abort();
      this.#tell();
      // What they kept reserved may do for others.
      this.#serve();
    };
    signal.addEventListener('abort', onAbort, { once: true });
  }

  #needs({ cpus, gpus, pools }: Demand): Waiter['needs'] {
    const wanted: [string, number][] = [
      ['cpus', Math.max(1, cpus)],
      ['gpus', gpus],
      ...Object.entries(pools).map(([name, amount]): [string, number] => [`pool ${name}`, amount]),
    ];
    return wanted
      .filter(([, amount]) => amount > 0)
      .map(([name, amount]) => [name, Math.min(amount, this.#capacity.get(name) ?? amount)] as const);
  }

  #fits(needs: Waiter['needs']): boolean {
    return needs.every(([name, amount]) => amount <= (this.#free.get(name) ?? amount));
  }

  #take(needs: Waiter['needs'], name: string): Grant {
    this.#change(needs, -1);
    let slot = 1;
    while (this.#taken.has(slot)) slot++;
    this.#taken.add(slot);
    const span = this.timeline.begin({ phase: 'slot', lane: { type: 'slot', slot }, name });
    this.#tell();
    let held = true;
    return {
      slot,
      get held() {
        return held;
      },
      release: () => {
        if (!held) return;
        held = false;
        span.end();
        this.#taken.delete(slot);
        this.#change(needs, 1);
        this.#tell();
        this.#serve();
      },
    };
  }

  /** Whether nothing has any of it, nor waits for it. */
  get isIdle(): boolean {
    return this.#taken.size === 0 && this.#waiters.length === 0;
  }

  #tell(): void {
    this.timeline.load(this.#taken.size, this.#waiters.length);
  }

  #change(needs: Waiter['needs'], sign: 1 | -1): void {
    for (const [name, amount] of needs) {
      const free = this.#free.get(name);
      if (free !== undefined) this.#free.set(name, free + sign * amount);
    }
  }

  /** Behind every waiter of at least this priority. */
  #place(priority: number): number {
    let low = 0;
    let high = this.#waiters.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiters[middle]?.priority ?? -Infinity) >= priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #serve(): void {
    const reserved = new Set<string>();
    for (let i = 0; i < this.#waiters.length && !reserved.has('cpus');) {
      const waiter = this.#waiters[i];
      if (waiter === undefined) break;
      if (waiter.needs.every(([name]) => !reserved.has(name)) && this.#fits(waiter.needs)) {
        this.#waiters.splice(i, 1);
        waiter.grant();
        continue;
      }
      for (const [name, amount] of waiter.needs) if (amount > (this.#free.get(name) ?? amount)) reserved.add(name);
      i++;
    }
  }
}
