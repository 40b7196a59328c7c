import type { ArtifactRecord } from '../artifacts/kind.js';
import type { Target } from '../config/pipeline.js';
import type { Decision } from './decision.js';
import type { Digester } from './digester.js';
import type { Graph } from './graph.js';
import type { History } from './history.js';
import type { LockFile } from './lock-file.js';

/** Everything a decision looks at. Planning writes nothing. */
export interface PlanContext {
  readonly graph: Graph;
  readonly digester: Digester;
  readonly history: History;
  readonly lock: LockFile | undefined;
  readonly environment: { get(name: string): string | undefined };
  /** Targets that run whatever is known of them (`-B`). */
  readonly forced: ReadonlySet<string>;
  /** Whether the store has all bytes of a result. */
  present(record: ArtifactRecord): boolean;
  /** First line of `NAME --version` by name. @throws UserFacingError for a tool that does not start. */
  tools(names: readonly string[]): Promise<Readonly<Record<string, string>>>;
}

/**
 * What to do with one target, given what came of those it needs.
 *
 * @throws UserFacingError where an input is not there.
 */
export async function decide(
  target: Target,
  context: PlanContext,
  upstream: (target: string) => Decision | undefined,
): Promise<Decision> {
  throw new Error(`not there yet: ${target.name} ${String(context)} ${String(upstream)}`);
}

/** The decisions for the targets and all that they need, in topological order: for `status`, `explain` and `-n`. */
export async function decideAll(context: PlanContext, targets: readonly string[]): Promise<Map<string, Decision>> {
  throw new Error(`not there yet: ${String(context)} ${targets.join()}`);
}
