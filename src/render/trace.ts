import type { JsonObject } from '../base/json.js';
import type { Lane, TimelineEvent } from '../base/timeline.js';
import type { BuildEvent } from '../execute/events.js';
import { reasonText } from '../plan/reason-text.js';
import type { Output } from './renderer.js';

/**
 * One event of the Trace Event Format, as chrome://tracing defined it and Perfetto reads it: slices begin (`B`) and end
 * (`E`) on a thread and nest there; `b` and `e` are slices that overlap, paired by `id`; `i` is a moment, `C` a counter,
 * `M` the name of a process or thread. `ts` is in microseconds.
 */
export interface TraceEvent {
  readonly ph: 'B' | 'E' | 'b' | 'e' | 'i' | 'C' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name?: string;
  readonly cat?: string;
  readonly id?: number;
  readonly s?: 'g' | 't';
  readonly args?: JsonObject;
}

const PID = 1;
/** Lanes that may overlap are threads of their own, counted from here; the gaps leave room for those of one group. */
const FIRST = {
  build: 1,
  deciding: 10,
  target: 100_000,
  digesting: 200_000,
  joining: 300_000,
  slot: 1_000_000,
} as const;
const WORKERS = 10_000;

type Group = 'deciding' | 'digesting' | 'joining' | 'target';

interface Open {
  readonly tid: number;
  readonly name: string;
  readonly lane: Lane;
}

/**
 * Writes a build as a trace that Perfetto opens: targets on lanes of their own with what is done with them nested inside;
 * a lane a slot with the work that holds it; what is waited for; how much runs and waits.
 *
 * Every event is written when it happens, so memory does not grow with the build, and the file can be read whatever ends
 * the process: it is a JSON array, whose closing bracket readers do without.
 */
