import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { JoinAhead } from '../artifacts/join-ahead.js';
import { joinedParts, type MadeBlock } from '../artifacts/joined-parts.js';
import { systemErrorCode } from '../base/system-error.js';
import type { TargetWork } from './work.js';

/** To join so much takes longer than what must be known to join it right. */
const WORTH_IT = 16 << 20;

/**
 * The outputs of a target in parts that are written ahead, as they came out last, while a host lists and makes: with a slot
 * that is free anyway, where only inputs or params changed, so that most parts are likely to be the same, and where the disk
 * has room for more than that: parts to be made need some, too.
 */
export class JoinsAhead {
  readonly #byName = new Map<string, JoinAhead>();

  static begin(work: TargetWork): JoinsAhead {
    const ahead = new JoinsAhead();
    const { run, target, decision, staging, slots } = work;
    const isLikely = decision.reasons.every(({ type }) => type === 'input-changed' || type === 'param-changed');
    if (!isLikely || work.forced || !target.store) return ahead;
    const last = run.session.index.lastSuccess(target.name)?.outputs;
    let wanted = 0;
    for (const [name, { kind, path }] of Object.entries(staging.outputs)) {
      const before = last?.[name];
      if (kind !== 'jsonl' || before?.kind !== kind || before.bytes.size < WORTH_IT) continue;
      wanted += before.bytes.size;
      if (roomAt(dirname(path)) < 2 * wanted) break;
      const grant = slots.take({ cpus: 1, gpus: 0, pools: {} }, target.name);
      if (grant === undefined) break;
      const begun = JoinAhead.begin(run.session.objects, before.bytes.sha256, `${path}.ahead`);
      if (begun === undefined) {
        grant.release();
        continue;
      }
      ahead.#byName.set(name, begun);
      const span = run.session.timeline.begin({
        phase: 'join',
        lane: { type: 'slot', slot: grant.slot },
        name: target.name,
      });
      void begun.written.then(() => {
        span.end();
        grant.release();
      });
    }
    return ahead;
  }

  /** Says with which parts the joins begin, as far as that is known. */
  expect(head: () => readonly MadeBlock[]): void {
    if (this.#byName.size === 0) return;
    const blocks = head();
    for (const [name, join] of this.#byName) {
      // What comes next may lie right behind the last of them, in the same piece.
      join.expect(joinedParts(blocks, name).extents().slice(0, -1));
    }
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  of(name: string): JoinAhead | undefined {
    return this.#byName.get(name);
  }

  /** Those that nobody took leave no file. */
  async drop(): Promise<void> {
    await Promise.all([...this.#byName.values()].map((one) => one.drop()));
  }
}

/** Bytes. None where the file system does not tell: nothing that is only meant to save time may end a build. */
function roomAt(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return 0;
  }
}
