import { storedEntries, totalSize } from '../artifacts/directory.js';
import type { ArtifactRecord } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Target } from '../config/pipeline.js';
import type { Counting } from './counts.js';
import type { BuildEvent, FinishedOutput } from './events.js';
import type { Run } from './run.js';
import type { Session } from './session.js';

/** What of a build it takes. */
interface Teller {
  readonly run: Pick<Run, 'emit'> & {
    readonly session: Pick<Session, 'objects'> & { readonly digester: Pick<Session['digester'], 'entries'> };
  };
  readonly counts: Counting;
}

type Finished = Extract<BuildEvent, { type: 'target-finished' }>;

/** What a target's outputs had come to before. */
type Before = Readonly<Record<string, { readonly digest: Digest }>> | undefined;

/**
 * Counts a target whose outputs are in place and recorded, and tells of it. Last in its life: where even this fails it is
 * told, and counted, as failed alone.
 */
export async function tellFinished(
  { run, counts }: Teller,
  target: Pick<Target, 'name' | 'outputs'>,
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
  run: Teller['run'],
  target: Pick<Target, 'name' | 'outputs'>,
  outputs: Readonly<Record<string, ArtifactRecord>>,
): Promise<readonly FinishedOutput[]> {
  const finished: FinishedOutput[] = [];
  for (const { name, path, kind } of Object.values(target.outputs)) {
    const record = outputs[name];
    if (record === undefined) continue;
    // Its manifest tells, where that was kept: what was just written would have to be read once more.
    const size =
      kind === 'directory'
        ? totalSize(storedEntries(record, run.session.objects) ?? (await run.session.digester.entries(path)))
        : record.bytes.size;
    finished.push({ name, path, kind, digest: record.digest, size });
  }
  return finished;
}
