/** What an evaluation found, as JSON. */
import type { JsonObject } from 'vlmbuild';
import { ACHIEVEMENTS, type AchievementName } from '../../sim/rules.js';
import type { EpisodeResult } from '../episode.js';
import { MODES, type Mode } from '../prompt.js';
import { rounded, sum } from './rounding.js';
import { bootstrap, crafterScore, wilson } from './score.js';

/** An episode that was to be played; without a result it failed. */
export interface Evaluated {
  readonly mode: Mode;
  readonly seed: number;
  readonly result: EpisodeResult | undefined;
}

/** What was evaluated. */
export interface Setting {
  readonly policy: JsonObject;
  readonly length: number;
  /** The most steps and turns of an episode; `null` for no limit. */
  readonly steps: number | null;
  readonly turns: number | null;
  /** Modes with pictures in which the model, which does not see, was told in words alone. */
  readonly told: readonly Mode[];
}

export interface Rate {
  /** Episodes that reached it. */
  readonly episodes: number;
  readonly rate: number;
  /** The 95 % Wilson score interval of the rate. */
  readonly low: number;
  readonly high: number;
}

/** The figures that stand for more episodes than were played, each with its interval. */
const ESTIMATES = ['score', 'mean_achievements', 'mean_reward', 'mean_length', 'mean_turns'] as const;
export type Estimate = (typeof ESTIMATES)[number];

/** Of the episodes that were played; those that failed are only counted. Means are of an episode. */
export interface ModeReport {
  readonly mode: Mode;
  readonly episodes: number;
  readonly failed: number;
  /** Percent. */
  readonly score: number;
  readonly mean_achievements: number;
  /** What the game itself pays: achievements, and changes of health. */
  readonly mean_reward: number;
  /** Single actions. */
  readonly mean_length: number;
  /** Turns whose calls were carried out. */
  readonly mean_turns: number;
  /** The 95 % bootstrap intervals of the figures above; `null` where a single episode was played, or none. */
  readonly intervals: Readonly<Record<Estimate, { readonly low: number; readonly high: number }>> | null;
  readonly total_tool_calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** `null`: nobody told. */
  readonly cost_usd: number | null;
  /** How many episodes ended how. */
  readonly endings: Readonly<Record<string, number>>;
  readonly achievements: Readonly<Record<AchievementName, Rate>>;
}

export interface Report extends Setting {
  readonly modes: readonly ModeReport[];
}

export const reportOf = (episodes: readonly Evaluated[], setting: Setting): Report => ({
  ...setting,
  modes: byMode(episodes).map(([mode, ofMode]) => modeReport(mode, ofMode)),
});

export function byMode(episodes: readonly Evaluated[]): (readonly [Mode, readonly Evaluated[]])[] {
  return MODES.map((mode) => [mode, episodes.filter((episode) => episode.mode === mode)] as const).filter(
    ([, ofMode]) => ofMode.length > 0,
  );
}

export const resultsOf = (episodes: readonly Evaluated[]): EpisodeResult[] =>
  episodes.map(({ result }) => result).filter((result) => result !== undefined);

const places2 = (value: number): number => rounded(value, 2);

/** Turns whose calls were carried out. */
export const turnsPlayed = ({ turns, ending }: EpisodeResult): number => turns - (ending === 'no tool call' ? 1 : 0);

function modeReport(mode: Mode, episodes: readonly Evaluated[]): ModeReport {
  const results = resultsOf(episodes);
  const n = results.length;
  const of = (read: (result: EpisodeResult) => number): number[] => results.map(read);
  const costs = results.map(({ usage }) => usage.costUsd).filter((cost) => cost !== null);
  const reached = ACHIEVEMENTS.map((name) => results.filter(({ achievements }) => achievements.includes(name)).length);
  const endings = new Map<string, number>();
  for (const { ending } of results) endings.set(ending, (endings.get(ending) ?? 0) + 1);
  const estimated = estimates(results);
  const all = Int32Array.from(results.keys());
  const [score = 0, meanAchievements = 0, meanReward = 0, meanLength = 0, meanTurns = 0] = estimated(all).map(places2);
  const intervals = bootstrap(n, estimated)?.map(([low, high]) => ({ low: places2(low), high: places2(high) }));
  return {
    mode,
    episodes: n,
    failed: episodes.length - n,
    score,
    mean_achievements: meanAchievements,
    mean_reward: meanReward,
    mean_length: meanLength,
    mean_turns: meanTurns,
    intervals:
      intervals === undefined
        ? null
        : (Object.fromEntries(ESTIMATES.map((name, i) => [name, intervals[i]])) as ModeReport['intervals']),
    total_tool_calls: sum(of(({ toolCalls }) => toolCalls)),
    input_tokens: sum(of(({ usage }) => usage.inputTokens)),
    output_tokens: sum(of(({ usage }) => usage.outputTokens)),
    cost_usd: costs.length === 0 ? null : rounded(sum(costs), 6),
    endings: Object.fromEntries([...endings].sort(([a], [b]) => (a < b ? -1 : 1))),
    achievements: Object.fromEntries(
      ACHIEVEMENTS.map((name, i) => [name, rateOf(reached[i] as number, n)]),
    ) as ModeReport['achievements'],
  };
}

/** {@link ESTIMATES} of the results with given indices, which may recur. */
function estimates(results: readonly EpisodeResult[]): (drawn: Int32Array) => number[] {
  const columns = [
    results.map(({ achievements }) => achievements.length),
    results.map(({ gameReward }) => gameReward),
    results.map(({ steps }) => steps),
    results.map(turnsPlayed),
  ];
  const reached = ACHIEVEMENTS.map((name) => results.map(({ achievements }) => Number(achievements.includes(name))));
  const meanOf = (values: readonly number[], drawn: Int32Array): number => {
    let total = 0;
    for (const index of drawn) total += values[index] as number;
    return total / drawn.length;
  };
  return (drawn) => [
    crafterScore(reached.map((values) => meanOf(values, drawn))),
    ...columns.map((values) => meanOf(values, drawn)),
  ];
}

function rateOf(episodes: number, n: number): Rate {
  const [low, high] = wilson(episodes, n);
  return { episodes, rate: rounded(episodes / n, 4), low: rounded(low, 4), high: rounded(high, 4) };
}
