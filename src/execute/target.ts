import { DatabaseMemories } from '../artifacts/sqlite-memories.js';
import type { Digest } from '../base/digest.js';
import type { Lane, Phase } from '../base/timeline.js';
import type { Target } from '../config/pipeline.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { executeErrors } from '../diagnostics/execute.js';
import { decide } from '../plan/decide.js';
import type { Decision } from '../plan/decision.js';
import { resolveInput } from '../plan/graph.js';
import { CorruptObject } from '../store/objects.js';
import type { BuildState } from './build-state.js';
import { failureOf, InputChanged, type TargetError } from './failure.js';
import { handingOf } from './handing.js';
import { adoptResult, recordRestored } from './record.js';
import { ListingAhead } from './list-ahead.js';
import { PinnedDatabases } from './pinned-databases.js';
import { restoreTarget } from './restore-target.js';
import type { LifeEnd } from './scheduler.js';
import type { Demand, Grant } from './slots.js';
import { secondsSince } from './seconds-since.js';
import { TargetAttempts } from './target-attempts.js';
import { TargetFailures } from './target-failures.js';
import { inputsAreStill } from './still-so.js';
import { Turns } from './turns.js';

/**
 * One target's life, from the moment when all that it needs is done:
 *
 *   decide ──fresh──> done
 *     │ restorable, stale
 *   slot ──> lock ──> decide again <──databases copied? ───────────┐
 *                       │   │   └fresh──> done                     │ damaged in the store, or
 *              restorable   stale                                  │ an input changed (once)
 *                       │   │                                      │
 *                       │   run: list parts ─> make ─> assemble ───┤
 *                       │        whole rule │ command   (retries) ─┤
 *                       │   │                                      │
 *                 restore   compare inputs, and with the lock      │
 *                       │   │                                      │
 *                       │   record the action ─> install ──────────┘
 *                       │   │
 *                       unlock ──> done
 *
 * Of targets with one key that are stale at once, one is let through to the slot at a time: the others find its result.
 * Where another vlmbuild makes the result of the key for a target of another name, that is waited for too.
 * The lock is held from the second decision to the record. A slot is had before the lock, so that what waits for a slot
 * holds none, and given up while another vlmbuild holds the lock, or when a command has ended: the next one starts while
 * what this one made is recorded. The action is recorded before the outputs are moved into place: a build killed in between
 * finds the result and restores it. Whatever fails leaves the outputs that were there as they were.
 * What happens from "run" on is in target-attempts.ts.
 */
export async function liveTarget(build: BuildState, target: Target): Promise<LifeEnd> {
  const { run } = build;
  const started = performance.now();
  const life = new Life(build, target);
  try {
    return await life.live();
  } catch (thrown) {
    let failure: TargetError;
    try {
      failure = failureOf(thrown, run.session.root);
    } catch {
      build.counts.skipped++;
      return 'stopped';
    }
    build.counts.failed++;
    if (failure.different) build.different = true;
    life.fail(failure, started);
    return 'failed';
  } finally {
    run.closeLog(target.name);
  }
}

/** More decisions than this of one target in one build mean that something makes no headway. */
const MOST_ROUNDS = 20;

/** What listing parts takes, and restoring. */
const PARTS_DEMAND: Demand = { cpus: 1, gpus: 0, pools: {} };

/** So many bytes are read for longer than a host needs to begin. */
const MUCH = 16 << 20;

type Stale = Extract<Decision, { state: 'stale' }>;
type Fresh = Extract<Decision, { state: 'fresh' }>;

class Life {
  #key: Digest | undefined;
  #pinned: PinnedDatabases | undefined;
  #ahead: ListingAhead | undefined;
  readonly #turns: Turns;
  /** Given back early where only little is left to do that takes no slot. */
  #grant: Grant | undefined;
  readonly #failures: TargetFailures;
  readonly #attempts: TargetAttempts;

