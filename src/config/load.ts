import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { RuleSource } from '../rule/description.js';
import type { Environment } from './environment.js';
import type { Pipeline } from './pipeline.js';

export interface LoadOptions {
  /** The pipeline file, as the user would name it or absolute. */
  readonly file: string;
  readonly rules: RuleSource;
  /** `--set` arguments: `vars.seeds=0..19`. */
  readonly set: readonly string[];
  readonly environment: Environment;
}

export interface LoadedPipeline {
  /** Without the targets that have a problem, and without those that need one of them. */
  readonly pipeline: Pipeline;
  readonly problems: readonly Diagnostic[];
}

/**
 * Reads, fills in and checks a pipeline file. Every mistake is in `problems`, located.
 *
 * @throws UserFacingError where the file cannot be read or is not YAML (all its syntax errors at once).
 */
export async function loadPipeline(options: LoadOptions): Promise<LoadedPipeline> {
  return Promise.reject(new Error(`not there yet: ${options.file}`));
}
