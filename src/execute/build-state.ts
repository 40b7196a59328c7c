import type { Digest } from '../base/digest.js';
import type { Target } from '../config/pipeline.js';
import { executeErrors } from '../diagnostics/execute.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { PlanContext } from '../plan/decide.js';
import type { Decision } from '../plan/decision.js';
import { lockedTarget, type LockedTarget, type LockFile } from '../plan/lock-file.js';
import type { ActionRecord } from '../store/index-db.js';
import { noCounts } from './counts.js';
import { TargetError } from './failure.js';
import { Gate } from './gate.js';
import type { Run } from './run.js';
import type { Slots } from './slots.js';

type Fresh = Extract<Decision, { state: 'fresh' }>;

/** Decisions of targets whose outputs on disk are the result of their key, by target. */
export type Settled = ReadonlyMap<string, Fresh>;

/** What the lives of one build's targets share. */
export class BuildState {
  readonly counts = noCounts();
  /** Deciding is not work for a slot; still, what is decided first should start first. */
  readonly deciding = new Gate(8);
  /** Blocks for the lock, by target. */
  readonly succeeded: Record<string, LockedTarget> = {};
  /** Whether `--locked` found a difference. */
  different = false;
  readonly #done = new Map<string, Fresh>();
  readonly #lossesBefore: number;
  /** Targets for which others wait, built in this build or not. */
  readonly #awaited: ReadonlySet<string>;
  /** Assembled without parts that failed, to be tried again. */
  readonly #partial = new Set<string>();
  /** Keys whose results were made in this build: also what is forced takes these, or one key would have several results. */
  readonly made = new Set<Digest>();
  /** The last of those that are to make the result of a key. */
  readonly #making = new Map<Digest, Promise<unknown>>();

  constructor(
    readonly run: Run,
    readonly planContext: PlanContext,
    readonly slots: Slots,
    /** Longest way to the end of the build, in remembered seconds. */
    readonly priority: (target: string) => number,
    readonly options: {
      readonly askAgain: boolean;
      /** Set: every key and result must be the lock's. */
      readonly locked: LockFile | undefined;
      /** What is on disk for a target that is not built here (`--only`). */
      readonly standIn: (target: string) => Decision | undefined;
    },
    /** Aborted when everything must end. */
    readonly interrupt: AbortSignal,
    /** Aborted when nothing more may start; then or before `interrupt`. */
    readonly starting: AbortSignal,
    /** Targets that are known to be fresh and are not looked at. */
    settled: Settled,
  ) {
    this.#lossesBefore = run.session.index.losses;
    const { dependencies, orderOnly } = planContext.graph;
    this.#awaited = new Set([...dependencies.values(), ...orderOnly.values()].flat());
    for (const decision of settled.values()) this.#done.set(decision.target, decision);
  }

  /** Whether others can only go on when this target is done. */
  isAwaited(target: string): boolean {
    return this.#awaited.has(target);
  }

  /** Whether what the index said or was told during this build may not be in it any more. */
  get indexLost(): boolean {
    return this.run.session.index.losses > this.#lossesBefore;
  }

  get askAgain(): boolean {
    return this.options.askAgain;
  }

  /** What came of a target, for those that need it. */
  readonly upstream = (target: string): Decision | undefined => this.#done.get(target) ?? this.options.standIn(target);

  /** Has targets that have one key take turns: the first makes their result, the others, which `waited`, find it. */
  async oneByOne<T>(key: Digest, work: (waited: boolean) => Promise<T>): Promise<T> {
    const before = this.#making.get(key);
    const own = (async () => {
      await before?.catch(() => undefined);
      return work(before !== undefined);
    })();
    this.#making.set(key, own);
    try {
      return await own;
    } finally {
      if (this.#making.get(key) === own) this.#making.delete(key);
    }
  }

  /** What is known to be done. */
  get settled(): Settled {
    return this.#done;
  }

  /** Whether a target was assembled without parts that failed: then nothing may say that all is fresh. */
  get partial(): boolean {
    return this.#partial.size > 0;
  }

  /** What is done and need not be tried again. */
  get whole(): Settled {
    return new Map([...this.#done].filter(([target]) => !this.#partial.has(target)));
  }

  /** The target's outputs on disk are the result of its key, of which the index says so much (nothing: the lock told). */
  settle(decision: Fresh, action: Pick<ActionRecord, 'parts' | 'accepted'> | undefined): void {
    const parts = action?.parts ?? null;
    this.#done.set(decision.target, decision);
    if (parts !== null && parts.failed > 0) this.#partial.add(decision.target);
    const { graph, lock } = this.planContext;
    const target = graph.pipeline.targets.get(decision.target);
    if (target === undefined) return;
    const accepted = action?.accepted ?? acceptedOf(lock, decision);
    const digests = Object.fromEntries(Object.entries(decision.outputs).map(([name, { digest }]) => [name, digest]));
    this.succeeded[decision.target] = lockedTarget(target, decision.fingerprint, digests, {
      key: decision.key,
      parts,
      ...(accepted === undefined ? {} : { accepted }),
    });
  }

  /** @throws TargetError where `--locked` is on and the lock has another key, or another result of that key. */
  checkLocked(decision: Exclude<Decision, { state: 'waiting' }>): void {
    const [difference] = this.lockedDifferences(decision);
    if (difference !== undefined) throw new TargetError(difference, true);
  }

  /** How a decision differs from the lock, where `--locked` is on. */
  lockedDifferences(decision: Decision): readonly Diagnostic[] {
    const { locked } = this.options;
    if (locked === undefined || decision.state === 'waiting') return [];
    const entry = locked.targets[decision.target];
    if (entry?.key !== decision.key) {
      const at = this.planContext.graph.pipeline.targets.get(decision.target)?.at;
      const facts = { what: 'the key', locked: entry?.key ?? 'nothing', now: decision.key, at };
      return [executeErrors.lockDiffers({ target: decision.target, ...facts })];
    }
    return decision.state === 'stale' ? [] : this.#outputDifferences(decision.target, decision.outputs);
  }

  /** @throws TargetError where `--locked` is on and an output is not what the lock says: it is not delivered. */
  checkLockedOutputs(target: Target, outputs: Readonly<Record<string, { readonly digest: Digest }>>): void {
    const [difference] = this.#outputDifferences(target.name, outputs);
    if (difference !== undefined) throw new TargetError(difference, true);
  }

  #outputDifferences(target: string, outputs: Readonly<Record<string, { readonly digest: Digest }>>): Diagnostic[] {
    const entry = this.options.locked?.targets[target];
    if (entry === undefined) return [];
    return Object.entries(outputs)
      .filter(([name, { digest }]) => entry.outputs[name] !== digest)
      .map(([name, { digest }]) =>
        executeErrors.lockDiffers({
          target,
          what: `output \`${name}\``,
          locked: entry.outputs[name] ?? 'nothing',
          now: digest,
        }),
      );
  }
}

/** The index may be gone; the lock remembers what was accepted. */
function acceptedOf(lock: LockFile | undefined, decision: Fresh): string | undefined {
  const entry = lock?.targets[decision.target];
  return entry?.key === decision.key ? entry.accepted : undefined;
}
