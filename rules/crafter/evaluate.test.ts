import test from 'ava';
import { play } from '../lib/testing/play.js';
import type { EpisodeResult } from './agent/episode.js';
import { calling, completion, serveChat } from './agent/model/testing.js';
import { pageOf } from './agent/report/page.js';
import { type Evaluated, type Report, reportOf } from './agent/report/report.js';
import { benchmarkSummary } from './agent/report/summaries.js';
import evaluate from './evaluate.js';

async function evaluated(params: object, secrets = {}) {
  const { outputs, parts, log } = await play(evaluate, { params, secrets, wanted: ['summary'] });
  const text = (name: string): string => outputs[name]?.toString() ?? '';
  return { report: JSON.parse(text('report')) as Report, page: text('page'), summary: text('summary'), parts, log };
}

test('players that do not look play once for all modes', async (t) => {
  const { report, parts } = await evaluated({ seeds: '0..1', steps: 40, policy: { kind: 'expert' } });
  t.deepEqual(
    parts.map(({ id }) => id),
    ['text', 'image', 'both'].flatMap((mode) => [`${mode}-seed-0000`, `${mode}-seed-0001`]),
  );
  t.is(new Set(parts.map(({ key }) => key)).size, 2);
  const [text, image] = report.modes;
  t.deepEqual(image, { ...text, mode: 'image' } as typeof image);
  t.like(text, { episodes: 2, failed: 0, mean_length: 40, cost_usd: null });
  t.is(text?.achievements.collect_wood.rate, 1);
  const { low = 0, high = 0 } = text?.intervals?.mean_achievements ?? {};
  const [first = 0, second = 0] = parts.map(({ meta }) => (meta['achievements'] as string[]).length);
  t.deepEqual(
    [low, high],
    [Math.min(first, second), Math.max(first, second)],
    'two episodes, drawn twice in four ways',
  );
});

test('modes stand side by side for a model, with what they took', async (t) => {
  const { url, asked } = await serveChat(t, ({ body }) => {
    const content = (body['messages'] as [unknown, { content: unknown }])[1].content;
    // Whoever is shown pictures alone gives up.
    return { body: JSON.stringify(content).includes('Crafter state') ? calling(['noop', 'noop']) : completion({}) };
  });
  const price = { input: 1, output: 2 };
  const { report, page, summary } = await evaluated(
    {
      seeds: '3..4',
      modes: ['both', 'image'],
      size: 32,
      max_steps_per_episode: 2,
      policy: { kind: 'model', model: 'gpt-4o', base_url: url, price },
    },
    { OPENAI_API_KEY: 'sk' },
  );
  t.is(asked.length, 6);
  const [image, both] = report.modes;
  t.like(image, { mode: 'image', endings: { 'no tool call': 2 }, mean_turns: 0, total_tool_calls: 0 });
  t.like(both, { mode: 'both', endings: { limit: 2 }, mean_turns: 2, mean_length: 4, total_tool_calls: 4 });
  t.like(both, { input_tokens: 4000, output_tokens: 200, cost_usd: 0.0044 });
  t.regex(page, /^# gpt-4o in Crafter$/m);
  t.regex(page, /^\| +\| image \| both \|$/m);
  t.regex(page, /^\| cost \| \$0\.0022 \| \$0\.0044 \|$/m);
  t.deepEqual(JSON.parse(summary), {
    image: { episodes: 2, mean_steps: 0, mean_achievements: 0, total_tool_calls: 0, achievements: {} },
    both: { episodes: 2, mean_steps: 2, mean_achievements: 0, total_tool_calls: 4, achievements: {} },
  });
});

test('a model that does not see is said to be told in words', async (t) => {
  const { url } = await serveChat(t, () => ({ body: calling(['noop']) }));
  const policy = { kind: 'model', model: 'llama-3', base_url: url, secret: null };
  const { report, page } = await evaluated({ seeds: 1, modes: ['text', 'both'], max_steps_per_episode: 1, policy });
  t.deepEqual(report.told, ['both']);
  t.regex(page, /in mode both it was told in words alone/);
});

test('episodes that failed are counted, and count for nothing else', (t) => {
  const result: EpisodeResult = {
    ...{ turns: 3, steps: 9, toolCalls: 3, reward: 2, gameReward: 1.9, health: 8 },
    ending: 'limit',
    achievements: ['collect_wood', 'place_table'],
    usage: { inputTokens: 0, outputTokens: 0, costUsd: null },
  };
  const episodes: Evaluated[] = [
    { mode: 'text', seed: 1, result },
    { mode: 'text', seed: 2, result: undefined },
    { mode: 'image', seed: 1, result: undefined },
  ];
  const report = reportOf(episodes, { policy: { kind: 'expert' }, length: 9, steps: null, turns: 3, told: [] });
  const [text, image] = report.modes;
  t.like(text, { episodes: 1, failed: 1, mean_achievements: 2, mean_reward: 1.9, intervals: null });
  t.like(text?.achievements.place_table, { episodes: 1, rate: 1, high: 1 });
  t.like(image, { episodes: 0, failed: 1, score: 0, mean_achievements: 0, intervals: null });
  t.like(image?.achievements.place_table, { rate: 0, low: 0, high: 1 });
  t.regex(pageOf(report), /^\| failed, not counted below \| 1 \| 1 \|$/m);
  t.deepEqual((JSON.parse(benchmarkSummary(episodes)) as Record<string, unknown>)['text'], {
    episodes: 1,
    mean_steps: 3,
    mean_achievements: 2,
    total_tool_calls: 3,
    achievements: { collect_wood: 1, place_table: 1 },
  });
});
