import type { PartsPreview } from '../execute/parts-preview.js';
import type { SecondsOf, TimeLeft } from '../execute/time-left.js';
import type { Decision } from '../plan/decision.js';

/** What is remembered of how long targets took, and what follows from that. */
export interface Forecast {
  readonly jobs: number;
  /** Zero: the result was not made here. */
  readonly remembered: (target: string) => number | undefined;
  /** For targets that are ahead; what `seconds` does not know of was never timed. */
  readonly timeLeft: (ahead: ReadonlySet<string>, seconds: SecondsOf) => TimeLeft;
}

/** What a build would take, judged by what was remembered. */
export interface Prediction {
  /** Of targets that are not fresh; those that were never timed are left out. What is put back takes next to no time. */
  readonly seconds: ReadonlyMap<string, number>;
  /** Their sum. */
  readonly work: number;
  readonly left: TimeLeft;
  /** How often a model is asked at most, as far as rules tell. */
  readonly questions: number;
}

export function predict(
  decisions: readonly Decision[],
  { remembered, timeLeft }: Forecast,
  parts: ReadonlyMap<string, PartsPreview>,
): Prediction {
  const seconds = new Map<string, number>();
  let [work, questions] = [0, 0];
  const ahead = decisions.filter(({ state }) => state !== 'fresh');
  for (const { state, target } of ahead) {
    const own = state === 'restorable' ? 0 : (parts.get(target)?.seconds ?? remembered(target)) || undefined;
    if (own !== undefined) seconds.set(target, own);
    work += own ?? 0;
    questions += parts.get(target)?.asks?.questions ?? 0;
  }
  const left = timeLeft(new Set(ahead.map(({ target }) => target)), (target) => seconds.get(target));
  return { seconds, work, left, questions };
}
