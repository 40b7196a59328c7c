import type { ArtifactRecord, KindName } from '../artifacts/kind.js';
import { isDigest, type Digest } from '../base/digest.js';
import type { OutputUse, Target } from '../config/pipeline.js';
import type { OutputRecords } from './decision.js';
import type { Digester } from './digester.js';
import type { History, PastAction } from './history.js';
import type { LockedTarget } from './lock-file.js';
import type { Reason } from './reasons.js';

/** What is at a target's output paths now. */
export type PresentOutputs = ReadonlyMap<
  string,
  { readonly use: OutputUse; readonly digest: Digest | 'absent' | 'unreadable' }
>;

export async function presentOutputs(target: Target, digester: Digester): Promise<PresentOutputs> {
  const present = new Map<string, { use: OutputUse; digest: Digest | 'absent' | 'unreadable' }>();
  for (const use of Object.values(target.outputs)) {
    present.set(use.name, { use, digest: await presentDigest(use, digester) });
  }
  return present;
}

/** Failures of the machine, not of what stands at the path. */
const MACHINE_FAILED = new Set(['EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM']);

async function presentDigest(use: OutputUse, digester: Digester): Promise<Digest | 'absent' | 'unreadable'> {
  try {
    return digester.known(use.path, use.kind) ?? (await digester.digest(use.path, use.kind));
  } catch (error) {
    // A file where a directory should be, a database overwritten with text: edited, whatever it is now.
    if (error instanceof Error && 'code' in error && MACHINE_FAILED.has(String(error.code))) throw error;
    return 'unreadable';
  }
}

/** The outputs that are not on disk with these digests. */
export function wrongOutputs(present: PresentOutputs, digests: Readonly<Record<string, Digest>>): string[] {
  return [...present].filter(([name, { digest }]) => digest !== digests[name]).map(([name]) => name);
}

/**
 * What is wrong with outputs. One whose present content was made by some earlier build is no edit but simply not the
 * result of this key: it is named only with `all`.
 */
export function outputReasons(
  present: PresentOutputs,
  wrong: readonly string[],
  history: History,
  all: boolean,
): Reason[] {
  const reasons: Reason[] = [];
  for (const name of wrong) {
    const found = present.get(name);
    if (found === undefined) continue;
    const { digest, use } = found;
    const edited = digest === 'unreadable' || (isDigest(digest) && !history.knowsOutput(digest));
    const where = { output: name, path: use.path } as const;
    if (edited) reasons.push({ type: 'output-edited', ...where });
    else if (digest === 'absent') reasons.push({ type: 'output-missing', ...where });
    else if (all) reasons.push({ type: 'output-replaced', ...where });
  }
  return reasons;
}

/**
 * The recorded outputs under the target's names. Undefined where they are not of the declared kinds: a command's key
 * does not know the paths, from which the kinds of its outputs come.
 */
export function recordedOutputs(action: PastAction, target: Target): OutputRecords | undefined {
  const records: Record<string, ArtifactRecord> = {};
  for (const { name, kind } of Object.values(target.outputs)) {
    const output = action.outputs[name];
    if (output?.kind !== kind) return undefined;
    records[name] = { kind, digest: output.digest, bytes: output.bytes };
  }
  return records;
}

/** The outputs that the lock names, if it names exactly the declared ones. */
export function lockedOutputs(
  locked: LockedTarget,
  target: Target,
): Readonly<Record<string, { kind: KindName; digest: Digest; bytes: null }>> | undefined {
  const outputs: Record<string, { kind: KindName; digest: Digest; bytes: null }> = {};
  for (const { name, kind } of Object.values(target.outputs)) {
    const digest = locked.outputs[name];
    if (digest === undefined) return undefined;
    outputs[name] = { kind, digest, bytes: null };
  }
  return outputs;
}
