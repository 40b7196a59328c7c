import type { Digest } from '../base/digest.js';
import type { Span } from '../base/timeline.js';
import { acquireTargetLock, tryBothLocks, type TargetLock } from '../store/target-lock.js';
import type { BuildState } from './build-state.js';

/** A target's turns among those of all builds of the project: by its own name, and by the key whose result it makes. */
export class Turns {
  #own: TargetLock | undefined;
  #key: { readonly key: Digest; readonly lock: TargetLock } | undefined;

  /** @param onWait called while another vlmbuild has its turn: what is held for this one is of more use elsewhere */
  constructor(
    private readonly build: Pick<BuildState, 'run' | 'starting'>,
    private readonly target: string,
    private readonly onWait: () => void,
  ) {}

  /**
   * Waits until no other vlmbuild has the target.
   *
   * @param key that it will most likely have: its turn is taken in the same write, where nobody has either
   */
  async ofTarget(key: Digest | undefined): Promise<void> {
    const { session, id } = this.build.run;
    const both = key === undefined ? undefined : tryBothLocks(session.layout, [this.target, key], id);
    if (key === undefined || both === undefined) {
      this.#own = (await this.#take(this.target)).lock;
      return;
    }
    const [own, lock] = both;
    this.#own = own;
    this.#key = { key, lock };
  }

  /**
   * Waits until no other vlmbuild makes the result of the key, for a target of another name. False where it may be there by
   * now: then it must be looked for. Not where the target had the key's turn before it was decided. Who has a key's turn
   * waits for no other.
   */
  async ofKey(key: Digest): Promise<boolean> {
    if (this.#key?.key === key) return true;
    this.#key?.lock.release();
    const { lock, waited } = await this.#take(key);
    this.#key = { key, lock };
    return !waited && this.build.run.session.index.action(key) === undefined;
  }

  end(): void {
    this.#key?.lock.release();
    this.#own?.release();
  }

  async #take(claimed: string): Promise<{ readonly lock: TargetLock; readonly waited: boolean }> {
    const { run, starting } = this.build;
    const { target } = this;
    let blocked: Span | undefined;
    const lock = await acquireTargetLock(run.session.layout, claimed, {
      run: run.id,
      signal: starting,
      onWait: (holder) => {
        this.onWait();
        const facts = { pid: holder.pid, run: holder.run };
        const lane = { type: 'waiting' } as const;
        blocked ??= run.session.timeline.begin({ phase: 'wait for a lock', lane, name: target, facts });
        run.emit({ type: 'target-blocked', target, holder });
      },
    }).finally(() => blocked?.end());
    return { lock, waited: blocked !== undefined };
  }
}
