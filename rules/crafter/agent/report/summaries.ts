/** The small summaries that the public examples write, key by key. */
import { ACHIEVEMENTS } from '../../sim/rules.js';
import type { EpisodeResult } from '../episode.js';
import { type Evaluated, byMode, resultsOf, turnsPlayed } from './report.js';
import { mean, sum } from './rounding.js';

const means = (results: readonly EpisodeResult[]) => ({
  mean_steps: mean(results.map(turnsPlayed)),
  mean_achievements: mean(results.map(({ achievements }) => achievements.length)),
  total_tool_calls: sum(results.map(({ toolCalls }) => toolCalls)),
});

const fileText = (summary: object): string => `${JSON.stringify(summary, null, 2)}\n`;

/** `openai_agent_summary.json`: of the episodes of one policy. Steps are turns there. */
export const agentSummary = (results: readonly (EpisodeResult & { readonly model: string })[]): string =>
  fileText({
    model: results[0]?.model ?? null,
    episodes: results.length,
    ...means(results),
    // Seen from the summary itself: a folder's name would differ from machine to machine.
    output_dir: '.',
  });

/** `vlm_benchmark_summary.json`: by mode. Episodes that failed are left out. */
export const benchmarkSummary = (episodes: readonly Evaluated[]): string =>
  fileText(
    Object.fromEntries(
      byMode(episodes).map(([mode, ofMode]) => {
        const results = resultsOf(ofMode);
        const reached = ACHIEVEMENTS.map(
          (name) => [name, results.filter(({ achievements }) => achievements.includes(name)).length] as const,
        ).filter(([, count]) => count > 0);
        return [mode, { episodes: results.length, ...means(results), achievements: Object.fromEntries(reached) }];
      }),
    ),
  );
