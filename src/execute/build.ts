import type { ExitCode } from '../diagnostics/diagnostic.js';
import type { Decision } from '../plan/decision.js';
import type { BuildCounts, BuildOutcome, EventListener } from './events.js';
import type { Session } from './session.js';

export interface BuildOptions {
  /** Words of the command line; empty: the pipeline's defaults. */
  readonly targets: readonly string[];
  /** `-k`: what does not need a failed target is still built. */
  readonly keepGoing?: boolean;
  /** `-B`: the named targets run whatever is known of them. */
  readonly force?: boolean;
  /** Builds the named targets alone, from what is on disk. */
  readonly only?: boolean;
  /** Stops with 3 where a key or a result differs from the lock; writes no lock. */
  readonly locked?: boolean;
  /** Implies `force`; remembered answers are asked anew. */
  readonly askAgain?: boolean;
  /** Aborted on Ctrl-C: hosts end within a second, what is finished is recorded. */
  readonly signal?: AbortSignal;
}

export interface BuildResult {
  readonly outcome: BuildOutcome;
  readonly exitCode: ExitCode;
  readonly counts: BuildCounts;
  /** Null where nothing ran, so that nothing was recorded. */
  readonly run: string | null;
}

/**
 * Builds targets and what they need.
 *
 * @throws UserFacingError before anything runs: words that mean nothing, a missing secret of a target that would run,
 *   with `locked` a key that differs (exit code 3).
 */
export async function build(session: Session, options: BuildOptions, listener: EventListener): Promise<BuildResult> {
  return Promise.reject(new Error(`not yet: ${session.file} ${options.targets.join()} ${typeof listener}`));
}

/** What `build` would do (`-n`, `status`, `explain`): in topological order, by target. Writes and runs nothing. */
export async function plan(
  session: Session,
  options: Pick<BuildOptions, 'targets' | 'force' | 'only'>,
): Promise<ReadonlyMap<string, Decision>> {
  return Promise.reject(new Error(`not yet: ${session.file} ${options.targets.join()}`));
}
