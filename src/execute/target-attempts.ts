import type { ArtifactRecord } from '../artifacts/kind.js';
import type { Phase } from '../base/timeline.js';
import type { Target } from '../config/pipeline.js';
import { executeErrors } from '../diagnostics/execute.js';
import type { Decision } from '../plan/decision.js';
import type { ActionRecord } from '../store/index-db.js';
import type { BuildState } from './build-state.js';
import { failureOf, InputChanged, TargetError } from './failure.js';
import { checkInputs, handingOf, valuesOf } from './handing.js';
import { installOutputs } from './install.js';
import type { ListingAhead } from './list-ahead.js';
import { makeOutputs, type Made } from './make-outputs.js';
import type { PinnedDatabases } from './pinned-databases.js';
import type { Place } from './place.js';
import { keepReplaced, recordAction } from './record.js';
import { secondsSince } from './seconds-since.js';
import type { Grant } from './slots.js';
import { saidOfDeclared, stageOutputs } from './staging.js';
import type { TargetFailures } from './target-failures.js';
import { tellFinished } from './target-finished.js';
import type { TargetWork } from './work.js';

type Stale = Extract<Decision, { state: 'stale' }>;

/** What one run of a stale target goes by; the next one may go by other copies. */
export interface Footing {
  readonly decision: Stale;
  readonly pinned: PinnedDatabases | undefined;
  readonly ahead: ListingAhead | undefined;
  /** The slot that the target has, or another one once that is given back. */
  readonly hold: () => Promise<Grant>;
}

type Recorded = Omit<Made, 'outputs'> & { readonly outputs: Readonly<Record<string, ArtifactRecord>> };

/** A stale target's runs, tried again as often as it allows. */
export class TargetAttempts {
  #count = 0;

  constructor(
    private readonly build: BuildState,
    private readonly target: Target,
    private readonly failures: TargetFailures,
  ) {}

  /** 0 where it has not been tried. */
  get count(): number {
    return this.#count;
  }

  async run(footing: Footing): Promise<void> {
    const { build, target } = this;
    const { run } = build;
    const { decision } = footing;
    const inParts = target.work.type === 'rule' && target.work.rule.shape === 'parts';
    if (decision.refused !== undefined && !inParts) throw new TargetError(decision.refused);
    this.#checkSecrets();
    const last = run.session.index.lastSuccess(target.name);
    run.begin();
    for (;;) {
      const grant = await footing.hold();
      const started = performance.now();
      this.#count++;
      run.emit({
        type: 'target-started',
        target: target.name,
        key: decision.key,
        action: 'run',
        reasons: decision.reasons,
        attempt: this.#count,
        ...(last === undefined ? {} : { expectedSeconds: last.seconds }),
      });
      let made: Recorded;
      try {
        made = await run.places.use((place) => this.#once(footing, last, grant, place));
      } catch (error) {
        // Parts are tried again one by one; a target in parts is not.
        if (inParts || error instanceof InputChanged || this.#count > target.retries) throw error;
        const failure = failureOf(error, run.session.root);
        if (failure.different) throw error;
        this.failures.retried(failure, { attempt: this.#count, seconds: secondsSince(started) });
        continue;
      }
      const { outputs, parts } = made;
      const told = { action: 'run', seconds: secondsSince(started), before: last?.outputs, outputs } as const;
      return tellFinished(build, target, parts === null ? told : { ...told, parts });
    }
  }

  async #once(footing: Footing, last: ActionRecord | undefined, grant: Grant, place: Place): Promise<Recorded> {
    const { build, target } = this;
    const { decision, pinned, ahead } = footing;
    const { run, slots, interrupt } = build;
    const { session } = run;
    const started = performance.now();
    const original = handingOf(session, target, decision.fingerprint);
    const handing = pinned?.hand(original) ?? original;
    run.hide(handing.secrets);
    const staging = stageOutputs(run, target, place);
    const forced = build.planContext.forced.has(target.name);
    const work: TargetWork = {
      run,
      target,
      decision,
      handing,
      staging,
      slots,
      grant,
      priority: () => build.priority(target.name),
      signal: interrupt,
      forced,
      askAgain: forced && build.askAgain,
      ahead,
    };
    try {
      await this.#phase('keep what is replaced', async () => {
        await keepReplaced(run, target, last?.outputs);
        await staging.own.take();
      });
      const made = await makeOutputs(work);
      const { parts } = made;
      // What is left is not what slots are for.
      grant.release();
      await this.#phase('compare inputs', () => checkInputs(session, handing.items));
      build.checkLockedOutputs(target, made.outputs);
      const seconds = secondsSince(started);
      const others = build.isAwaited(target.name) || slots.isIdle ? 'will not come' : 'may come';
      const outputs = await this.#phase('record', () =>
        recordAction(run, target, decision, made.outputs, parts, seconds, others),
      );
      await this.#phase('install', () => installOutputs(run, target, outputs, staging));
      build.settle(
        {
          state: 'fresh',
          target: target.name,
          key: decision.key,
          fingerprint: decision.fingerprint,
          outputs,
          source: 'index',
        },
        { parts },
      );
      return { outputs, parts };
    } catch (error) {
      staging.own.putBack();
      throw saidOfDeclared(error, staging, target, session.root);
    }
  }

  #phase<T>(phase: Phase, work: () => T | Promise<T>): Promise<T> {
    const { name } = this.target;
    return this.build.run.session.timeline.during({ phase, lane: { type: 'target', target: name } }, work);
  }

  #checkSecrets(): void {
    const { name: target, secrets, at } = this.target;
    const set = valuesOf(this.build.run.session, secrets);
    for (const name of secrets) {
      if (!(name in set)) throw new TargetError(executeErrors.secretMissing({ target, name, at }));
    }
  }
}
