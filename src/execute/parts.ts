import { joinOutput } from '../artifacts/join-output.js';
import type { ArtifactRecord, KindName } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import type { Digest } from '../base/digest.js';
import { boundYoungObjects } from '../base/young-objects.js';
import type { FailureAllowance, RuleUse } from '../config/pipeline.js';
import { executeErrors } from '../diagnostics/execute.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { planErrors } from '../diagnostics/plan.js';
import { TaskError } from '../host/pool.js';
import type { LoadedRule } from '../rule/description.js';
import type { PartRecord } from '../store/index-db.js';
import { digestAt } from '../store/part-keys.js';
import { CorruptObject, holderOf } from '../store/objects.js';
import { Interrupted, TargetError } from './failure.js';
import { JoinsAhead } from './joins-ahead.js';
import { listParts } from './list-parts.js';
import { Listing } from './listing.js';
import { makeParts } from './make-parts.js';
import { limits, ruleTask } from './rule-task.js';
import type { Grant } from './slots.js';
import { clearStaged } from './staging.js';
import { relay, type TargetWork } from './work.js';

export interface PartsResult {
  readonly outputs: Readonly<Record<string, ArtifactRecord>>;
  readonly parts: { readonly total: number; readonly made: number; readonly failed: number };
}

type Made = ReturnType<Listing['made']>[number];

/** So many results are a good part of the engine's memory. */
const MANY = 2_000;

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
  // Listing ahead has a slot of its own: this one is free for what is joined ahead.
  if (work.ahead?.isListing === true) work.grant.release();
  const ahead = JoinsAhead.begin(work);
  let unbound: (() => void) | undefined;
  try {
    return await listMakeAssemble(work, use, ahead, () => (unbound ??= boundYoungObjects()));
  } finally {
    unbound?.();
    await ahead.drop();
  }
}

/** @param onMany called before very many parts are made */
async function listMakeAssemble(
  work: TargetWork,
  use: RuleUse,
  ahead: JoinsAhead,
  onMany: () => void,
): Promise<PartsResult> {
  const { rule, concurrency } = use;
  const { run, target, decision } = work;
  let forget: ReadonlySet<Digest> | 'all' = work.forced ? 'all' : new Set<Digest>();
  let made = 0;
  for (let round = 1; ; round++) {
    const listing = await list(work, use, forget);
    listing.record();
    const { total, remembered } = listing;
    ahead.follow(listing);
    if (round === 1) run.emit({ type: 'parts-listed', target: target.name, total, remembered });
    if (decision.refused !== undefined && remembered < total) throw new TargetError(decision.refused);
    if (listing.missing.count >= MANY) onMany();
    const count = await makeParts(work, rule, concurrency, listing.missing, (part, result) => {
      listing.took(part, result);
      ahead.follow(listing);
    });
    made += count;
    listing.fill();
    const lost = count === listing.missing.count ? [] : listing.missingIds();
    const allowed = allowedFailures(target.allowFailures, total);
    if (lost.length > allowed)
      throw new TargetError(executeErrors.partsFailed({ failed: lost.length, total, allowed, parts: lost }));
    if (count > 0) listing.record();
    const parts = listing.made();
    try {
      const outputs = await assemble(work, rule, parts, ahead);
      return { outputs, parts: { total, made, failed: lost.length } };
    } catch (error) {
      if (round > MOST_REPAIRS || !isCorruption(error)) throw error;
      const damaged = damagedParts(work, parts);
      if (damaged.size === 0) throw error;
      if (!use.deterministic) throw new TargetError(decision.refused ?? lostResult(work, rule));
      forget = new Set(damaged.keys());
      // What was assembled until then is no part of what comes next: files are appended to.
      clearStaged(work.staging);
      for (const digest of new Set(damaged.values())) {
        const diagnostic = executeErrors.corruptObject({ target: target.name, digest });
        run.warnOfDamage(digest, diagnostic, target.name);
      }
    }
  }
}

/** How many parts of so many may fail. */
export function allowedFailures(allowance: FailureAllowance, total: number): number {
  return allowance.type === 'count' ? allowance.parts : Math.floor((total * allowance.percent) / 100);
}

