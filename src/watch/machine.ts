/**
 * Where a watch is. Pure: signals in, effects out; timers, file events and builds are the driver's (watch.ts).
 *
 *     start ──> building ──ended──> settling ──quiet──> idle          changes: of anything a build depends on,
 *               ▲  │ change            │ change          │ change     content not yet looked at
 *               │  │                   ▼                 ▼
 *               │  │                 dirty <─────────────┘            quiet: no change for a moment
 *               │  │                  ▲ │ quiet
 *               ├──│──────────────────│─┘
 *               │  ▼      ended       │
 *               │ doubtful ──────────>┤     a build runs, and changes came that it may not have seen
 *               │  │ quiet  ▲ change  │
 *               │  ▼        │         │
 *               │ probing ──┤ ──ended─┤     are the keys of the steps under way still theirs?
 *               │  │ in vain│ not     │
 *               │  │        ▼         │
 *               │  │     outdated ────┤     they are: the build goes on, the next one has the changes
 *               │  ▼        ended     │
 *               │ aborting ───────────┘     they are not: the build is stopped and begun anew
 *               │
 *               └ not where a target ran MOST_RUNS times in a chain: idle, and it is named
 *
 *     interrupt, anywhere: a build is stopped (stopping), then the watch ends (stopped)
 *
 * A pipeline file that cannot be read, a failed build, a build with nothing to do: all of them are builds that ended.
 * Builds are a chain while each comes of changes that were made while the one before it ran, and so perhaps by it.
 */
export type State =
  | 'starting'
  | 'idle'
  | 'dirty'
  | 'building'
  | 'doubtful'
  | 'probing'
  | 'outdated'
  | 'aborting'
  | 'settling'
  | 'stopping'
  | 'stopped';

export type Signal =
  | { readonly type: 'start' }
  | { readonly type: 'change' }
  | { readonly type: 'quiet' }
  | { readonly type: 'probed'; readonly inVain: boolean }
  | { readonly type: 'ended'; readonly ran: readonly string[] }
  | { readonly type: 'interrupt' };

export type Effect =
  /** `quiet` is wanted when no change has come for a moment; a wait under way begins anew. */
  | { readonly type: 'wait' }
  | { readonly type: 'build' }
  /** `probed` is wanted. */
  | { readonly type: 'probe' }
  | { readonly type: 'abort' }
  /** These ran again and again; the changes at hand are passed over. */
  | { readonly type: 'give-up'; readonly targets: readonly { readonly target: string; readonly runs: number }[] }
  | { readonly type: 'stop' };

/** A target that has run so often in one chain of builds is stopped. */
export const MOST_RUNS = 8;

export class Machine {
  #state: State = 'starting';
  /** Whether the changes at hand were made while the last build ran. */
  #chained = false;
  /** How often each target ran in this chain. */
  readonly #runs = new Map<string, number>();

  get state(): State {
    return this.#state;
  }

  /** Whether a build is under way. */
  get busy(): boolean {
    return ['building', 'doubtful', 'probing', 'outdated', 'aborting', 'stopping'].includes(this.#state);
  }

  signal(signal: Signal): readonly Effect[] {
    switch (signal.type) {
      case 'start':
        return this.#state === 'starting' ? this.#to('building', { type: 'build' }) : [];
      case 'change':
        return this.#change();
      case 'quiet':
        return this.#quiet();
      case 'probed':
        if (this.#state !== 'probing') return [];
        return signal.inVain ? this.#to('aborting', { type: 'abort' }) : this.#to('outdated');
      case 'ended':
        return this.#ended(signal.ran);
      case 'interrupt':
        return this.#interrupt();
    }
  }

  #change(): readonly Effect[] {
    switch (this.#state) {
      case 'idle':
        this.#chained = false;
        return this.#to('dirty', { type: 'wait' });
      case 'settling':
        this.#chained = true;
        return this.#to('dirty', { type: 'wait' });
      case 'dirty':
        return [{ type: 'wait' }];
      case 'building':
      case 'doubtful':
      case 'probing':
      case 'outdated':
        return this.#to('doubtful', { type: 'wait' });
      case 'starting':
      case 'aborting':
      case 'stopping':
      case 'stopped':
        return [];
    }
  }

  #quiet(): readonly Effect[] {
    switch (this.#state) {
      case 'dirty':
        return this.#begin();
      case 'doubtful':
        return this.#to('probing', { type: 'probe' });
      case 'settling':
        return this.#to('idle');
      default:
        return [];
    }
  }

  #begin(): readonly Effect[] {
    if (!this.#chained) this.#runs.clear();
    const often = [...this.#runs].filter(([, runs]) => runs >= MOST_RUNS);
    if (often.length === 0) return this.#to('building', { type: 'build' });
    this.#runs.clear();
    const targets = often.map(([target, runs]) => ({ target, runs }));
    return this.#to('idle', { type: 'give-up', targets });
  }

  #ended(ran: readonly string[]): readonly Effect[] {
    for (const target of ran) this.#runs.set(target, (this.#runs.get(target) ?? 0) + 1);
    switch (this.#state) {
      case 'building':
        return this.#to('settling', { type: 'wait' });
      case 'doubtful':
      case 'probing':
      case 'outdated':
      case 'aborting':
        this.#chained = true;
        return this.#to('dirty', { type: 'wait' });
      case 'stopping':
        return this.#to('stopped', { type: 'stop' });
      default:
        return [];
    }
  }

  #interrupt(): readonly Effect[] {
    if (this.#state === 'stopping' || this.#state === 'stopped') return [];
    if (this.#state === 'aborting') return this.#to('stopping');
    return this.busy ? this.#to('stopping', { type: 'abort' }) : this.#to('stopped', { type: 'stop' });
  }

  #to(state: State, ...effects: readonly Effect[]): readonly Effect[] {
    this.#state = state;
    return effects;
  }
}
