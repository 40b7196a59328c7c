import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { compareContent, type ContentDifference } from '../artifacts/compare.js';
import type { Digest } from '../base/digest.js';
import type { OutputUse } from '../config/pipeline.js';
import { inputDifferences, inputItems, workDifferences, type LockDifference } from '../plan/lock-difference.js';
import { readLock, type LockedTarget } from '../plan/lock-file.js';
import { acquireRunLock } from '../store/run-lock.js';
import { build, type BuildResult } from './build.js';
import type { EventListener } from './events.js';
import { PastBytes } from './past-bytes.js';
import { copyProject } from './rebuild-copy.js';
import { openSession, type Session } from './session.js';
import { wantedOfLock } from './verify.js';

export interface RebuildDifference extends LockDifference {
  /** Of an output: where it differs. Absent where the bytes of the locked result are nowhere. */
  readonly content?: ContentDifference;
  /** The reason with which the locked result was accepted: it is not what the rule makes. */
  readonly accepted?: string;
}

export interface Rebuilt {
  readonly differences: readonly RebuildDifference[];
  /** How many targets of the lock were compared. */
  readonly targets: number;
  readonly result: BuildResult;
}

export interface RebuildOptions {
  readonly words: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Builds targets from nothing in a copy of the project below `cache/stage/`, and compares what comes out with the lock.
 * The project itself, its store and index are left as they are; answers are taken from it and kept in it.
 *
 * @throws UserFacingError (exit code 3) where there is no lock, or it does not name a wanted target.
 */
export async function rebuild(session: Session, options: RebuildOptions, listener: EventListener): Promise<Rebuilt> {
  const { pipeline, layout } = session;
  const { lock, wanted } = wantedOfLock(session, options.words);
  const here = wanted.filter((name) => pipeline.targets.has(name));
  const run = acquireRunLock(layout, `verify-${randomBytes(6).toString('hex')}`);
  try {
    const outputs = [...pipeline.targets.values()].flatMap((target) => Object.values(target.outputs));
    const file = copyProject(pipeline, layout, join(run.stage, 'copy'), { without: outputs, above: 0 });
    const scratch = await openSession({ file, environment: session.realEnvironment, jobs: session.jobs });
    try {
      const result = await build(scratch, { targets: here, keepGoing: true, signal: options.signal }, listener);
      const made = readLock(scratch.lockPath)?.targets ?? {};
      const comparison = new Comparison(session, dirname(file), join(run.stage, 'locked'));
      for (const name of wanted) {
        const [locked, now] = [lock.targets[name], made[name]];
        if (locked === undefined) continue;
        if (!pipeline.targets.has(name)) comparison.gone(name, locked);
        else if (now !== undefined) await comparison.target(name, locked, now);
      }
      return { differences: comparison.differences, targets: wanted.length, result };
    } finally {
      await scratch.close();
    }
  } finally {
    run.release();
  }
}

class Comparison {
  readonly differences: RebuildDifference[] = [];
  /** Outputs that came out different: what reads them differs because of it, which need not be told again. */
  readonly #told = new Set<string>();
  readonly #past: PastBytes;

  constructor(
    private readonly session: Session,
    private readonly copy: string,
    scratch: string,
  ) {
    this.#past = new PastBytes(session, scratch);
  }

  gone(target: string, locked: LockedTarget): void {
    this.differences.push({ target, what: 'target', locked: locked.key, found: 'not in the pipeline file' });
  }

  async target(name: string, locked: LockedTarget, now: LockedTarget): Promise<void> {
    const accepted = locked.accepted === undefined ? {} : { accepted: locked.accepted };
    const roles = new Set([...Object.keys(locked.inputs), ...Object.keys(now.inputs)]);
    const inputs = [...roles].flatMap((role) =>
      inputDifferences(name, role, inputItems(locked.inputs[role]), inputItems(now.inputs[role])),
    );
    const work = workDifferences(name, locked, now);
    this.differences.push(...work, ...inputs.filter((input) => !this.#told.has(`${input.locked} ${input.found}`)));
    if (work.length + inputs.length === 0 && locked.key !== now.key)
      this.differences.push({ target: name, what: 'key', locked: locked.key, found: now.key });
    for (const use of Object.values(this.session.pipeline.targets.get(name)?.outputs ?? {})) {
      const [before, found] = [locked.outputs[use.name], now.outputs[use.name]];
      if (before === found || found === undefined) continue;
      this.#told.add(`${before ?? 'absent'} ${found}`);
      const content = before === undefined ? undefined : await this.#content(locked.key, use, before);
      this.differences.push({
        target: name,
        what: 'output',
        name: use.name,
        path: use.path,
        locked: before ?? 'absent',
        found,
        ...(content === undefined ? {} : { content }),
        ...accepted,
      });
    }
  }

  async #content(key: Digest, use: OutputUse, digest: Digest): Promise<ContentDifference | undefined> {
    const record = this.session.index.action(key)?.outputs[use.name];
    const bytes = record?.kind === use.kind && record.digest === digest ? record.bytes : undefined;
    const before = await this.#past.find(use, digest, bytes);
    return before === undefined ? undefined : compareContent(use.kind, before, join(this.copy, use.path));
  }
}