/** With the slot that the target has for it, or one of its own where it has given that back. */
async function list(work: TargetWork, use: RuleUse, forget: ReadonlySet<Digest> | 'all'): Promise<Listing> {
  const { rule, concurrency } = use;
  const { run, target, handing, decision } = work;
  const ahead = forget === 'all' || forget.size > 0 ? undefined : await work.ahead?.taken(work);
  if (ahead !== undefined) {
    work.grant.release();
    return ahead;
  }
  const grant = work.grant.held ? work.grant : await oneSlot(work);
  const listing = new Listing(run.session.index, target.name, forget);
  const task = {
    type: 'list',
    ...ruleTask(work, rule),
    inputs: handing.inputs,
    outputs: work.staging.outputs,
    params: target.params,
    envDigests: decision.fingerprint.env,
  } as const;
  try {
    await run.session.timeline.during(
      { phase: 'list', lane: { type: 'slot', slot: grant.slot }, name: target.name },
      () => {
        const { hosts, jobs } = run.session;
        // While one host lists, others start, as far as it is known that they will be needed, or most likely are.
        const prepare = (count: number): void => {
          if (concurrency === null) hosts.prepare(task, Math.min(jobs, count));
        };
        const options = { ...limits(work), described: true, on: relay(work), onMissing: prepare };
        const listed = listParts(run.session, task, listing, options);
        if (listing.isFirst) prepare(2);
        return listed;
      },
    );
    return listing;
  } finally {
    grant.release();
  }
}

function oneSlot({ slots, priority, signal, target }: TargetWork): Promise<Grant> {
  return slots.acquire({ cpus: 1, gpus: 0, pools: {} }, priority, signal, target.name);
}

async function assemble(
  work: TargetWork,
  rule: LoadedRule,
  parts: readonly Made[],
  ahead: JoinsAhead,
): Promise<Readonly<Record<string, ArtifactRecord>>> {
  const { run, target } = work;
  const grant = await oneSlot(work);
  const phase = rule.assembles ? 'assemble' : 'join';
  const span = run.session.timeline.begin({ phase, lane: { type: 'slot', slot: grant.slot }, name: target.name });
  try {
    if (!rule.assembles) return await joinParts(work, parts, ahead, Object.keys(work.staging.outputs));
    const { outputs, joins } = await run.session.hosts.run(
      {
        type: 'assemble',
        ...ruleTask(work, rule),
        inputs: {},
        outputs: work.staging.outputs,
        params: target.params,
        parts: parts.map(({ ids, keys, made }) => ({ ids, keys, made: made.encode(keys) })),
        keep: target.store,
        before: lastBytes(work),
        begun: ahead.names,
      },
      { ...limits(work), on: relay(work, 'assemble') },
    );
    return { ...(await joinParts(work, parts, ahead, joins)), ...outputs };
  } finally {
    span.end();
    grant.release();
  }
}

/** Joins outputs by their kinds: the default assembly, and what has been begun of one that a rule leaves to it. */
async function joinParts(
  work: TargetWork,
  parts: readonly Made[],
  ahead: JoinsAhead,
  names: readonly string[],
): Promise<Readonly<Record<string, ArtifactRecord>>> {
  const { run, target, staging, signal } = work;
  const outputs: Record<string, ArtifactRecord> = {};
  const before = lastBytes(work);
  for (const name of names) {
    const staged = staging.outputs[name];
    if (signal.aborted) throw new Interrupted();
    if (staged === undefined) throw new Error(`there is no output ${name} to be joined`);
    outputs[name] = await joinOutput(
      parts,
      name,
      staged,
      run.session.objects,
      target.store,
      before[name],
      ahead.of(name),
    );
  }
  return outputs;
}

function lastBytes({ run, target }: TargetWork): Record<string, Digest> {
  const last = Object.entries(run.session.index.lastSuccess(target.name)?.outputs ?? {});
  return Object.fromEntries(last.map(([name, { bytes }]) => [name, bytes.sha256]));
}

/** Parts of this key were made, and would come out different. */
function lostResult({ target }: TargetWork, rule: LoadedRule): Diagnostic {
  const outputs = Object.values(target.outputs).map(({ path }) => path);
  return planErrors.resultLost({ target: target.name, rule: rule.name, outputs, at: target.at });
}

/** The parts whose bytes the store no longer has whole, and which objects are at fault. */
function damagedParts({ run }: TargetWork, parts: readonly Made[]): Map<Digest, Digest> {
  const { objects } = run.session;
  const damaged = new Map<Digest, Digest>();
  for (const { keys, made } of parts) {
    for (let row = 0; row < made.count; row++) {
      for (const output of Object.values(kinded(made.result(row).outputs))) {
        if (isWhole(() => kindNamed(output.kind).present(output, objects) && drain(objects.read(output.bytes))))
          continue;
        damaged.set(digestAt(keys, row), holderOf(output.bytes));
      }
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

/** The store keeps a kind's name as text; what is in it came from a kind. */
function kinded(outputs: PartRecord['outputs']): Readonly<Record<string, ArtifactRecord>> {
  return outputs as Readonly<Record<string, ArtifactRecord & { readonly kind: KindName }>>;
}
