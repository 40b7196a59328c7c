import type { ArtifactDigester } from '../artifacts/digester.js';
import type { Environment } from '../config/environment.js';
import type { Pipeline } from '../config/pipeline.js';
import type { HostPool } from '../host/pool.js';
import type { PlanContext } from '../plan/decide.js';
import type { Graph } from '../plan/graph.js';
import type { LockFile } from '../plan/lock-file.js';
import type { RuleLoader } from '../rule/loader.js';
import type { Index } from '../store/index-db.js';
import type { CacheLayout } from '../store/layout.js';
import type { ObjectStore } from '../store/objects.js';

export interface SessionOptions {
  /** The pipeline file, absolute; its folder is the project root. */
  readonly file: string;
  /** `--set` arguments. */
  readonly set?: readonly string[];
  /** The real environment: `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
  /** How many hosts may work at once. */
  readonly jobs?: number;
  /** `nothing`: no stat record is believed, every byte is read (`verify`). */
  readonly trust?: 'stat' | 'nothing';
}

/**
 * A project opened: its pipeline read and checked, its store at hand. Every command begins with one. Cheap: a host is
 * started only where a rule must be described or run.
 */
export interface Session {
  readonly root: string;
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly graph: Graph;
  readonly environment: Environment;
  readonly realEnvironment: NodeJS.ProcessEnv;
  readonly layout: CacheLayout;
  readonly objects: ObjectStore;
  readonly index: Index;
  readonly digester: ArtifactDigester;
  readonly rules: RuleLoader;
  readonly hosts: HostPool;
  readonly jobs: number;
  /** Where the lock is, whether it exists or not; and what it says. */
  readonly lockPath: string;
  readonly lock: LockFile | undefined;
  /** What decisions are made from. */
  planContext(options?: { readonly forced?: ReadonlySet<string> }): PlanContext;
  /** Writes what is buffered, ends the hosts, closes the store. May be called twice. */
  close(): Promise<void>;
}

/**
 * @throws UserFacingError with everything that is wrong with the pipeline (exit code 2).
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  return Promise.reject(new Error(`not yet: ${options.file}`));
}
