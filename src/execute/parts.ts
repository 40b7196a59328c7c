import { joinOutput } from '../artifacts/join-output.js';
import type { ArtifactRecord, KindName } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import type { Digest } from '../base/digest.js';
import type { FailureAllowance, RuleUse } from '../config/pipeline.js';
import { executeErrors } from '../diagnostics/execute.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { planErrors } from '../diagnostics/plan.js';
import { TaskError } from '../host/pool.js';
import type { ListedPart, RecordedPart } from '../host/protocol.js';
import type { LoadedRule } from '../rule/description.js';
import type { PartRecord } from '../store/index-db.js';
import { CorruptObject, holderOf } from '../store/objects.js';
import { Interrupted, TargetError } from './failure.js';
import { makeParts, type Remembered } from './make-parts.js';
import { limits, ruleTask } from './rule-task.js';
import { clearStaged } from './staging.js';
import { relay, type TargetWork } from './work.js';

export interface PartsResult {
  readonly outputs: Readonly<Record<string, ArtifactRecord>>;
  readonly parts: { readonly total: number; readonly made: number; readonly failed: number };
}

/** A store that is damaged again after so many repairs is beyond them. */
const MOST_REPAIRS = 10;

/**
 * A rule in parts:
 *
 *   list ──> look up ──> make what is missing ──> assemble ──> done
 *                             ^                      │
 *                             '── damaged in store ──'
 *
 * Each made part is recorded when it is made, so that whatever ends the build costs the parts in flight and no others.
 * Parts that fail do not stop the others; more of them than allowed fail the target at the end.
 *
 * @throws InputChanged where a part read something else than was listed: list again.
 * @throws TargetError, TaskError, Interrupted
 */
export async function runParts(work: TargetWork, use: RuleUse): Promise<PartsResult> {
  const { rule, concurrency } = use;
  const { run, target, decision } = work;
  const { index } = run.session;
  const listed = await work.run.session.timeline.during(
    { phase: 'list', lane: { type: 'slot', slot: work.grant.slot }, name: target.name },
    () => list(work, rule),
  );
  index.putPartList(target.name, listed);
  const byKey = new Map<Digest, ListedPart>();
  for (const part of listed) if (!byKey.has(part.key)) byKey.set(part.key, part);

  const remembered: Remembered = work.forced ? new Map<Digest, PartRecord>() : index.parts([...byKey.keys()]);
  const total = listed.length;
  const countRemembered = (): number => listed.filter(({ key }) => remembered.has(key)).length;
  run.emit({ type: 'parts-listed', target: target.name, total, remembered: countRemembered() });
  if (decision.refused !== undefined && countRemembered() < total) throw new TargetError(decision.refused);
  work.grant.release();

  let made = 0;
  for (let round = 1; ; round++) {
    const missing = [...byKey.values()].filter(({ key }) => !remembered.has(key));
    const { failed, count } = await makeParts(work, rule, concurrency, missing, remembered);
    made += count;
    const lost = failed.size === 0 ? [] : listed.filter(({ key }) => failed.has(key));
    const allowed = allowedFailures(target.allowFailures, total);
    if (lost.length > allowed) {
      const parts = lost.map(({ id }) => id);
      throw new TargetError(executeErrors.partsFailed({ failed: lost.length, total, allowed, parts }));
    }
    try {
      const outputs = await assemble(work, rule, listed, remembered);
      return { outputs, parts: { total, made, failed: lost.length } };
    } catch (error) {
      if (round > MOST_REPAIRS || !isCorruption(error)) throw error;
      const damaged = dropDamaged(work, remembered);
      if (damaged.length === 0) throw error;
      if (!use.deterministic) throw new TargetError(decision.refused ?? lostResult(work, rule));
      // What was assembled until then is no part of what comes next: files are appended to.
      clearStaged(work.staging);
      for (const digest of damaged) {
        const diagnostic = executeErrors.corruptObject({ target: target.name, digest });
        run.emit({ type: 'warning', target: target.name, diagnostic });
      }
    }
  }
}

/** How many parts of so many may fail. */
export function allowedFailures(allowance: FailureAllowance, total: number): number {
  return allowance.type === 'count' ? allowance.parts : Math.floor((total * allowance.percent) / 100);
}