  constructor(
    private readonly build: BuildState,
    private readonly target: Target,
  ) {
    this.#failures = new TargetFailures(build.run, target.name);
    this.#attempts = new TargetAttempts(build, target, this.#failures);
    this.#turns = new Turns(build, target.name, () => {
      this.#grant?.release();
      // The other one may make parts that were found missing.
      this.#ahead?.drop();
    });
  }

  fail(failure: TargetError, started: number): void {
    this.#failures.final(failure, { attempt: this.#attempts.count, seconds: secondsSince(started) }, this.#key);
  }

  async live(): Promise<LifeEnd> {
    this.#ahead = ListingAhead.begin(this.build, this.target);
    try {
      return await this.#live();
    } finally {
      this.#ahead?.drop();
    }
  }

  async #live(): Promise<LifeEnd> {
    if (this.#ahead === undefined) this.#prepareHost();
    const { index } = this.build.run.session;
    let version = '';
    const first = await this.build.deciding.run(() =>
      this.#phase('decide', { type: 'group', group: 'deciding' }, () => {
        version = index.version;
        return this.#decide();
      }),
    );
    if (first.state === 'fresh') return this.#fresh(first);
    if (first.state === 'stale') this.#ahead?.decided();
    else this.#ahead?.drop();
    if (first.state !== 'stale') return this.#inSlot(first, undefined);
    return this.build.oneByOne(first.key, (waited) => this.#inSlot(first, waited ? undefined : version));
  }

  /** While much is read to decide, a host gets ready: it most likely holds something new. */
  #prepareHost(): void {
    const { work, inputs } = this.target;
    const { session } = this.build.run;
    if (work.type !== 'rule' || work.rule.shape !== 'parts') return;
    const isUnread = Object.values(inputs)
      .filter((use) => use.kind === 'sqlite' || use.kind === 'jsonl')
      .some((use) =>
        resolveInput(session.graph, use).items.some(
          ({ path }) =>
            session.digester.known(path, use.kind) === undefined &&
            (use.kind === 'sqlite' || (session.digester.sizeOf(path) ?? 0) >= MUCH),
        ),
      );
    if (isUnread) session.hosts.prepare({ bundle: work.rule.bundle, source: work.rule.path }, 1);
  }

  /** @param version of the index when it was decided first; undefined where it must be decided again in any case */
  async #inSlot(first: Decision, version: string | undefined): Promise<LifeEnd> {
    const demand = this.#demand(first);
    await this.#hold(demand);
    try {
      await this.#turns.ofTarget(first.state === 'stale' && !this.#forced ? first.key : undefined);
      await this.#hold(demand);
      return await this.#underLock(first.state === 'stale' && version !== undefined ? { first, version } : undefined);
    } finally {
      this.#pinned?.remove();
      this.#turns.end();
      this.#grant?.release();
    }
  }

  /** The slot that it has, or what it demands as soon as that is free. */
  async #hold(demand: Demand): Promise<Grant> {
    const { slots, priority, starting } = this.build;
    const { name } = this.target;
    if (this.#grant?.held !== true) this.#grant = await slots.acquire(demand, () => priority(name), starting, name);
    return this.#grant;
  }

  get #forced(): boolean {
    return this.build.planContext.forced.has(this.target.name);
  }

  async #underLock(before: { readonly first: Stale; readonly version: string } | undefined): Promise<LifeEnd> {
    let changed = false;
    for (let round = 1; ; round++) {
      // Where it was given back, what was done was of no use.
      const grant = await this.#hold(this.#runDemand);
      const decision = await this.#phase('decide', { type: 'slot', slot: grant.slot }, () =>
        round === 1 && before !== undefined && this.#stillHolds(before.first, before.version)
          ? before.first
          : this.#decide(),
      );
      try {
        switch (decision.state) {
          case 'fresh':
            return await this.#fresh(decision);
          case 'restorable':
            await restoreTarget(this.build, this.target, decision);
            return 'done';
          case 'stale':
            if (this.#pinned === undefined && (await this.#pin(decision, 'where one is written'))) break;
            if (!this.#forced && !(await this.#turns.ofKey(decision.key))) break;
            await this.#attempts.run({
              decision,
              pinned: this.#pinned,
              ahead: this.#ahead,
              hold: () => this.#hold(this.#runDemand),
            });
            this.build.made.add(decision.key);
            return 'done';
          case 'waiting':
            throw new Error(`\`${this.target.name}\` was begun before what it needs was done`);
        }
      } catch (error) {
        if (round > MOST_ROUNDS) throw error;
        if (error instanceof CorruptObject) {
          const { name } = this.target;
          const { digest } = error;
          this.build.run.warnOfDamage(digest, executeErrors.corruptObject({ target: name, digest }), name);
        } else if (error instanceof InputChanged && !changed) {
          changed = true;
          this.#warn(executeErrors.inputChangedOnce({ what: error.what }));
          if (decision.state === 'stale' && this.#pinned === undefined) await this.#pin(decision, 'in any case');
        } else throw error;
      }
    }
  }

  /** Without a lane: as part of what is done with the target. */
  async #phase<T>(phase: Phase, lane: Lane | undefined, work: () => T | Promise<T>): Promise<T> {
    const { name } = this.target;
    const { timeline } = this.build.run.session;
    return timeline.during(
      lane === undefined ? { phase, lane: { type: 'target', target: name } } : { phase, lane, name },
      work,
    );
  }

  async #decide(): Promise<Decision> {
    const { planContext, upstream } = this.build;
    const digester = this.#pinned?.over(planContext.digester) ?? planContext.digester;
    let decision = await decide(this.target, { ...planContext, digester }, upstream);
    if (this.#forced && decision.state === 'stale' && this.build.made.has(decision.key)) {
      // What was made now, not what the lock still has.
      decision = await decide(this.target, { ...planContext, digester, forced: new Set(), lock: undefined }, upstream);
    }
    if (decision.state !== 'waiting') {
      this.#key = decision.key;
      this.build.checkLocked(decision);
    }
    return decision;
  }

  /**
   * Whether a target would be decided in the same way again: nobody has recorded anything meanwhile, and its inputs are,
   * by their stats, what they were. Only of what is simple to tell; and of what is not stale, the outputs would be looked
   * at.
   */
  #stillHolds({ fingerprint }: Stale, version: string): boolean {
    const { session } = this.build.run;
    return session.index.version === version && inputsAreStill(session, this.target, fingerprint);
  }

  /** Copies the databases that the rule reads, whereupon it must be decided again; says whether there are copies now. */
  async #pin({ fingerprint }: Stale, when: 'where one is written' | 'in any case'): Promise<boolean> {
    const { run } = this.build;
    const handing = handingOf(run.session, this.target, fingerprint);
    if (when === 'where one is written' && !PinnedDatabases.areNeeded(this.target, handing)) return false;
    this.#pinned = await PinnedDatabases.copy(
      this.target,
      handing,
      run.begin().stage,
      new DatabaseMemories(run.session.layout.databases),
    );
    return this.#pinned !== undefined;
  }

  async #fresh(decision: Fresh): Promise<LifeEnd> {
    const { build, target } = this;
    const { index } = build.run.session;
    if (decision.source === 'lock') await adoptResult(build.run, target, decision);
    // Its key became another one that has the same result, which is in place already.
    else if (index.lastKey(target.name) !== decision.key) recordRestored(build.run, target, decision);
    build.settle(decision, index.action(decision.key));
    build.run.emit({ type: 'target-fresh', target: target.name, key: decision.key });
    build.counts.fresh++;
    return 'done';
  }

  /** What must be free before the target starts. Parts have demands of their own; listing them takes a slot. */
  #demand(decision: Decision): Demand {
    return decision.state === 'restorable' ? PARTS_DEMAND : this.#runDemand;
  }

  get #runDemand(): Demand {
    const { work, resources } = this.target;
    return work.type === 'rule' && work.rule.shape === 'parts' ? PARTS_DEMAND : resources;
  }

  #warn(diagnostic: Diagnostic): void {
    this.build.run.emit({ type: 'warning', target: this.target.name, diagnostic });
  }
}
