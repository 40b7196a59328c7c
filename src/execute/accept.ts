import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import { sideFiles } from '../artifacts/sqlite-open.js';
import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import type { OutputUse, Target } from '../config/pipeline.js';
import { archiveErrors } from '../diagnostics/archive.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { decide, modulesOf } from '../plan/decide.js';
import type { Decision, KnownOutputs } from '../plan/decision.js';
import { detailsToJson } from '../plan/details.js';
import { neededBy, refuseAbsent, resolveWords } from '../plan/graph.js';
import { lockedTarget, type LockedTarget } from '../plan/lock-file.js';
import { acquireTargetLock } from '../store/target-lock.js';
import { noCounts } from './counts.js';
import { settleRecords, writeLock } from './finish.js';
import type { Place } from './place.js';
import { storeResults, type RunResults } from './results.js';
import { Run } from './run.js';
import type { Session } from './session.js';

export interface AcceptOptions {
  readonly words: readonly string[];
  /** One line that says why. */
  readonly reason: string;
}

export interface Accepted {
  readonly target: string;
  /** False where the outputs are the recorded result of the key already: then nothing was done. */
  readonly accepted: boolean;
  readonly key: Digest;
  readonly outputs: Readonly<Record<string, Digest>>;
}

/**
 * Records the outputs on disk as the results of the present keys, and the reason with them; the lock shows it. The store
 * keeps the bytes. What is needed of other targets must be up to date; targets are accepted in the order in which they
 * need each other, so that several can be accepted at once.
 *
 * @throws UserFacingError where a target waits for something, or an input or output is not there. What was accepted before
 *   stays.
 */
export async function accept(session: Session, options: AcceptOptions): Promise<Accepted[]> {
  const { graph, pipeline, layout } = session;
  const wanted = new Set(resolveWords(graph, options.words));
  const needed = neededBy(graph, [...wanted]);
  refuseAbsent(graph, needed);
  const run = new Run(session, [...wanted], { accepted: options.reason }, () => undefined);
  const accepting = new Accepting(session, run, options.reason);
  try {
    for (const name of needed) {
      const target = pipeline.targets.get(name);
      if (target === undefined) continue;
      if (!wanted.has(name)) await accepting.decide(target);
      else {
        const held = await acquireTargetLock(layout, name, { run: run.id });
        try {
          await accepting.accept(target);
        } finally {
          held.release();
        }
      }
    }
  } finally {
    await accepting.finish();
  }
  return accepting.accepted;
}

type Stale = Extract<Decision, { state: 'stale' }>;

class Accepting {
  readonly accepted: Accepted[] = [];
  readonly #decisions = new Map<string, Decision>();
  readonly #blocks: Record<string, LockedTarget> = {};
  readonly #results: Record<string, RunResults[string]> = {};

  constructor(
    private readonly session: Session,
    private readonly run: Run,
    private readonly reason: string,
  ) {}