async function list(work: TargetWork, rule: LoadedRule): Promise<ListedPart[]> {
  const { run, target, handing, decision } = work;
  const parts: ListedPart[] = [];
  const say = relay(work);
  await run.session.hosts.run(
    {
      type: 'list',
      ...ruleTask(work, rule),
      inputs: handing.inputs,
      outputs: work.staging.outputs,
      params: target.params,
      envDigests: decision.fingerprint.env,
    },
    {
      ...limits(work),
      on: (message) => {
        if (message.type === 'parts') parts.push(...message.parts);
        else say(message);
      },
    },
  );
  return parts;
}

async function assemble(
  work: TargetWork,
  rule: LoadedRule,
  listed: readonly ListedPart[],
  remembered: Remembered,
): Promise<Readonly<Record<string, ArtifactRecord>>> {
  const { run, target, slots, signal, priority } = work;
  const parts: RecordedPart[] = [];
  for (const { id, key } of listed) {
    const record = remembered.get(key);
    if (record !== undefined) parts.push({ id, meta: record.meta, outputs: kinded(record.outputs) });
  }
  const grant = await slots.acquire({ cpus: 1, gpus: 0, pools: {} }, priority, signal, target.name);
  const phase = rule.assembles ? 'assemble' : 'join';
  const span = run.session.timeline.begin({ phase, lane: { type: 'slot', slot: grant.slot }, name: target.name });
  try {
    if (!rule.assembles) return await joinParts(work, parts);
    const { outputs } = await run.session.hosts.run(
      {
        type: 'assemble',
        ...ruleTask(work, rule),
        inputs: {},
        outputs: work.staging.outputs,
        params: target.params,
        parts,
        keep: target.store,
      },
      { ...limits(work), on: relay(work) },
    );
    return outputs;
  } finally {
    span.end();
    grant.release();
  }
}

/** The default assembly. */
async function joinParts(
  { run, target, staging, signal }: TargetWork,
  parts: readonly RecordedPart[],
): Promise<Readonly<Record<string, ArtifactRecord>>> {
  const outputs: Record<string, ArtifactRecord> = {};
  for (const { name, kind } of Object.values(target.outputs)) {
    if (signal.aborted) throw new Interrupted();
    const staged = { kind, path: staging.outputs[name]?.path ?? null };
    outputs[name] = await joinOutput(parts, name, staged, run.session.objects, target.store);
  }
  return outputs;
}

/** Parts of this key were made, and would come out different. */
function lostResult({ target }: TargetWork, rule: LoadedRule): Diagnostic {
  const outputs = Object.values(target.outputs).map(({ path }) => path);
  return planErrors.resultLost({ target: target.name, rule: rule.name, outputs, at: target.at });
}

/** Forgets the remembered parts whose bytes the store no longer has whole, and says which objects are at fault. */
function dropDamaged({ run }: TargetWork, remembered: Remembered): Digest[] {
  const { objects } = run.session;
  const damaged = new Set<Digest>();
  for (const [key, record] of remembered) {
    for (const output of Object.values(kinded(record.outputs))) {
      if (isWhole(() => kindNamed(output.kind).present(output, objects) && drain(objects.read(output.bytes)))) continue;
      remembered.delete(key);
      damaged.add(holderOf(output.bytes));
    }
  }
  return [...damaged];
}

function isWhole(read: () => boolean): boolean {
  try {
    return read();
  } catch {
    return false;
  }
}

function drain(pieces: Iterable<unknown>): true {
  const iterator = pieces[Symbol.iterator]();
  while (iterator.next().done !== true);
  return true;
}

function isCorruption(error: unknown): boolean {
  if (error instanceof CorruptObject) return true;
  return error instanceof TaskError && error.failure.type === 'system' && error.failure.code === 'CORRUPT';
}

/** The store keeps a kind's name as text; what is in it came from a kind. */
function kinded(outputs: PartRecord['outputs']): Readonly<Record<string, ArtifactRecord>> {
  return outputs as Readonly<Record<string, ArtifactRecord & { readonly kind: KindName }>>;
}
