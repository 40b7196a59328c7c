import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import { directoryRecord, printManifest } from '../artifacts/manifest.js';
import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import type { OutputUse, Target } from '../config/pipeline.js';
import { modulesOf } from '../plan/decide.js';
import type { Decision } from '../plan/decision.js';
import { detailsToJson, NO_DETAILS } from '../plan/details.js';
import type { LateOutput } from '../host/protocol.js';
import type { StoredOutput } from '../store/records.js';
import { CorruptObject } from '../store/objects.js';
import { LARGEST_PACKED } from '../store/pack.js';
import { InputChanged } from './failure.js';
import type { PartsResult } from './parts.js';
import type { Run } from './run.js';

type Fresh = Extract<Decision, { state: 'fresh' }>;

/**
 * Records the result of a key and where its outputs will be, before they are moved into place: a build that is killed in
 * between leaves outputs that differ from the record, which the next one sees, and never outputs that nobody knows of.
 *
 * @param others whether it may be recorded with results of other targets, a moment later
 * @returns the outputs, all in the store where that is wanted: what is recorded is there before
 */
export async function recordAction(
  run: Run,
  target: Target,
  decision: Extract<Decision, { state: 'stale' }>,
  made: Readonly<Record<string, ArtifactRecord | LateOutput>>,
  parts: PartsResult['parts'] | null,
  seconds: number,
  others: 'may come' | 'will not come',
): Promise<Readonly<Record<string, ArtifactRecord>>> {
  const { index } = run.session;
  let outputs: Readonly<Record<string, ArtifactRecord>> = {};
  const store = (): void => {
    outputs = Object.fromEntries(Object.entries(made).map(([name, output]) => [name, stored(output)]));
  };
  const recorded = index.together(() => {
    index.putAction({
      key: decision.key,
      target: target.name,
      fingerprint: decision.fingerprint as unknown as JsonObject,
      modules: modulesOf(target),
      outputs,
      parts,
      seconds,
      run: run.id,
      details: detailsToJson(decision.details),
    });
    recordOutputPaths(run, target, outputs);
  }, store);
  if (others === 'will not come') index.commitTogether();
  await recorded;
  return outputs;
}

function stored(output: ArtifactRecord | LateOutput): ArtifactRecord {
  return 'ref' in output.bytes ? { ...output, bytes: output.bytes.ref() } : { ...output, bytes: output.bytes };
}

/** The same for a result that is remembered, and is brought back or in place. */
export function recordRestored(run: Run, target: Target, { key, outputs }: RestoredResult): void {
  const { index } = run.session;
  index.transaction(() => {
    index.setLast(target.name, key);
    index.clearFailure(target.name);
    recordOutputPaths(run, target, outputs);
  });
}

interface RestoredResult {
  readonly key: Digest;
  readonly outputs: Readonly<Record<string, { readonly digest: Digest }>>;
}

function recordOutputPaths(
  { session: { index } }: Run,
  target: Target,
  outputs: Readonly<Record<string, { readonly digest: Digest }>>,
): void {
  for (const { name, path, kind } of Object.values(target.outputs)) {
    const digest = outputs[name]?.digest;
    if (digest !== undefined) index.putOutputPath(path, { target: target.name, output: name, kind, digest });
  }
}

/**
 * Takes a result that the lock vouches for as vlmbuild's own: it is recorded as if it had been made here, so that what
 * replaces its outputs is not taken for the loss of somebody's edit, and keeps their bytes (`keepReplaced`).
 */
export async function adoptResult(run: Run, target: Target, decision: Fresh): Promise<void> {
  const { index, digester, lock } = run.session;
  const outputs: Record<string, ArtifactRecord> = {};
  for (const use of Object.values(target.outputs)) {
    const record = await presentRecord(run, use);
    if (record.digest !== decision.outputs[use.name]?.digest) return;
    if (target.store && !(await isKeptAlone(run, use, record))) return;
    outputs[use.name] = record;
    const entries = use.kind === 'directory' ? await digester.entries(use.path) : [];
    index.transaction(() => {
      index.putOutputPath(use.path, { target: target.name, output: use.name, kind: use.kind, digest: record.digest });
      index.rememberOutputs([record.digest, ...entries.map(({ sha256 }) => sha256)]);
    });
  }
  const accepted = lock?.targets[target.name]?.accepted;
  index.putAction({
    key: decision.key,
    target: target.name,
    fingerprint: decision.fingerprint as unknown as JsonObject,
    modules: modulesOf(target),
    outputs,
    parts: null,
    seconds: 0,
    run: run.id,
    details: detailsToJson(NO_DETAILS),
    ...(accepted === undefined ? {} : { accepted }),
  });
}

/**
 * Stores a small output where no object has its digest for a name: it may lie in a blob with others, and the index, which
 * knew where, is lost. Larger ones are objects of their own. False where its bytes are others by now.
 */
async function isKeptAlone(
  { session }: Run,
  { path, kind }: OutputUse,
  { digest, bytes }: ArtifactRecord,
): Promise<boolean> {
  if ((kind !== 'file' && kind !== 'jsonl') || bytes.size > LARGEST_PACKED || session.objects.has(digest)) return true;
  return (await kindNamed(kind).keep(join(session.root, path), session.objects)).digest === digest;
}

/** The record of what is on disk, of which at most a database is read. */
async function presentRecord(run: Run, { path, kind }: OutputUse): Promise<ArtifactRecord> {
  const { root, digester } = run.session;
  if (kind === 'directory') return directoryRecord(printManifest(await digester.entries(path)));
  if (kind === 'sqlite') return kindNamed(kind).keep(join(root, path), null);
  const digest = await digester.digest(path, kind);
  if (digest === 'absent') throw new InputChanged(`\`${path}\``);
  return { kind, digest, bytes: { sha256: digest, size: statSync(join(root, path)).size } };
}

/**
 * Before a target's outputs are replaced: what they hold is kept where it is the target's last result and the store lacks
 * it, as it does of a result that was not made here. So a param that is switched back finds its result.
 *
 * @param last the outputs of that result
 */
export async function keepReplaced(
  run: Run,
  target: Target,
  last: Readonly<Record<string, StoredOutput>> | undefined,
): Promise<void> {
  const { root, objects, digester } = run.session;
  if (!target.store) return;
  for (const { name, path, kind } of Object.values(target.outputs)) {
    const record = last?.[name];
    if (record?.kind !== kind || isWhole(() => kindNamed(kind).present({ ...record, kind }, objects))) continue;
    const now = digester.known(path, kind) ?? (await digester.digest(path, kind).catch(() => 'absent'));
    if (now === record.digest) await kindNamed(kind).keep(join(root, path), objects);
  }
}

function isWhole(present: () => boolean): boolean {
  try {
    return present();
  } catch (error) {
    if (error instanceof CorruptObject) return false;
    throw error;
  }
}

/** What a target's outputs are, for people. The size of a directory is that of its files. */
