import { defineRule, directory, file } from 'vlmbuild';
import { z } from 'zod';
import { type EpisodeResult, NO_RECORDER, playEpisode } from './agent/episode.js';
import {
  type EpisodeParams,
  episodeParams,
  episodeSpec,
  episodesAtOnce,
  isDeterministic,
  limitsOf,
  newGame,
  texturesOf,
} from './agent/episode-spec.js';
import { checkMeasures } from './agent/params.js';
import { makePolicy, shownMode } from './agent/policies.js';
import { MODES, type Mode } from './agent/prompt.js';
import { questionsLeft } from './agent/questions.js';
import { pageOf } from './agent/report/page.js';
import { type Evaluated, reportOf } from './agent/report/report.js';
import { benchmarkSummary } from './agent/report/summaries.js';
import { seedList, seedsParam } from './agent/seeds.js';
import type { TextureFiles } from './agent/textures.js';

const DEFAULT_TURNS = 10;
const DEFAULT_SEEDS = '0..19';

interface Listed {
  readonly mode: Mode;
  readonly seed: number;
}

/** All episodes by their part's id, mode by mode. */
const listed = ({ modes, seeds }: { modes: readonly Mode[]; seeds: Parameters<typeof seedList>[0] }) =>
  new Map(
    MODES.filter((mode) => modes.includes(mode)).flatMap((mode) =>
      seedList(seeds).map((seed): [string, Listed] => [
        `${mode}-seed-${String(seed).padStart(4, '0')}`,
        { mode, seed },
      ]),
    ),
  );

/** Players of our own do not look at what they are shown: their episodes are one part for all modes. */
const modeOf = ({ policy }: EpisodeParams, mode: Mode): Mode =>
  policy.kind === 'model' ? shownMode(policy, mode) : 'text';

export default defineRule({
  summary: 'Play a policy over seeds and modes, and report how well it does.',
  params: z
    .strictObject({
      seeds: seedsParam.default(DEFAULT_SEEDS),
      modes: z
        .array(z.enum(MODES))
        .min(1)
        .default([...MODES])
        .describe('What the player is shown, compared side by side. Only a model plays differently.'),
      ...episodeParams(DEFAULT_TURNS),
    })
    .superRefine(checkMeasures),
  inputs: { textures: directory().fromParam('textures') },
  outputs: { report: file(), page: file(), summary: file().optional() },
  deterministic: ({ params }) => isDeterministic(params),
  concurrency: ({ params }) => episodesAtOnce(params),
  async *parts({ params, inputs }) {
    let textures: TextureFiles | undefined;
    for (const [id, { mode, seed }] of listed(params)) {
      const shown = modeOf(params, mode);
      // Who looks at no picture does not depend on how it is drawn.
      const files = shown === 'text' ? {} : (textures ??= await texturesOf(inputs.textures));
      yield { id, inputs: files, spec: episodeSpec(params, seed, shown, DEFAULT_TURNS) };
    }
  },
  asks: ({ spec, inputs, answered, signal }) =>
    questionsLeft({ spec, shown: spec.mode, textures: inputs, answered, signal }),
  async make({ spec, inputs, outputs, log, signal, once, secrets }) {
    const { seed, mode, steps, turns } = spec;
    const game = await newGame(spec, mode === 'text' ? undefined : inputs);
    const policy = makePolicy(spec.policy, seed, { once, secrets, log });
    const result = await playEpisode({
      ...{ game, policy, mode, seed, steps, turns, signal },
      ...{ writer: NO_RECORDER, startedAt: 0, warn: log },
    });
    // A part has to write all outputs. What `assemble` goes by is what is returned.
    await outputs.report.write('');
    await outputs.page.write('');
    await outputs.summary?.write('');
    return { ...result, achievements: [...result.achievements] };
  },
  async assemble({ parts, params, outputs, log }) {
    const wanted = listed(params);
    const made = new Map(parts.map(({ id, meta }) => [id, meta as unknown as EpisodeResult]));
    const episodes = [...wanted].map(([id, of]): Evaluated => ({ ...of, result: made.get(id) }));
    const { policy, length } = params;
    const report = reportOf(episodes, {
      policy,
      length,
      ...limitsOf(params, DEFAULT_TURNS),
      told: MODES.filter((mode) => policy.kind === 'model' && mode !== modeOf(params, mode)),
    });
    await outputs.report.write(`${JSON.stringify(report, null, 2)}\n`);
    await outputs.page.write(pageOf(report));
    await outputs.summary?.write(benchmarkSummary(episodes));
    for (const { mode, score, mean_achievements: mean } of report.modes)
      log(`${mode}: score ${score.toFixed(1)} %, ${mean.toFixed(2)} achievements an episode`);
  },
});