  async decide(target: Target, forced?: 'forced'): Promise<Decision> {
    const context = this.session.planContext(forced === undefined ? {} : { forced: new Set([target.name]) });
    const decision = await decide(target, context, (other) => this.#decisions.get(other));
    this.#decisions.set(target.name, decision);
    return decision;
  }

  async accept(target: Target): Promise<void> {
    const { name } = target;
    const found = await this.decide(target);
    if (found.state === 'waiting') {
      const needs = (this.session.graph.dependencies.get(name) ?? []).filter((other) => {
        return this.#decisions.get(other)?.state !== 'fresh';
      });
      throw new UserFacingError(archiveErrors.acceptWaits({ target: name, needs }));
    }
    if (found.state === 'fresh') {
      this.accepted.push({ target: name, accepted: false, key: found.key, outputs: digestsOf(found.outputs) });
      return;
    }
    // As if it had to run: so that the names behind the digests are gathered.
    const decision = await this.decide(target, 'forced');
    if (decision.state !== 'stale') throw new Error(`\`${name}\` was forced and is ${decision.state}`);
    for (const use of Object.values(target.outputs)) await this.#digest(target, use);
    this.run.begin();
    const outputs = await this.run.places.use((place) => this.#keep(target, place));
    await this.#record(target, decision, outputs);
    const { key, fingerprint } = decision;
    this.#decisions.set(name, { state: 'fresh', target: name, key, fingerprint, outputs, source: 'index' });
    const digests = digestsOf(outputs);
    this.#blocks[name] = lockedTarget(target, fingerprint, digests, { accepted: this.reason });
    this.#results[name] = {
      key,
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([output, record]) => [
          output,
          { ...record, path: target.outputs[output]?.path ?? '' },
        ]),
      ),
    };
    this.accepted.push({ target: name, accepted: true, key, outputs: digests });
  }

  /** Reads the outputs, and puts their bytes into the store. */
  async #keep(target: Target, place: Place): Promise<Record<string, ArtifactRecord>> {
    const records: Record<string, ArtifactRecord> = {};
    for (const [n, use] of Object.values(target.outputs).entries()) {
      const digest = await this.#digest(target, use);
      const path = join(this.session.root, use.path);
      const keeps = target.store ? this.session.objects : null;
      // A database is made one file before it is kept: a copy of it, because this one is the user's.
      const source = use.kind === 'sqlite' ? copyDatabase(path, place.output(n)) : path;
      const record = await kindNamed(use.kind).keep(source, keeps);
      if (record.digest !== digest) this.#refuse(target, use, 'changes while it is read');
      records[use.name] = record;
    }
    return records;
  }

  async #digest(target: Target, use: OutputUse): Promise<Digest> {
    const { digester } = this.session;
    const digest = await digester.digest(use.path, use.kind).catch((error: unknown) => {
      if (!(error instanceof UserFacingError)) throw error;
      return this.#refuse(target, use, `is no ${use.kind}`);
    });
    return digest === 'absent' ? this.#refuse(target, use, 'is not there') : digest;
  }

  #refuse(target: Target, { path }: OutputUse, problem: string): never {
    throw new UserFacingError(archiveErrors.acceptAbsent({ target: target.name, path, problem }));
  }

  async #record(target: Target, decision: Stale, outputs: Record<string, ArtifactRecord>): Promise<void> {
    const { index, digester } = this.session;
    const files: Digest[] = [];
    for (const { path, kind } of Object.values(target.outputs))
      if (kind === 'directory') files.push(...(await digester.entries(path)).map(({ sha256 }) => sha256));
    index.transaction(() => {
      index.putAction({
        key: decision.key,
        target: target.name,
        fingerprint: decision.fingerprint as unknown as JsonObject,
        modules: modulesOf(target),
        outputs,
        parts: null,
        seconds: index.lastSuccess(target.name)?.seconds ?? 0,
        run: this.run.id,
        accepted: this.reason,
        details: detailsToJson(decision.details),
      });
      index.rememberOutputs(files);
      for (const { name, path, kind } of Object.values(target.outputs)) {
        const record = outputs[name];
        if (record !== undefined)
          index.putOutputPath(path, { target: target.name, output: name, kind, digest: record.digest });
      }
    });
  }

  /** Writes the lock and the run's record; where nothing was accepted, nothing. */
  async finish(): Promise<void> {
    const { run } = this;
    if (!run.begun) return;
    try {
      if (Object.keys(this.#blocks).length > 0) await writeLock({ run, succeeded: this.#blocks });
      await settleRecords({ run }, true);
    } finally {
      run.end('accepted', noCounts(), storeResults(this.session.objects, this.#results));
    }
  }
}

function digestsOf(outputs: KnownOutputs): Record<string, Digest> {
  return Object.fromEntries(Object.entries(outputs).map(([name, { digest }]) => [name, digest]));
}

function copyDatabase(path: string, folder: string): string {
  const copy = join(folder, basename(path));
  for (const file of [path, ...sideFiles(path)])
    if (!file.endsWith('-shm')) cpSync(file, copy + file.slice(path.length));
  return copy;
}
