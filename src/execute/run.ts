import { randomBytes } from 'node:crypto';
import { scrubber } from '../base/scrub.js';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countsToJson } from './counts.js';
import { DATABASE_SIDES, moveAside } from './aside.js';
import { Places } from './place.js';
import { TargetLog } from './target-log.js';
import type { BuildEvent, BuildOutcome, BuildCounts, EventListener } from './events.js';
import type { Session } from './session.js';
import { logPath } from '../store/layout.js';
import { LatePack } from '../store/late-pack.js';
import { acquireRunLock, sweepStages, type RunLock } from '../store/run-lock.js';
import type { JsonObject } from '../base/json.js';
import type { Digest } from '../base/digest.js';
import { shortPath } from '../base/shown-path.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { executeErrors } from '../diagnostics/execute.js';

/**
 * One invocation that builds. Its record, lock and folders come into being with the first target that runs, so that a
 * build that finds everything fresh writes nothing.
 */
export class Run {
  readonly id: string;
  readonly startedMs = Date.now();
  readonly #secrets = new Set<string>();
  readonly #logs = new Map<string, TargetLog>();
  /** Where targets do their work. */
  readonly places = new Places(() => this.begin().stage);
  /** What small outputs of commands are stored in, until their results are recorded. */
  readonly pack: LatePack;
  /** The target whose parts are joined as they are made. */
  joining: string | undefined;
  #lock: RunLock | undefined;

  constructor(
    readonly session: Session,
    private readonly targets: readonly string[],
    private readonly args: JsonObject,
    private readonly listener: EventListener,
  ) {
    this.pack = new LatePack(session.objects);
    const time = new Date(this.startedMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    this.id = `${time}-${randomBytes(3).toString('hex')}`;
  }

  get begun(): boolean {
    return this.#lock !== undefined;
  }

  get seconds(): number {
    return (Date.now() - this.startedMs) / 1000;
  }

  emit(event: BuildEvent): void {
    this.listener(event);
  }

  /** Records the run and takes its stage. Before the first thing that writes. */
  begin(): RunLock {
    if (this.#lock === undefined) {
      const { layout, index } = this.session;
      this.#lock = acquireRunLock(layout, this.id);
      index.beginRun(this.id, this.startedMs, this.targets, this.args);
    }
    return this.#lock;
  }

  /** Where the index was lost since the run began. */
  recordAgain(): void {
    if (this.begun) this.session.index.beginRun(this.id, this.startedMs, this.targets, this.args);
  }

  /** Removes what runs left that were killed, and says so. Where there are none, one folder is read. */
  sweep(): void {
    const runs = sweepStages(this.session.layout);
    if (runs.length > 0) this.emit({ type: 'warning', diagnostic: executeErrors.runsSwept({ runs }) });
  }

  end(outcome: BuildOutcome | 'restored' | 'accepted', counts: BuildCounts, details: JsonObject): void {
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
    if (this.#lock === undefined) return;
    try {
      this.session.index.endRun(this.id, this.seconds, outcome, countsToJson(counts), details);
    } finally {
      this.#lock.release();
    }
  }

  log(target: string): TargetLog {
    let log = this.#logs.get(target);
    if (log === undefined) {
      log = new TargetLog(logPath(this.session.layout, this.id, target), (line) => this.scrub(line));
      this.#logs.set(target, log);
    }
    return log;
  }

  closeLog(target: string): void {
    this.#logs.get(target)?.close();
    this.#logs.delete(target);
  }

  /** Values that must show nowhere. */
  hide(secrets: Readonly<Record<string, string>>): void {
    const before = this.#secrets.size;
    for (const value of Object.values(secrets)) this.#secrets.add(value);
    if (this.#secrets.size > before) this.scrub = scrubber(this.#secrets);
  }

  /** The text with every secret replaced by `***`. */
  scrub: (text: string) => string = (text) => text;

  scrubDiagnostic(diagnostic: Diagnostic): Diagnostic {
    if (this.#secrets.size === 0) return diagnostic;
    const { headline, facts, next } = diagnostic;
    return {
      ...diagnostic,
      headline: this.scrub(headline),
      ...(facts === undefined ? {} : { facts: facts.map(([name, value]) => [name, this.scrub(value)] as const) }),
      ...(next === undefined ? {} : { next: this.scrub(next) }),
    };
  }

  /**
   * Moves something that vlmbuild did not make, or that was edited since, out of a target's way, with the side files of
   * a database. `told` later: the caller emits the event.
   */
  aside(target: string, path: string, told: 'now' | 'later' = 'now'): string {
    const { root, layout } = this.session;
    this.begin();
    const folder = join(layout.aside, this.id);
    const to = moveAside(path, shortPath(path, root), folder);
    for (const side of DATABASE_SIDES) {
      if (existsSync(`${path}${side}`)) moveAside(`${path}${side}`, `${shortPath(path, root)}${side}`, folder);
    }
    if (told === 'now') this.keptAside(target, path, to);
    return to;
  }

  keptAside(target: string, path: string, to: string): void {
    const { root } = this.session;
    this.emit({ type: 'kept-aside', target, path: shortPath(path, root), to: shortPath(to, root) });
  }

  /** Tells of a damaged object of the store, once: every decision and every target that needs it meets it. */
  warnOfDamage(digest: Digest, diagnostic: Diagnostic, target?: string): void {
    if (this.#damaged.has(digest)) return;
    this.#damaged.add(digest);
    this.emit({ type: 'warning', ...(target === undefined ? {} : { target }), diagnostic });
  }
  readonly #damaged = new Set<Digest>();

  /** Whether content of this digest was made here, or is what the lock names: it may be replaced. */
  readonly known = (digest: Digest): boolean => {
    const { index, objects, lock } = this.session;
    if (index.knowsOutput(digest) || objects.has(digest)) return true;
    this.#locked ??= new Set(Object.values(lock?.targets ?? {}).flatMap(({ outputs }) => Object.values(outputs)));
    return this.#locked.has(digest);
  };
  #locked: Set<Digest> | undefined;
}
