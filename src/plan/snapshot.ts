import type { Pipeline } from '../config/pipeline.js';

/** What a build saw, from which the next one can tell at once that nothing has changed. */
export interface SnapshotInput {
  /** The project root and the pipeline file, absolute. */
  readonly root: string;
  readonly file: string;
  /** The words of the command line that named the targets, as given. */
  readonly words: readonly string[];
  /** How many targets are fresh: what the line will say. */
  readonly targets: number;
  /** The folder from which vlmbuild runs (the one with `vlmbuild.cjs`): another installation ignores the snapshot. */
  readonly program: string;
  readonly coverage: Coverage;
  /** The real environment; of `coverage.environment` each value is remembered as a digest. */
  readonly environment: NodeJS.ProcessEnv;
  /** From the clock's probe: what is younger than a tick may change without showing it. */
  readonly now: { readonly nowNs: bigint; readonly tickNs: bigint };
}

/** All that a build's verdict depends on. Paths are absolute or root-relative. */
export interface Coverage {
  /** Inputs, folders listed, rule modules, the pipeline file, `.env`, the lock: present or absent. */
  readonly stat: ReadonlySet<string>;
  /** Outputs, and what is in them. */
  readonly lstat: ReadonlySet<string>;
  /** Names of environment variables. */
  readonly environment: ReadonlySet<string>;
}

/** What the snapshot of a build covers. `touched` is all that the digester looked at, folders it listed included. */
export function coverageOf(
  pipeline: Pipeline,
  needed: readonly string[],
  seen: { readonly touched: Iterable<string>; readonly lock: string; readonly program: string },
): Coverage {
  throw new Error(`not there yet: ${pipeline.file} ${needed.join()} ${seen.lock}`);
}

/** A snapshot taken, not yet written. */
export interface Snapshot {
  readonly bytes: Uint8Array;
  /** The newest time among everything covered, in milliseconds since 1970. */
  readonly newestMs: number;
}

/**
 * Takes the times of everything covered. Undefined where something is too young to be trusted: wait a tick, or do without.
 *
 * A file may change between its digest and this moment. So either `newestMs` is older than the start of the build by
 * more than a tick, or the caller decides everything once more after taking, and writes only if all is still fresh.
 */
export function takeSnapshot(input: SnapshotInput): Snapshot | undefined {
  throw new Error(`not there yet: ${input.root}`);
}

/** Written at once under the name for its words; of other sets of words, the newest few are kept. `base` is the layout's `snapshot`. */
export function writeSnapshot(base: string, words: readonly string[], snapshot: Snapshot): void {
  throw new Error(`not there yet: ${base} ${words.join()} ${snapshot.newestMs}`);
}
