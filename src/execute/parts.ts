import { join } from 'node:path';
import type { Lane as TimelineLane } from '../base/timeline.js';
import { joinOutput } from '../artifacts/join-output.js';
import type { ArtifactRecord, KindName } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import type { Digest } from '../base/digest.js';
import type { FailureAllowance, RuleUse } from '../config/pipeline.js';
import { executeErrors } from '../diagnostics/execute.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import { planErrors } from '../diagnostics/plan.js';
import { TaskError } from '../host/pool.js';
import type { ListedPart, RecordedPart, TaskFailure } from '../host/protocol.js';
import type { LoadedRule } from '../rule/description.js';
import type { PartRecord } from '../store/index-db.js';
import { CorruptObject } from '../store/objects.js';
import { diagnosticOf, InputChanged, Interrupted, TargetError } from './failure.js';
import type { Grant } from './slots.js';
import { Lane } from './staging.js';
import { relay, type TargetWork } from './work.js';

export interface PartsResult {
  readonly outputs: Readonly<Record<string, ArtifactRecord>>;
  readonly parts: { readonly total: number; readonly made: number; readonly failed: number };
}

/** A store that is damaged again after so many repairs is beyond them. */
const MOST_REPAIRS = 10;

type Remembered = Map<Digest, PartRecord>;

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
  index.putPartList(
    target.name,
    listed.map(({ id, key }) => ({ id, key })),
  );
  const byKey = new Map<Digest, ListedPart>();
  for (const part of listed) if (!byKey.has(part.key)) byKey.set(part.key, part);

  const remembered: Remembered = new Map<Digest, PartRecord>(work.forced ? [] : index.parts([...byKey.keys()]));
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
    const lost = listed.filter(({ key }) => failed.has(key));
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
  const ids = new Set<string>();
  const say = relay(work);
  let twice: string | undefined;
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
        if (message.type !== 'parts') {
          say(message);
          return;
        }
        for (const part of message.parts) {
          if (ids.has(part.id)) twice ??= part.id;
          ids.add(part.id);
          parts.push(part);
        }
      },
    },
  );
  if (twice !== undefined) throw new TargetError(executeErrors.partTwice({ id: twice }));
  return parts;
}

interface Making {
  readonly failed: ReadonlyMap<Digest, Diagnostic>;
  readonly count: number;
}

interface Attempt {
  readonly part: ListedPart;
  readonly attempt: number;
}

/** Makes parts with as many workers as there may be, each in a slot of its own; adds what is made to `remembered`. */
async function makeParts(
  work: TargetWork,
  rule: LoadedRule,
  concurrency: number | null,
  missing: readonly ListedPart[],
  remembered: Remembered,
): Promise<Making> {
  const { run, target, slots, signal, priority } = work;
  const queue: Attempt[] = missing.map((part) => ({ part, attempt: 1 }));
  const failed = new Map<Digest, Diagnostic>();
  let next = 0;
  let stop: Error | undefined;

  const fail = ({ part, attempt }: Attempt, failure: Exclude<TaskFailure, { type: 'aborted' }>): void => {
    const diagnostic = diagnosticOf(failure, run.session.root);
    const final = attempt > target.retries;
    run.log(target.name).write(formatDiagnostic(diagnostic, { color: false }), part.id);
    run.emit({ type: 'part-failed', target: target.name, part: part.id, diagnostic, attempt, final });
    if (final) failed.set(part.key, diagnostic);
    else queue.push({ part, attempt: attempt + 1 });
  };
  const make = async (at: Attempt, lane: Lane, on: TimelineLane): Promise<void> => {
    const { part, attempt } = at;
    const facts = { target: target.name, key: part.key, attempt };
    const span = run.session.timeline.begin({ phase: 'make', lane: on, name: part.id, facts });
    const started = performance.now();
    try {
      const { outputs, meta } = await run.session.hosts.run(
        { type: 'make', ...ruleTask(work, rule), inputs: {}, outputs: lane.outputs, part },
        { ...limits(work), on: relay(work, part.id), ...(concurrency === null ? {} : { concurrency }) },
      );
      const seconds = (performance.now() - started) / 1000;
      const record: PartRecord = { key: part.key, outputs, meta, seconds };
      run.session.index.putPart(target.name, record);
      remembered.set(part.key, record);
      run.emit({ type: 'part-finished', target: target.name, part: part.id, seconds });
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      const { failure } = error;
      if (failure.type === 'aborted') throw new Interrupted();
      if (failure.type === 'input-changed') throw new InputChanged(failure.slice);
      // A full disk fails every part alike: there is no point in trying the others.
      if (failure.type === 'system') throw new TargetError(diagnosticOf(failure, run.session.root));
      fail(at, failure);
    } finally {
      span.end();
      lane.clear();
    }
  };
  const worker = async (n: number, shared: Grant | undefined): Promise<void> => {
    const lane = new Lane(join(work.staging.folder, `lane-${n}`), Object.values(target.outputs));
    for (let at = queue[next]; at !== undefined && stop === undefined; at = queue[next]) {
      next++;
      const grant = shared ?? (await slots.acquire(target.resources, priority, signal, target.name));
      try {
        await make(at, lane, { type: 'slot', slot: grant.slot, ...(shared === undefined ? {} : { worker: n + 1 }) });
      } finally {
        if (shared === undefined) grant.release();
      }
    }
  };

  const count = Math.min(missing.length, concurrency ?? run.session.jobs);
  // Parts that wait rather than compute share one slot.
  const shared =
    concurrency === null || count === 0
      ? undefined
      : await slots.acquire(target.resources, priority, signal, target.name);
  try {
    await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        try {
          await worker(n, shared);
        } catch (error) {
          // The others finish what they have in hand.
          stop ??= error instanceof Error ? error : new Error(String(error));
        }
      }),
    );
  } finally {
    shared?.release();
  }
  run.session.index.flush();
  // The workers above assign it, which the compiler cannot see.
  const stopped = stop;
  if (stopped !== undefined) throw stopped;
  return { failed, count: missing.length - failed.size };
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
  const damaged: Digest[] = [];
  for (const [key, record] of remembered) {
    for (const output of Object.values(kinded(record.outputs))) {
      if (isWhole(() => kindNamed(output.kind).present(output, objects) && drain(objects.read(output.bytes.sha256))))
        continue;
      remembered.delete(key);
      damaged.push(output.bytes.sha256);
    }
  }
  return damaged;
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

/** What all tasks of a rule share. */
export function ruleTask(work: TargetWork, rule: LoadedRule) {
  const { run, target, handing, askAgain } = work;
  const { root, layout } = run.session;
  return {
    target: target.name,
    root,
    cache: layout.cache,
    env: handing.env,
    secrets: handing.secrets,
    rule: rule.name,
    code: rule.code,
    bundle: rule.bundle,
    source: rule.path,
    ...(askAgain ? { askAgain: join(run.begin().stage, 'asked') } : {}),
  };
}

export function limits({ target, signal }: TargetWork): { signal: AbortSignal; timeoutMs?: number } {
  return target.timeoutMs === undefined ? { signal } : { signal, timeoutMs: target.timeoutMs };
}

/** The store keeps a kind's name as text; what is in it came from a kind. */
function kinded(outputs: PartRecord['outputs']): Readonly<Record<string, ArtifactRecord>> {
  return outputs as Readonly<Record<string, ArtifactRecord & { readonly kind: KindName }>>;
}
