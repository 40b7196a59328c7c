import { storedEntries, totalSize } from '../artifacts/directory.js';
import type { PastAction } from '../plan/history.js';
import type { Reason } from '../plan/reasons.js';
import type { ObjectStore } from '../store/objects.js';
import { overviewOf, type Overview } from './overview.js';
import { previewParts, type PartsPreview } from './parts-preview.js';
import type { Session } from './session.js';

/** What a line of `vlmbuild status` tells. */
export interface TargetStatus {
  readonly target: string;
  readonly state: 'fresh' | 'restorable' | 'stale' | 'waiting' | 'partial' | 'failed';
  readonly reasons: readonly Reason[];
  /** How many parts its last result had. */
  readonly parts?: number;
  /** How its parts stand now, where they were listed. */
  readonly preview?: PartsPreview;
  /** Bytes of its last result. */
  readonly size?: number;
  /** When its last result was made, milliseconds since 1970. */
  readonly builtMs?: number;
}

export interface StatusOptions {
  /** Lists the parts of each target whose inputs are known, which runs the rules' `parts`. */
  readonly listParts?: boolean;
}

/**
 * The status of the targets of an overview, in topological order: where a source is not there, they wait. Writes nothing.
 */
export async function statusOf(
  session: Session,
  words: readonly string[],
  { listParts }: StatusOptions = {},
): Promise<Pick<Overview, 'absent'> & { readonly statuses: readonly TargetStatus[] }> {
  const { names, decisions, absent } = await overviewOf(session, words);
  const previews = new Map<string, PartsPreview>();
  for (const decision of listParts === true ? decisions.values() : []) {
    const preview = await previewParts(session, decision);
    if (preview !== undefined) previews.set(decision.target, preview);
  }
  const started = new Map(session.index.runs(1000).map((run) => [run.id, run.startedMs]));
  const statuses = names.map((target) => {
    const decision = decisions.get(target);
    const last = session.index.lastSuccess(target);
    const reasons = decision === undefined || decision.state === 'fresh' ? [] : decision.reasons;
    const size = last === undefined ? undefined : sizeOf(last.outputs, session.objects);
    const builtMs = last === undefined ? undefined : started.get(last.run);
    const preview = previews.get(target);
    return {
      target,
      state: stateOf(decision?.state ?? 'waiting', reasons),
      reasons,
      ...(last?.parts ? { parts: last.parts.total } : {}),
      ...(preview === undefined ? {} : { preview }),
      ...(size === undefined ? {} : { size }),
      ...(builtMs === undefined ? {} : { builtMs }),
    };
  });
  return { statuses, absent };
}

/** Bytes of all files; undefined where a directory's are not known, because its bytes were never kept. */
function sizeOf(outputs: PastAction['outputs'], objects: ObjectStore): number | undefined {
  let sum = 0;
  for (const output of Object.values(outputs)) {
    if (output.kind !== 'directory') sum += output.bytes.size;
    else {
      const entries = storedEntries(output, objects);
      if (entries === undefined) return undefined;
      sum += totalSize(entries);
    }
  }
  return sum;
}

/** A stale target whose last build failed, or left parts out, is told as such. */
function stateOf(state: TargetStatus['state'], reasons: readonly Reason[]): TargetStatus['state'] {
  if (state !== 'stale') return state;
  if (reasons.some((reason) => reason.type === 'failed-before')) return 'failed';
  return reasons.some((reason) => reason.type === 'parts-failed') ? 'partial' : state;
}
