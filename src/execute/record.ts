import type { ArtifactRecord } from '../artifacts/kind.js';
import type { JsonObject } from '../base/json.js';
import type { Target } from '../config/pipeline.js';
import { detailsToJson } from '../plan/details.js';
import type { Decision, KnownOutputs } from '../plan/decision.js';
import type { FinishedOutput } from './events.js';
import type { PartsResult } from './parts.js';
import type { Run } from './run.js';

/** Records the result of a key, before its outputs are moved into place. */
export function recordAction(
  run: Run,
  target: Target,
  decision: Extract<Decision, { state: 'stale' }>,
  outputs: Readonly<Record<string, ArtifactRecord>>,
  parts: PartsResult['parts'] | null,
  seconds: number,
): void {
  const { index } = run.session;
  index.transaction(() => {
    index.putAction({
      key: decision.key,
      target: target.name,
      fingerprint: decision.fingerprint as unknown as JsonObject,
      modules: target.work.type === 'rule' ? target.work.rule.modules : {},
      outputs,
      parts: parts === null ? null : { total: parts.total, failed: parts.failed },
      seconds,
      run: run.id,
      details: detailsToJson(decision.details),
    });
    index.clearFailure(target.name);
  });
}

/**
 * Takes outputs that the lock vouches for as vlmbuild's own, so that replacing them later, file by file in a directory,
 * is not taken for the loss of somebody's edit.
 */
export async function adoptOutputs(run: Run, target: Target, outputs: KnownOutputs): Promise<void> {
  const { index, digester } = run.session;
  for (const { name, path, kind } of Object.values(target.outputs)) {
    const output = outputs[name];
    if (output === undefined || index.outputPath(path)?.digest === output.digest) continue;
    const entries = kind === 'directory' ? await digester.entries(path) : [];
    index.transaction(() => {
      index.putOutputPath(path, { target: target.name, output: name, kind, digest: output.digest });
      index.rememberOutputs([output.digest, ...entries.map(({ sha256 }) => sha256)]);
    });
  }
}

/** What a target's outputs are, for people. The size of a directory is that of its files. */
export async function finishedOutputs(
  run: Run,
  target: Target,
  outputs: Readonly<Record<string, ArtifactRecord>>,
): Promise<readonly FinishedOutput[]> {
  const finished: FinishedOutput[] = [];
  for (const { name, path, kind } of Object.values(target.outputs)) {
    const record = outputs[name];
    if (record === undefined) continue;
    const size =
      kind === 'directory'
        ? (await run.session.digester.entries(path)).reduce((sum, entry) => sum + entry.size, 0)
        : record.bytes.size;
    finished.push({ name, path, kind, digest: record.digest, size });
  }
  return finished;
}