export class TraceWriter {
  readonly #now: () => number;
  readonly #open = new Map<number, Open>();
  /** Under way on each thread, innermost last: an end always ends the last one. */
  readonly #stacks = new Map<number, number[]>();
  readonly #taken: Record<Group, Set<number>> = {
    deciding: new Set(),
    digesting: new Set(),
    joining: new Set(),
    target: new Set(),
  };
  readonly #targets = new Map<string, { readonly tid: number; readonly id: number }>();
  readonly #named = new Set<number>();
  #lastTargetId = 0;
  #lastTs = 0;
  #closed = false;

  /** @param now milliseconds by the timeline's clock */
  constructor(
    private readonly out: Output,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#write({ ph: 'M', pid: PID, tid: 0, ts: 0, name: 'process_name', args: { name: 'vlmbuild' } }, '[\n');
  }

  readonly onTimeline = (event: TimelineEvent): void => {
    if (this.#closed) return;
    switch (event.type) {
      case 'began': {
        const { id, at, phase, lane, name, facts } = event;
        const label = phase === 'slot' ? (name ?? phase) : name === undefined ? phase : `${phase}: ${name}`;
        if (lane.type === 'waiting') {
          this.#open.set(id, { tid: 0, name: phase, lane });
          const args = { ...(name === undefined ? {} : { target: name }), ...facts };
          this.#write({ ph: 'b', pid: PID, tid: 0, ts: this.#ts(at), name: phase, cat: 'wait', id, args });
          break;
        }
        const tid = this.#threadOf(lane);
        if (tid === undefined) break;
        this.#begin(id, tid, at, label, phase, lane, facts);
        break;
      }
      case 'ended':
        this.#end(event.id, event.at, undefined);
        break;
      case 'load': {
        const { at, running, waiting } = event;
        this.#write({ ph: 'C', pid: PID, tid: 0, ts: this.#ts(at), name: 'running', args: { slots: running } });
        this.#write({ ph: 'C', pid: PID, tid: 0, ts: this.#ts(at), name: 'waiting', args: { work: waiting } });
        break;
      }
    }
  };

  readonly onBuild = (event: BuildEvent): void => {
    if (this.#closed) return;
    switch (event.type) {
      case 'target-started': {
        // One whose inputs changed while it ran begins again.
        this.#endTarget(event.target, { outcome: 'begun anew' });
        const { target, action, key, attempt, reasons } = event;
        const tid = this.#take('target');
        const id = -++this.#lastTargetId;
        this.#targets.set(target, { tid, id });
        const state = action === 'run' ? 'stale' : 'restorable';
        const args = { state, reasons: reasons.map(reasonText), key, attempt };
        this.#begin(id, tid, this.#now(), target, 'target', { type: 'target', target }, args);
        break;
      }
      case 'target-finished': {
        const { target, action, seconds, outputs, unchanged, parts } = event;
        const digests = Object.fromEntries(outputs.map(({ path, digest }) => [path, digest]));
        const outcome = action === 'run' ? 'built' : 'restored';
        this.#endTarget(target, { outcome, seconds, unchanged, digests, ...(parts === undefined ? {} : { parts }) });
        break;
      }
      case 'target-failed': {
        const { target, diagnostic, attempt, final } = event;
        this.#endTarget(target, { outcome: final ? 'failed' : 'failed, tries again', problem: diagnostic.headline });
        this.#moment(`failed: ${target}`, { problem: diagnostic.headline, attempt, final });
        break;
      }
      case 'part-failed': {
        const { target, part, diagnostic, attempt, final } = event;
        this.#moment(`part failed: ${part}`, { target, problem: diagnostic.headline, attempt, final });
        break;
      }
      case 'target-fresh':
        this.#moment(`fresh: ${event.target}`, { key: event.key });
        break;
      case 'target-skipped':
        this.#moment(`not built: ${event.target}`, { because: event.because });
        break;
      case 'kept-aside':
        this.#moment(`kept aside: ${event.path}`, { target: event.target, to: event.to });
        break;
      case 'warning':
        this.#moment(event.diagnostic.headline, { code: event.diagnostic.code });
        break;
      case 'build-finished': {
        const { run, outcome, seconds } = event;
        this.#moment(`build ${outcome}`, { run, seconds, ...event.counts });
        break;
      }
      case 'build-started':
      case 'target-blocked':
      case 'parts-listed':
      case 'part-finished':
      case 'progress':
      case 'log':
        break;
    }
  };

  /** Ends what is still under way, as it is where a build is interrupted. May be called twice. */
  close(): void {
    if (this.#closed) return;
    const now = this.#now();
    for (const id of [...this.#open.keys()].reverse()) this.#end(id, now, { outcome: 'cut short' });
    this.#closed = true;
    this.out.write('\n]\n');
  }

  #begin(id: number, tid: number, at: number, name: string, cat: string, lane: Lane, facts?: JsonObject): void {
    this.#open.set(id, { tid, name, lane });
    const stack = this.#stacks.get(tid);
    if (stack === undefined) this.#stacks.set(tid, [id]);
    else stack.push(id);
    const args = facts === undefined ? {} : { args: facts };
    this.#write({ ph: 'B', pid: PID, tid, ts: this.#ts(at), name, cat, ...args });
  }

  #end(id: number, at: number, facts: JsonObject | undefined): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    const args = facts === undefined ? {} : { args: facts };
    const { tid, lane, name } = open;
    if (lane.type === 'waiting') {
      this.#open.delete(id);
      this.#write({ ph: 'e', pid: PID, tid, ts: this.#ts(at), name, cat: 'wait', id, ...args });
      return;
    }
    const stack = this.#stacks.get(tid) ?? [];
    // What is nested in it ends with it.
    while (stack.length > 0 && stack.at(-1) !== id) this.#pop(stack, at, {});
    this.#pop(stack, at, args);
  }

  #pop(stack: number[], at: number, args: { readonly args?: JsonObject }): void {
    const id = stack.pop();
    const open = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined || open === undefined) return;
    this.#open.delete(id);
    this.#write({ ph: 'E', pid: PID, tid: open.tid, ts: this.#ts(at), ...args });
    if (open.lane.type === 'group') this.#taken[open.lane.group].delete(open.tid);
    if (id < 0) this.#taken.target.delete(open.tid);
  }

  #endTarget(target: string, facts: JsonObject): void {
    const open = this.#targets.get(target);
    if (open === undefined) return;
    this.#targets.delete(target);
    this.#end(open.id, this.#now(), facts);
  }

  #moment(name: string, args: JsonObject): void {
    this.#write({ ph: 'i', pid: PID, tid: FIRST.build, ts: this.#ts(this.#now()), name, s: 't', args });
  }

  /** Undefined where nothing is under way that it could be drawn in. */
  #threadOf(lane: Exclude<Lane, { type: 'waiting' }>): number | undefined {
    switch (lane.type) {
      case 'build':
        return this.#name(FIRST.build, 'build');
      case 'group':
        return this.#take(lane.group);
      case 'target':
        return this.#targets.get(lane.target)?.tid;
      case 'slot': {
        const worker = lane.worker ?? 0;
        const name = worker === 0 ? `slot ${lane.slot}` : `slot ${lane.slot}, worker ${worker}`;
        return this.#name(FIRST.slot + lane.slot * WORKERS + worker, name);
      }
    }
  }

  /** The first lane of the group on which nothing is under way. */
  #take(group: Group): number {
    const taken = this.#taken[group];
    let n = 0;
    while (taken.has(FIRST[group] + n)) n++;
    taken.add(FIRST[group] + n);
    const words = { deciding: 'deciding', digesting: 'digesting', joining: 'joining', target: 'targets' } as const;
    return this.#name(FIRST[group] + n, n === 0 ? words[group] : `${words[group]} ${n + 1}`);
  }

  #name(tid: number, name: string): number {
    if (!this.#named.has(tid)) {
      this.#named.add(tid);
      this.#write({ ph: 'M', pid: PID, tid, ts: 0, name: 'thread_name', args: { name } });
      this.#write({ ph: 'M', pid: PID, tid, ts: 0, name: 'thread_sort_index', args: { sort_index: tid } });
    }
    return tid;
  }

  /** To the nanosecond, which is what Perfetto counts in. */
  #ts(at: number): number {
    this.#lastTs = Math.max(this.#lastTs, Math.round(at * 1e6) / 1e3);
    return this.#lastTs;
  }

  #write(event: TraceEvent, before = ',\n'): void {
    this.out.write(before + JSON.stringify(event));
  }
}
