interface Event {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name?: string;
  readonly cat?: string;
  readonly id?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A slice as a reader of the trace puts it together. Times in microseconds. */
export interface Slice {
  readonly lane: string;
  readonly name: string;
  readonly cat: string;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface CheckedTrace {
  readonly slices: readonly Slice[];
  readonly waits: readonly Slice[];
  readonly moments: readonly string[];
  readonly counters: Readonly<Record<string, readonly number[]>>;
}

/**
 * Reads a trace as strictly as the format is written down, and says what is wrong with it: fields by phase, times that
 * go back, ends without a beginning, beginnings without an end, lanes without a name.
 */
export function checkTrace(text: string): CheckedTrace {
  const events = JSON.parse(text) as Event[];
  if (!Array.isArray(events) || events.length === 0) throw new Error('a trace is an array of events');
  const lanes = new Map<number, string>();
  for (const { ph, tid, name, args } of events) {
    if (ph === 'M' && name === 'thread_name') lanes.set(tid, String(args?.['name']));
  }
  const slices: Slice[] = [];
  const waits: Slice[] = [];
  const moments: string[] = [];
  const counters: Record<string, number[]> = {};
  const stacks = new Map<number, Event[]>();
  const pending = new Map<string, Event>();
  let last = 0;
  for (const [n, event] of events.entries()) {
    const { ph, pid, tid, ts, name, id, cat } = event;
    const wrong = (what: string): Error => new Error(`event ${n}: ${what}: ${JSON.stringify(event)}`);
    if (![pid, tid, ts].every((value) => Number.isFinite(value) && value >= 0))
      throw wrong('pid, tid and ts are numbers');
    if (!Number.isInteger(pid) || !Number.isInteger(tid)) throw wrong('ids are whole');
    if (ph !== 'E' && (typeof name !== 'string' || name === '')) throw wrong('no name');
    if (ph === 'M') continue;
    if (ts < last) throw wrong('time goes back');
    last = ts;
    const made = (begin: Event, depth: number): Slice => ({
      lane: lanes.get(begin.tid) ?? '',
      name: begin.name ?? '',
      cat: begin.cat ?? '',
      start: begin.ts,
      end: ts,
      depth,
      args: { ...begin.args, ...event.args },
    });
    switch (ph) {
      case 'B': {
        if (!lanes.has(tid)) throw wrong('its lane has no name');
        const stack = stacks.get(tid) ?? [];
        stack.push(event);
        stacks.set(tid, stack);
        break;
      }
      case 'E': {
        const stack = stacks.get(tid) ?? [];
        const begin = stack.pop();
        if (begin === undefined) throw wrong('an end without a beginning');
        slices.push(made(begin, stack.length));
        break;
      }
      case 'b': {
        const key = `${cat} ${id} ${name}`;
        if (id === undefined || cat === undefined || pending.has(key)) throw wrong('needs an id of its own');
        pending.set(key, event);
        break;
      }
      case 'e': {
        const key = `${cat} ${id} ${name}`;
        const begin = pending.get(key);
        if (begin === undefined) throw wrong('an end without a beginning');
        pending.delete(key);
        waits.push(made(begin, 0));
        break;
      }
      case 'C':
        for (const value of Object.values(event.args ?? {})) {
          if (typeof value !== 'number') throw wrong('a counter counts');
          (counters[name ?? ''] ??= []).push(value);
        }
        break;
      case 'i':
        moments.push(name ?? '');
        break;
      default:
        throw wrong('an unknown phase');
    }
  }
  const open = [...[...stacks.values()].flat(), ...pending.values()];
  if (open.length > 0) throw new Error(`${open.length} slices have no end: ${JSON.stringify(open[0])}`);
  return { slices, waits, moments, counters };
}
