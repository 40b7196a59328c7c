import type { Decision } from '../plan/decision.js';

/** What a build of a watch leaves alone, and what it is for. */
export interface Held {
  /** Targets whose outputs were edited by hand, with nothing else the matter and nothing that needs them now. */
  readonly edited: readonly string[];
  /** The other targets that are not fresh, but for those that wait for edited ones alone. */
  readonly work: readonly string[];
}

/**
 * Finds the targets whose edited outputs can stay as they are: they need not run, nor must anything that needs them.
 *
 * @param decisions in topological order
 */
export function holdEdited(
  decisions: ReadonlyMap<string, Decision>,
  dependencies: ReadonlyMap<string, readonly string[]>,
): Held {
  const needs = (target: string): readonly string[] => dependencies.get(target) ?? [];
  const edited = new Set<string>();
  /** They wait for nothing but what is edited. */
  const patient = new Set<string>();
  const work = new Set<string>();
  const calm = (name: string): boolean =>
    decisions.get(name)?.state === 'fresh' || edited.has(name) || patient.has(name);
  for (const [target, decision] of decisions) {
    if (decision.state === 'fresh') continue;
    if (isEdited(decision)) edited.add(target);
    else if (isPatient(decision) && needs(target).every(calm)) patient.add(target);
    else work.add(target);
  }
  const order = [...decisions.keys()];
  for (;;) {
    // A build makes whatever its targets need, through fresh ones too; what waits for something made is then work.
    const made = new Set(work);
    for (const target of order.toReversed()) if (made.has(target)) for (const name of needs(target)) made.add(name);
    const more = [
      ...[...edited].filter((name) => made.has(name)),
      ...[...patient].filter((name) => made.has(name) || needs(name).some((upstream) => work.has(upstream))),
    ].filter((name) => !work.has(name));
    if (more.length === 0) break;
    for (const name of more) work.add(name);
  }
  return { edited: [...edited].filter((name) => !work.has(name)), work: order.filter((name) => work.has(name)) };
}

function isEdited(decision: Exclude<Decision, { state: 'fresh' }>): boolean {
  return decision.reasons.length > 0 && decision.reasons.every(({ type }) => type === 'output-edited');
}

function isPatient(decision: Decision): boolean {
  return (
    decision.state === 'waiting' &&
    decision.reasons.every((reason) => reason.type === 'upstream-stale' && reason.runsAnyway === undefined)
  );
}
