import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { compareContent, type ContentDifference } from '../artifacts/compare.js';
import type { Digest } from '../base/digest.js';
import { isJsonObject } from '../base/json.js';
import { compareBytes } from '../base/order.js';
import { detailsFromJson } from '../plan/details.js';
import { differences, type Print } from '../plan/difference.js';
import { fingerprintFromJson } from '../plan/fingerprint-json.js';
import type { Reason } from '../plan/reasons.js';
import { acquireRunLock } from '../store/run-lock.js';
import { PastBytes } from './past-bytes.js';
import { pastRun, type OutputResult, type RunResults, type TargetResult } from './results.js';
import type { Session } from './session.js';

export interface TargetDifference {
  readonly target: string;
  /** `changed`: both runs had it. */
  readonly change: 'changed' | 'only in the first' | 'only in the second';
  /** What its key is made of: rule or command, params, inputs, environment. Empty where the keys are equal. */
  readonly reasons: readonly Reason[];
  /** The keys differ, and what they were made of is recorded no more. */
  readonly unknown: boolean;
  readonly outputs: readonly OutputDifference[];
}

export interface OutputDifference {
  readonly name: string;
  readonly before: Digest | null;
  readonly now: Digest | null;
  /** Where it differs. Absent where the bytes of one of the two are nowhere, or one run had no such output. */
  readonly content?: ContentDifference;
}

export interface RunsDifference {
  readonly runs: readonly [before: string, now: string];
  readonly targets: readonly TargetDifference[];
  /** How many targets both had, alike. */
  readonly same: number;
}

/**
 * How the targets of two runs differ: by params, inputs, code and outputs, and outputs by row, entry or table. Nothing is
 * left behind of what is restored to be compared.
 *
 * @throws UserFacingError where one of them is no run, or has no results.
 */
export async function diffRuns(session: Session, first: string, second: string): Promise<RunsDifference> {
  const [before, now] = [pastRun(session, first), pastRun(session, second)];
  const names = [...new Set([...Object.keys(before.results), ...Object.keys(now.results)])].sort(compareBytes);
  const found = names.flatMap((target): TargetDifference[] => {
    const [a, b] = [before.results[target], now.results[target]];
    const outputs = outputDifferences(a, b);
    if (a === undefined || b === undefined) {
      const change = a === undefined ? 'only in the second' : 'only in the first';
      return [{ target, change, reasons: [], unknown: false, outputs }];
    }
    if (a.key === b.key && outputs.length === 0) return [];
    return [{ target, change: 'changed', ...keyDifferences(session, a, b), outputs }];
  });
  const targets = found.length === 0 ? found : await withContent(session, found, before.results, now.results);
  return { runs: [before.record.id, now.record.id], targets, same: names.length - targets.length };
}

async function withContent(
  session: Session,
  targets: readonly TargetDifference[],
  before: RunResults,
  now: RunResults,
): Promise<TargetDifference[]> {
  const run = acquireRunLock(session.layout, `diff-${randomBytes(6).toString('hex')}`);
  try {
    const past = new PastBytes(session, join(run.stage, 'past'));
    const described: TargetDifference[] = [];
    for (const difference of targets) {
      const outputs: OutputDifference[] = [];
      for (const output of difference.outputs) {
        const { target } = difference;
        const content = await contentDifference(
          past,
          before[target]?.outputs[output.name],
          now[target]?.outputs[output.name],
        );
        outputs.push(content === undefined ? output : { ...output, content });
      }
      described.push({ ...difference, outputs });
    }
    return described;
  } finally {
    run.release();
  }
}

async function contentDifference(
  past: PastBytes,
  before: OutputResult | undefined,
  now: OutputResult | undefined,
): Promise<ContentDifference | undefined> {
  if (before === undefined || now === undefined || before.kind !== now.kind) return undefined;
  const a = await past.find(before, before.digest, before.bytes);
  const b = a === undefined ? undefined : await past.find(now, now.digest, now.bytes);
  return a === undefined || b === undefined ? undefined : compareContent(now.kind, a, b);
}

function keyDifferences(
  session: Session,
  before: TargetResult,
  now: TargetResult,
): Pick<TargetDifference, 'reasons' | 'unknown'> {
  if (before.key === now.key) return { reasons: [], unknown: false };
  const [a, b] = [printOf(session, before), printOf(session, now)];
  return a === undefined || b === undefined
    ? { reasons: [], unknown: true }
    : { reasons: differences(a, b), unknown: false };
}

function printOf({ index }: Session, { key, fingerprint: own }: TargetResult): Print | undefined {
  const action = index.action(key);
  const recorded = fingerprintFromJson(action?.fingerprint ?? own ?? null);
  if (recorded?.fingerprint === undefined) return undefined;
  const details = isJsonObject(action?.details) ? action.details : undefined;
  return { fingerprint: recorded.fingerprint, modules: action?.modules ?? {}, details: detailsFromJson(details) };
}

function outputDifferences(before: TargetResult | undefined, now: TargetResult | undefined): OutputDifference[] {
  const names = new Set([...Object.keys(before?.outputs ?? {}), ...Object.keys(now?.outputs ?? {})]);
  return [...names].sort(compareBytes).flatMap((name) => {
    const [a, b] = [before?.outputs[name]?.digest ?? null, now?.outputs[name]?.digest ?? null];
    return a === b ? [] : [{ name, before: a, now: b }];
  });
}
