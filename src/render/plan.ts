import { formatSeconds, plural } from '../base/units.js';
import type { Decision } from '../plan/decision.js';
import type { PartsPreview } from '../execute/parts-preview.js';
import type { SecondsOf, TimeLeft } from '../execute/time-left.js';
import { freshLine } from '../plan/fresh-line.js';
import { reasonsText } from './event-lines.js';
import { asksText, partsText, questionsText } from './parts.js';
import { painter, type Style } from './narrator.js';
import { table } from './table.js';

const VERBS = { restorable: 'restore', stale: 'run', waiting: 'may run' } as const;

/** What is remembered of how long targets took, and what follows from that. */
export interface Forecast {
  readonly jobs: number;
  /** Zero: the result was not made here. */
  readonly remembered: (target: string) => number | undefined;
  /** For targets that are ahead; what `seconds` does not know of was never timed. */
  readonly timeLeft: (ahead: ReadonlySet<string>, seconds: SecondsOf) => TimeLeft;
}

/** What a build would do: a line for each target that is not fresh, with remembered seconds and parts, then the sum. */
export function planText(
  decisions: readonly Decision[],
  { jobs, remembered, timeLeft }: Forecast,
  parts: ReadonlyMap<string, PartsPreview>,
  style: Style,
): string {
  const paint = painter(style);
  const timed = new Map<string, number>();
  let questions = 0;
  const rows = decisions.flatMap((decision) => {
    if (decision.state === 'fresh') return [];
    // What is put back takes next to no time.
    const seconds = decision.state === 'restorable' ? 0 : remembered(decision.target) || undefined;
    if (seconds !== undefined) timed.set(decision.target, seconds);
    const about = seconds === undefined || seconds === 0 ? '' : `about ${formatSeconds(seconds)}`;
    const preview = parts.get(decision.target);
    const counts = preview === undefined ? '' : partsText(preview);
    const asks = preview === undefined ? '' : asksText(preview);
    questions += preview?.asks?.questions ?? 0;
    return [[VERBS[decision.state], decision.target, about, counts, asks, reasonsText(decision.reasons)]];
  });
  const fresh = decisions.length - rows.length;
  if (rows.length === 0) return freshLine(fresh);
  const ahead = new Set(decisions.filter(({ state }) => state !== 'fresh').map(({ target }) => target));
  const left = timeLeft(ahead, (target) => timed.get(target));
  const asks = questions > 0 ? `, ${questionsText(questions)}` : '';
  const sum = `would do ${rows.length} of ${decisions.length} targets${workText([...timed.values()], left, jobs)}${asks}`;
  return [...table(withoutEmptyColumns(rows)), paint('bold', sum)].join('\n');
}

/** `, at most about 1m 20s of work, 45s with -j 2, without 3 targets never timed`. */
function workText(timed: readonly number[], left: TimeLeft, jobs: number): string {
  const work = timed.reduce((sum, seconds) => sum + seconds, 0);
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
