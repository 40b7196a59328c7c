import { formatSeconds } from '../base/units.js';
import type { Decision } from '../plan/decision.js';
import { freshLine } from '../plan/fresh-line.js';
import { reasonsText } from './event-lines.js';
import { painter, type Style } from './narrator.js';
import { table } from './table.js';

const VERBS = { restorable: 'restore', stale: 'run', waiting: 'may run' } as const;

/** What a build would do: a line for each target that is not fresh, with remembered seconds, then the sum. */
export function planText(
  decisions: readonly Decision[],
  remembered: (target: string) => number | undefined,
  style: Style,
): string {
  const paint = painter(style);
  let expected = 0;
  const rows = decisions.flatMap((decision) => {
    if (decision.state === 'fresh') return [];
    const seconds = decision.state === 'restorable' ? undefined : remembered(decision.target);
    expected += seconds ?? 0;
    const about = seconds === undefined ? '' : `about ${formatSeconds(seconds)}`;
    return [[VERBS[decision.state], decision.target, about, reasonsText(decision.reasons)]];
  });
  const fresh = decisions.length - rows.length;
  if (rows.length === 0) return freshLine(fresh);
  const sum = `would do ${rows.length} of ${decisions.length} targets${expected > 0 ? `, at most about ${formatSeconds(expected)} of work` : ''}`;
  return [...table(rows), paint('bold', sum)].join('\n');
}
