import { compareBytes } from '../base/order.js';
import type { Target } from '../config/pipeline.js';
import { detailsFromJson, NO_DETAILS } from './details.js';
import { differences, type Print } from './difference.js';
import type { PlanContext } from './decide.js';
import type { Fingerprint } from './fingerprint.js';
import { fingerprintFromJson } from './fingerprint-json.js';
import type { PastAction } from './history.js';
import type { LockedTarget } from './lock-file.js';
import type { Reason } from './reasons.js';

/** What a target's fingerprint is compared with. */
export interface Baseline {
  /**
   * This target's last success; another of its recorded results; its block in the lock; a result of a target that is gone.
   */
  readonly type: 'last' | 'nearest' | 'lock';
  readonly target: string;
  /** Without a print, the result is of another key format: nothing of it can be compared. */
  readonly format: number;
  readonly print?: Print;
}

/** How many recorded results of vanished targets are looked at, newest first. */
const LOOKED_AT = 200;

export function baselineOf(target: Target, now: Print, context: PlanContext): Baseline | undefined {
  const { history, lock, graph } = context;
  const last = history.lastSuccess(target.name);
  if (last !== undefined) return ofAction('last', last);
  for (const action of history.actionsOf(target.name)) return ofAction('nearest', action);
  const locked = lock?.targets[target.name];
  if (locked !== undefined) return ofLock(target.name, locked, now);

  // A target that was renamed: the nearest among the results of targets that are gone.
  let best: { readonly baseline: Baseline; readonly distance: number } | undefined;
  for (const action of history.recentActions(LOOKED_AT)) {
    if (graph.pipeline.targets.has(action.target)) continue;
    const baseline = ofAction('nearest', action);
    if (baseline?.print === undefined || !sameWork(baseline.print.fingerprint, now.fingerprint)) continue;
    const distance = differences(baseline.print, now).length;
    if (best === undefined || distance < best.distance) best = { baseline, distance };
  }
  return best?.baseline;
}

function ofAction(type: Baseline['type'], action: PastAction): Baseline | undefined {
  const recorded = fingerprintFromJson(action.fingerprint);
  if (recorded === undefined) return undefined;
  const { format, fingerprint } = recorded;
  if (fingerprint === undefined) return { type, target: action.target, format };
  const print = { fingerprint, modules: action.modules, details: detailsFromJson(action.details) };
  return { type, target: action.target, format, print };
}

/** The lock tells neither environment nor format: they are taken to be as now. */
function ofLock(name: string, locked: LockedTarget, now: Print): Baseline {
  const { fingerprint } = now;
  const work: Fingerprint['work'] =
    locked.rule !== undefined && locked.code !== undefined
      ? { type: 'rule', rule: locked.rule, code: locked.code }
      : { type: 'command', text: locked.command ?? '', tools: locked.tools ?? {} };
  return {
    type: 'lock',
    target: name,
    format: fingerprint.format,
    print: {
      fingerprint: {
        format: fingerprint.format,
        work,
        params: locked.params,
        inputs: locked.inputs,
        env: fingerprint.env,
        outputs: Object.keys(locked.outputs).sort(compareBytes),
      },
      modules: {},
      details: NO_DETAILS,
    },
  };
}

function sameWork(a: Fingerprint, b: Fingerprint): boolean {
  if (a.work.type === 'rule') return b.work.type === 'rule' && a.work.rule === b.work.rule;
  return b.work.type === 'command' && a.work.text === b.work.text;
}

/** The typed difference against the baseline; `never-built` where there is none, or nothing of it tells a difference. */
export function reasonsAgainst(baseline: Baseline | undefined, now: Print): Reason[] {
  if (baseline === undefined) return [{ type: 'never-built' }];
  if (baseline.print === undefined) {
    return [{ type: 'format-changed', from: baseline.format, to: now.fingerprint.format }];
  }
  const reasons = differences(baseline.print, now);
  return reasons.length > 0 || baseline.type === 'last' ? reasons : [{ type: 'never-built' }];
}
