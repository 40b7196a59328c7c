import type { JsonObject } from './json.js';

/** What takes time in a build. */
export type Phase =
  /** Until the pipeline begins to be read: Node, and vlmbuild's own code. */
  | 'start'
  | 'read the pipeline'
  | 'open the store'
  | 'check before anything runs'
  | 'decide'
  /** Bytes of one file are read for their digest. */
  | 'digest'
  | 'wait for a slot'
  /** Another vlmbuild works on the target. */
  | 'wait for a lock'
  /** A slot is held: by a whole target, by one that lists or assembles its parts, or by a part. */
  | 'slot'
  | 'list'
  | 'make'
  | 'assemble'
  | 'join'
  | 'run'
  | 'keep what is replaced'
  | 'compare inputs'
  | 'record'
  | 'install'
  | 'write the lock'
  | 'settle records'
  | 'take the snapshot'
  | 'record the run'
  | 'bound the store';

/** Where a phase is drawn: phases of one lane nest, those of a group may overlap. */
export type Lane =
  | { readonly type: 'build' }
  | { readonly type: 'group'; readonly group: 'deciding' | 'digesting' | 'joining' }
  | { readonly type: 'waiting' }
  | { readonly type: 'target'; readonly target: string }
  /** `worker` where parts that wait share a slot. */
  | { readonly type: 'slot'; readonly slot: number; readonly worker?: number };

export interface PhaseStart {
  readonly phase: Phase;
  readonly lane: Lane;
  /** What it is of, for people: a target, a part, a file. The phase itself where nothing is said. */
  readonly name?: string;
  readonly facts?: JsonObject;
}

/** Times are milliseconds since the process started, by a clock that only goes forward. */
export type TimelineEvent =
  | ({ readonly type: 'began'; readonly id: number; readonly at: number } & PhaseStart)
  | { readonly type: 'ended'; readonly id: number; readonly at: number }
  /** Pieces of work that hold slots, and that wait for one. */
  | { readonly type: 'load'; readonly at: number; readonly running: number; readonly waiting: number };

/** A phase under way. */
export interface Span {
  /** May be called twice. */
  end(): void;
}

const UNTIMED: Span = { end: () => undefined };

/** Tells where a build's time goes, to whoever measures it; where nobody does, it costs next to nothing. */
export class Timeline {
  #lastId = 0;

  constructor(private readonly listener?: (event: TimelineEvent) => void) {}

  get isOn(): boolean {
    return this.listener !== undefined;
  }

  /** @param at when it began, where that was before now */
  begin(start: PhaseStart, at?: number): Span {
    const { listener } = this;
    if (listener === undefined) return UNTIMED;
    const id = ++this.#lastId;
    listener({ type: 'began', id, at: at ?? performance.now(), ...start });
    let ended = false;
    return {
      end: () => {
        if (ended) return;
        ended = true;
        listener({ type: 'ended', id, at: performance.now() });
      },
    };
  }

  /** Runs `work` as a phase, which ends however `work` does. */
  async during<T>(start: PhaseStart, work: () => T | Promise<T>): Promise<T> {
    const span = this.begin(start);
    try {
      return await work();
    } finally {
      span.end();
    }
  }

  load(running: number, waiting: number): void {
    this.listener?.({ type: 'load', at: performance.now(), running, waiting });
  }
}

export const UNTIMED_LINE = new Timeline();
