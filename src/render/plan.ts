import { formatSeconds, plural } from '../base/units.js';
import type { Decision } from '../plan/decision.js';
import type { PartsPreview } from '../execute/parts-preview.js';
import type { TimeLeft } from '../execute/time-left.js';
import { freshLine } from '../plan/fresh-line.js';
import { reasonsText } from './event-lines.js';
import { asksText, partsText, questionsText } from './parts.js';
import { painter, type Style } from './narrator.js';
import { predict, type Forecast, type Prediction } from './prediction.js';
import { table } from './table.js';

const VERBS = { restorable: 'restore', stale: 'run', waiting: 'may run' } as const;

/** What a build would do: a line for each target that is not fresh, with remembered seconds and parts, then the sum. */
export function planText(
  decisions: readonly Decision[],
  forecast: Forecast,
  parts: ReadonlyMap<string, PartsPreview>,
  style: Style,
): string {
  const paint = painter(style);
  const prediction = predict(decisions, forecast, parts);
  const rows = decisions.flatMap((decision) => {
    if (decision.state === 'fresh') return [];
    const seconds = prediction.seconds.get(decision.target);
    const about = seconds === undefined || seconds === 0 ? '' : `about ${formatSeconds(seconds)}`;
    const preview = parts.get(decision.target);
    const counts = preview === undefined ? '' : partsText(preview);
    const asks = preview === undefined ? '' : asksText(preview);
    return [[VERBS[decision.state], decision.target, about, counts, asks, reasonsText(decision.reasons)]];
  });
  const fresh = decisions.length - rows.length;
  if (rows.length === 0) return freshLine(fresh);
  const { questions } = prediction;
  const asks = questions > 0 ? `, ${questionsText(questions)}` : '';
  const sum = `would do ${rows.length} of ${decisions.length} targets${workText(prediction, forecast.jobs)}${asks}`;
  return [...table(withoutEmptyColumns(rows)), paint('bold', sum)].join('\n');
}

/** `, at most about 1m 20s of work, 45s with -j 2, without 3 targets never timed`. */
function workText({ work, left }: Prediction, jobs: number): string {
  if (work === 0) return '';
  const [alone, together] = [formatSeconds(work), formatSeconds(left.seconds)];
  return `, at most about ${alone} of work${alone === together ? '' : `, ${together} with -j ${jobs}`}${untimedText(left)}`;
}

/** What a sum of remembered times leaves out. */
export function untimedText({ untimed }: TimeLeft): string {
  return untimed === 0 ? '' : `, without ${plural(untimed, 'target')} never timed`;
}

function withoutEmptyColumns(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => row.filter((_, i) => rows.some((other) => other[i] !== '')));
}
