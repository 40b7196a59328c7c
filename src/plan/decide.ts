import type { ArtifactRecord } from '../artifacts/kind.js';
import { sha256, type Digest } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import type { Target } from '../config/pipeline.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { planErrors } from '../diagnostics/plan.js';
import { baselineOf, reasonsAgainst } from './baseline.js';
import type { Decision } from './decision.js';
import { NO_DETAILS } from './details.js';
import { differences, type Print } from './difference.js';
import type { Digester } from './digester.js';
import { keyOf, KEY_FORMAT, type Fingerprint, type InputPrint } from './fingerprint.js';
import { neededBy, type Graph } from './graph.js';
import type { History } from './history.js';
import { detailsOf, gatherInputs } from './inputs.js';
import type { LockFile } from './lock-file.js';
import {
  lockedOutputs,
  outputReasons,
  presentOutputs,
  recordedOutputs,
  wrongOutputs,
  type PresentOutputs,
} from './outputs.js';
import type { Reason } from './reasons.js';

/** Everything a decision looks at. Planning writes nothing. */
export interface PlanContext {
  readonly graph: Graph;
  readonly digester: Digester;
  readonly history: History;
  readonly lock: LockFile | undefined;
  readonly environment: { get(name: string): string | undefined };
  /** Targets that run whatever is known of them (`-B`). */
  readonly forced: ReadonlySet<string>;
  /** Whether the store has all bytes of a result. */
  present(record: ArtifactRecord): boolean;
  /** First line of `NAME --version` by name. @throws UserFacingError for a tool that does not start. */
  tools(names: readonly string[]): Promise<Readonly<Record<string, string>>>;
}

type Upstream = (target: string) => Decision | undefined;

/**
 * What to do with one target, given what came of those it needs.
 *
 * @throws UserFacingError where an input is not there.
 */
export async function decide(target: Target, context: PlanContext, upstream: Upstream): Promise<Decision> {
  const gathered = await gatherInputs(target, context, upstream);
  if (!gathered.ready) {
    return { state: 'waiting', target: target.name, reasons: await waitingReasons(target, gathered.waitsFor, context) };
  }
  const fingerprint = await formFingerprint(target, gathered.prints, context);
  const key = keyOf(fingerprint);
  const formed: Formed = { target, key, fingerprint };
  const stale = async (reasons: (now: Print) => readonly Reason[], refused?: Diagnostic): Promise<Decision> => {
    const details = await detailsOf(gathered.resolved, gathered.prints, context);
    const now = { fingerprint, modules: modulesOf(target), details };
    const decision = { state: 'stale', target: target.name, key, fingerprint, reasons: reasons(now), details } as const;
    return refused === undefined ? decision : { ...decision, refused };
  };

  if (context.forced.has(target.name)) return stale(() => [{ type: 'forced' }]);
  return (await recordedDecision(formed, context, stale)) ?? stale((now) => unknownKeyReasons(formed, now, context));
}

interface Formed {
  readonly target: Target;
  readonly key: Digest;
  readonly fingerprint: Fingerprint;
}

type Stale = (reasons: (now: Print) => readonly Reason[], refused?: Diagnostic) => Promise<Decision>;

/** The decision where index or lock know the key; undefined where neither does. */
async function recordedDecision(formed: Formed, context: PlanContext, stale: Stale): Promise<Decision | undefined> {
  const { target, key, fingerprint } = formed;
  const { history } = context;
  const action = history.action(key);
  const records = action === undefined ? undefined : recordedOutputs(action, target);
  const failedParts = action?.parts?.failed ?? 0;
  if (action?.parts !== null && action?.parts !== undefined && failedParts > 0) {
    const { total } = action.parts;
    return stale(() => [{ type: 'parts-failed', failed: failedParts, total }]);
  }
  const locked = lockedResult(formed, context);
  if (action === undefined && locked === undefined) return undefined;

  const present = await presentOutputs(target, context.digester);
  const common = { target: target.name, key, fingerprint } as const;
  const wrong = records === undefined ? [...present.keys()] : wrongOutputs(present, digestsOf(records));
  if (records !== undefined && wrong.length === 0) {
    return { state: 'fresh', ...common, outputs: records, source: 'index' };
  }
  if (locked !== undefined && wrongOutputs(present, digestsOf(locked)).length === 0) {
    return { state: 'fresh', ...common, outputs: locked, source: 'lock' };
  }
  if (records !== undefined && wrong.every((name) => isPresent(records[name], context))) {
    const reasons = replacedReasons(formed, present, wrong, context);
    return { state: 'restorable', ...common, outputs: records, restore: wrong, reasons };
  }
  return stale(() => lostReasons(formed, present, wrong, context), refusal(target, present, wrong));
}

function isPresent(record: ArtifactRecord | undefined, context: PlanContext): boolean {
  return record !== undefined && context.present(record);
}

/** The lock's result of this very key. A partial one is not believed: it is tried again. */
function lockedResult({ target, key }: Formed, context: PlanContext): ReturnType<typeof lockedOutputs> {
  const locked = context.lock?.targets[target.name];
  if (locked?.key !== key || locked.partial !== undefined) return undefined;
  return lockedOutputs(locked, target);
}

function digestsOf(outputs: Readonly<Record<string, { readonly digest: Digest }>>): Record<string, Digest> {
  return Object.fromEntries(Object.entries(outputs).map(([name, { digest }]) => [name, digest]));
}

