import { formatSeconds } from '../base/units.js';
import type { Decision } from '../plan/decision.js';
import type { PartsPreview } from '../execute/parts-preview.js';
import { freshLine } from '../plan/fresh-line.js';
import { reasonsText } from './event-lines.js';
import { asksText, partsText, questionsText } from './parts.js';
import { painter, type Style } from './narrator.js';
import { table } from './table.js';

const VERBS = { restorable: 'restore', stale: 'run', waiting: 'may run' } as const;

/** What a build would do: a line for each target that is not fresh, with remembered seconds and parts, then the sum. */
export function planText(
  decisions: readonly Decision[],
  remembered: (target: string) => number | undefined,
  parts: ReadonlyMap<string, PartsPreview>,
  style: Style,
): string {
  const paint = painter(style);
  let expected = 0;
  let questions = 0;
  const rows = decisions.flatMap((decision) => {
    if (decision.state === 'fresh') return [];
    const seconds = decision.state === 'restorable' ? undefined : remembered(decision.target);
    expected += seconds ?? 0;
    // Zero: the result was not made here.
    const about = seconds === undefined || seconds === 0 ? '' : `about ${formatSeconds(seconds)}`;
    const preview = parts.get(decision.target);
    const counts = preview === undefined ? '' : partsText(preview);
    const asks = preview === undefined ? '' : asksText(preview);
    questions += preview?.asks?.questions ?? 0;
    return [[VERBS[decision.state], decision.target, about, counts, asks, reasonsText(decision.reasons)]];
  });
  const fresh = decisions.length - rows.length;
  if (rows.length === 0) return freshLine(fresh);
  const work = expected > 0 ? `, at most about ${formatSeconds(expected)} of work` : '';
  const asks = questions > 0 ? `, ${questionsText(questions)}` : '';
  const sum = `would do ${rows.length} of ${decisions.length} targets${work}${asks}`;
  return [...table(withoutEmptyColumns(rows)), paint('bold', sum)].join('\n');
}

function withoutEmptyColumns(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => row.filter((_, i) => rows.some((other) => other[i] !== '')));
}
