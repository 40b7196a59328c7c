import type { Digest } from '../base/digest.js';
import { isJsonObject } from '../base/json.js';
import { compareBytes } from '../base/order.js';
import { detailsFromJson } from '../plan/details.js';
import { differences, type Print } from '../plan/difference.js';
import { fingerprintFromJson } from '../plan/fingerprint-json.js';
import type { Reason } from '../plan/reasons.js';
import { pastRun, type TargetResult } from './results.js';
import type { Session } from './session.js';

export interface TargetDifference {
  readonly target: string;
  /** `changed`: both runs had it. */
  readonly change: 'changed' | 'only in the first' | 'only in the second';
  /** What its key is made of: rule or command, params, inputs, environment. Empty where the keys are equal. */
  readonly reasons: readonly Reason[];
  /** The keys differ, and what they were made of is recorded no more. */
  readonly unknown: boolean;
  readonly outputs: readonly { readonly name: string; readonly before: Digest | null; readonly now: Digest | null }[];
}

export interface RunsDifference {
  readonly runs: readonly [before: string, now: string];
  readonly targets: readonly TargetDifference[];
  /** How many targets both had, alike. */
  readonly same: number;
}

/**
 * How the targets of two runs differ: by params, inputs, code and outputs.
 *
 * @throws UserFacingError where one of them is no run, or has no results.
 */
export function diffRuns(session: Session, first: string, second: string): RunsDifference {
  const [before, now] = [pastRun(session, first), pastRun(session, second)];
  const names = [...new Set([...Object.keys(before.results), ...Object.keys(now.results)])].sort(compareBytes);
  const targets = names.flatMap((target): TargetDifference[] => {
    const [a, b] = [before.results[target], now.results[target]];
    const outputs = outputDifferences(a, b);
    if (a === undefined || b === undefined) {
      const change = a === undefined ? 'only in the second' : 'only in the first';
      return [{ target, change, reasons: [], unknown: false, outputs }];
    }
    if (a.key === b.key && outputs.length === 0) return [];
    return [{ target, change: 'changed', ...keyDifferences(session, a, b), outputs }];
  });
  return { runs: [before.record.id, now.record.id], targets, same: names.length - targets.length };
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

function outputDifferences(
  before: TargetResult | undefined,
  now: TargetResult | undefined,
): TargetDifference['outputs'] {
  const names = new Set([...Object.keys(before?.outputs ?? {}), ...Object.keys(now?.outputs ?? {})]);
  return [...names].sort(compareBytes).flatMap((name) => {
    const [a, b] = [before?.outputs[name]?.digest ?? null, now?.outputs[name]?.digest ?? null];
    return a === b ? [] : [{ name, before: a, now: b }];
  });
}
