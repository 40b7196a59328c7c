import type { ArtifactRecord } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Target } from '../config/pipeline.js';
import type { BuildState } from './build-state.js';
import type { BuildEvent, FinishedOutput } from './events.js';
import type { Run } from './run.js';

type Finished = Extract<BuildEvent, { type: 'target-finished' }>;

/** What a target's outputs had come to before. */
type Before = Readonly<Record<string, { readonly digest: Digest }>> | undefined;

/**
 * Counts a target whose outputs are in place and recorded, and tells of it. Last in its life: where even this fails it is
 * told, and counted, as failed alone.
 */
export async function tellFinished(
  { run, counts }: Pick<BuildState, 'run' | 'counts'>,
  target: Target,
  {
    before,
    outputs,
    ...rest
  }: Pick<Finished, 'action' | 'seconds' | 'parts'> & {
    readonly before: Before;
    readonly outputs: Readonly<Record<string, ArtifactRecord>>;
  },
): Promise<void> {
  run.emit({
    type: 'target-finished',
    target: target.name,
    ...rest,
    outputs: await finishedOutputs(run, target, outputs),
    unchanged:
      before !== undefined && Object.entries(outputs).every(([name, { digest }]) => before[name]?.digest === digest),
  });
  counts[rest.action === 'run' ? 'ran' : 'restored']++;
}

async function finishedOutputs(
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