/** Why a known result is put in place: what changed since the last success (a param switched back), or the outputs. */
function replacedReasons(
  formed: Formed,
  present: PresentOutputs,
  wrong: readonly string[],
  context: PlanContext,
): Reason[] {
  const last = context.history.lastSuccess(formed.target.name);
  const now = { fingerprint: formed.fingerprint, modules: modulesOf(formed.target), details: NO_DETAILS };
  const changed =
    last === undefined || last.key === formed.key ? [] : reasonsAgainst(baselineOf(formed.target, now, context), now);
  return [...changed, ...outputReasons(present, wrong, context.history, changed.length === 0)];
}

/** The key is known, but neither disk nor store has all of its result. */
function lostReasons(
  formed: Formed,
  present: PresentOutputs,
  wrong: readonly string[],
  context: PlanContext,
): Reason[] {
  const { target, key } = formed;
  const failed = failedBefore(target, key, context);
  const seen = context.history.action(key) !== undefined || context.history.lastSuccess(target.name) !== undefined;
  const nothingThere = [...present.values()].every(({ digest }) => digest === 'absent');
  if (!seen && nothingThere) return failed.length > 0 ? failed : [{ type: 'never-built' }];
  return [...failed, ...outputReasons(present, wrong, context.history, true)];
}

/** A result that would come out different is not made again unasked. */
function refusal(target: Target, present: PresentOutputs, wrong: readonly string[]): Diagnostic | undefined {
  if (target.work.type !== 'rule' || target.work.deterministic) return undefined;
  const outputs = wrong.map((name) => present.get(name)?.use.path ?? name);
  return planErrors.resultLost({ target: target.name, rule: target.work.rule.name, outputs, at: target.at });
}

function unknownKeyReasons({ target, key }: Formed, now: Print, context: PlanContext): readonly Reason[] {
  const failed = failedBefore(target, key, context);
  const changed = reasonsAgainst(baselineOf(target, now, context), now);
  return failed.length > 0 ? [...failed, ...changed.filter(({ type }) => type !== 'never-built')] : changed;
}

function failedBefore(target: Target, key: Digest, context: PlanContext): Reason[] {
  const failure = context.history.failure(target.name);
  return failure?.key === key ? [{ type: 'failed-before', message: failure.message }] : [];
}

/** What is known before the inputs are: reasons of its own, which hold whatever comes out upstream. */
async function waitingReasons(target: Target, waitsFor: readonly string[], context: PlanContext): Promise<Reason[]> {
  if (context.forced.has(target.name)) return [{ type: 'forced' }, ...waitsFor.map(upstreamStale(true))];
  const inputless = await formFingerprint(target, {}, context);
  const now = { fingerprint: inputless, modules: modulesOf(target), details: NO_DETAILS };
  const baseline = baselineOf(target, now, context);
  const print = baseline?.print;
  const own =
    print === undefined
      ? reasonsAgainst(baseline, now)
      : differences({ ...print, fingerprint: { ...print.fingerprint, inputs: {} } }, now);
  return [...own, ...waitsFor.map(upstreamStale(own.length > 0))];
}

function upstreamStale(runsAnyway: boolean): (target: string) => Reason {
  return (target) => (runsAnyway ? { type: 'upstream-stale', target, runsAnyway } : { type: 'upstream-stale', target });
}

/** Without `inputs` that are not known yet, it is a fingerprint in all else. */
export async function formFingerprint(
  target: Target,
  inputs: Readonly<Record<string, InputPrint>>,
  context: PlanContext,
): Promise<Fingerprint> {
  const { work } = target;
  return {
    format: KEY_FORMAT,
    work:
      work.type === 'rule'
        ? { type: 'rule', rule: work.rule.name, code: work.rule.code }
        : { type: 'command', text: work.text, tools: work.tools.length === 0 ? {} : await context.tools(work.tools) },
    params: target.params,
    inputs,
    env: environmentPrint(target, context),
    outputs: Object.keys(target.outputs).sort(compareBytes),
  };
}

/** The environment that a target declares, as it enters the fingerprint. */
export function environmentPrint(
  target: Target,
  { environment }: Pick<PlanContext, 'environment'>,
): Readonly<Record<string, Digest | null>> {
  const env: Record<string, Digest | null> = {};
  for (const name of target.env) {
    const value = environment.get(name);
    env[name] = value === undefined ? null : sha256(value);
  }
  return env;
}

export function modulesOf(target: Target): Readonly<Record<string, Digest>> {
  return target.work.type === 'rule' ? target.work.rule.modules : {};
}

/**
 * The decisions for the targets and all that they need, in topological order: for `status`, `explain` and `-n`.
 *
 * @param settled what is known of some of them already
 */
export async function decideAll(
  context: PlanContext,
  targets: readonly string[],
  settled: ReadonlyMap<string, Decision> = new Map(),
): Promise<Map<string, Decision>> {
  const decisions = new Map<string, Decision>();
  for (const name of neededBy(context.graph, targets)) {
    const target = context.graph.pipeline.targets.get(name);
    if (target === undefined) continue;
    const known = settled.get(name) ?? (await decide(target, context, (other) => decisions.get(other)));
    decisions.set(name, known);
  }
  return decisions;
}
