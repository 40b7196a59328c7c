import type { Digest } from '../base/digest.js';
import { shortPath } from '../base/shown-path.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import type { TargetError } from './failure.js';
import type { Run } from './run.js';

interface Try {
  /** 0 where it failed before it was even tried. */
  readonly attempt: number;
  readonly seconds: number;
}

/** What a target's failures leave: lines in its log, an event, and for the last one a record. */
export class TargetFailures {
  constructor(
    private readonly run: Run,
    private readonly target: string,
  ) {}

  /** It is tried once more. */
  retried(failure: TargetError, at: Try): void {
    this.#log(failure, at);
    this.#emit(failure, at, false);
  }

  /** @param key undefined where it failed before that was known */
  final(failure: TargetError, at: Try, key: Digest | undefined): void {
    this.#log(failure, at);
    if (key !== undefined) this.#record(failure, key);
    this.#emit(failure, at, true);
  }

  /** What was tried has a log, in which the end should be found too. */
  #log({ diagnostic }: TargetError, { attempt }: Try): void {
    if (attempt > 0) this.run.log(this.target).write(formatDiagnostic(diagnostic, { color: false }));
  }

  /** So that the next build knows why it runs, and `log` what happened. */
  #record({ diagnostic }: TargetError, key: Digest): void {
    const { run, target } = this;
    try {
      run.begin();
      const message = run.scrub(diagnostic.headline);
      run.session.index.putFailure(target, { key, message, run: run.id, ...this.#written() });
    } catch {
      // A full disk: the failure is on the screen, and the target is stale with or without the record.
    }
  }

  #emit({ diagnostic }: TargetError, { attempt, seconds }: Try, final: boolean): void {
    const { run, target } = this;
    run.emit({
      type: 'target-failed',
      target,
      seconds,
      diagnostic: run.scrubDiagnostic(diagnostic),
      ...this.#written(),
      attempt: Math.max(1, attempt),
      final,
    });
  }

  #written(): { readonly log?: string } {
    const log = this.run.log(this.target);
    return log.written ? { log: shortPath(log.path, this.run.session.root) } : {};
  }
}
