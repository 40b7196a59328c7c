import { defineRule, directory, file, sqlite } from 'vlmbuild';
import { z } from 'zod';
import { TraceWriter, createTraceDatabase, finishTraceDatabase, mergeTraceDatabases } from '../lib/tracing/write.js';
import { type EpisodeResult, playEpisode } from './agent/episode.js';
import {
  episodeParams,
  episodeSpec,
  episodesAtOnce,
  isDeterministic,
  mostTurns,
  newGame,
  texturesOf,
} from './agent/episode-spec.js';
import { checkMeasures } from './agent/params.js';
import { makePolicy, shownMode } from './agent/policies.js';
import { MODES } from './agent/prompt.js';
import { questionsLeft } from './agent/questions.js';
import { agentSummary } from './agent/report/summaries.js';
import { seedList, seedsParam } from './agent/seeds.js';

const DEFAULT_TURNS = 20;
/** Recorded times are counted from here: 1 January 2025, UTC. */
const EPOCH = Date.UTC(2025, 0, 1);
/** Each seed owns this many ids of every table: a seed more or less moves no other's rows. */
const IDS_PER_SEED = 100_000;
/** A turn takes at most two ids of a table (its messages, its rewards); the rest is for what an episode has once. */
const MOST_TURNS = (IDS_PER_SEED - 1000) / 2;

/** As the public examples name them: frame 0 is the first observation, frame n the one after the n-th turn. */
const frameName = (seed: number, number: number): string =>
  `seed_${String(seed).padStart(4, '0')}/step_${String(number).padStart(3, '0')}.png`;

export default defineRule({
  summary: 'Play Crafter episodes and record them in a trace database, one part per episode.',
  params: z
    .strictObject({
      seeds: seedsParam,
      mode: z
        .enum(MODES)
        .default('both')
        .describe('What the player is shown: the state in words, as a picture, or both.'),
      ...episodeParams(DEFAULT_TURNS),
    })
    .superRefine(checkMeasures)
    .superRefine((params, context) => {
      const turns = mostTurns(params, DEFAULT_TURNS);
      if (turns <= MOST_TURNS) return;
      context.addIssue({
        code: 'custom',
        path: ['length'],
        message: `an episode of up to ${turns} turns: at most ${MOST_TURNS} can be recorded`,
      });
    }),
  inputs: { textures: directory().fromParam('textures') },
  outputs: { db: sqlite(), frames: directory().optional(), summary: file().optional() },
  deterministic: ({ params }) => isDeterministic(params),
  concurrency: ({ params }) => episodesAtOnce(params),
  async *parts({ params, inputs }) {
    // In every mode: which outputs are wanted is not known here, and frames of episodes in words are drawn too.
    const textures = await texturesOf(inputs.textures);
    for (const seed of seedList(params.seeds))
      yield {
        id: `seed-${String(seed).padStart(4, '0')}`,
        inputs: textures,
        spec: episodeSpec(params, seed, params.mode, DEFAULT_TURNS),
      };
  },
  asks: ({ spec, inputs, answered, signal }) =>
    questionsLeft({ spec, shown: shownMode(spec.policy, spec.mode), textures: inputs, answered, signal }),
  async make({ spec, inputs, outputs, log, signal, once, secrets }) {
    const { seed, mode, steps, turns } = spec;
    const { frames } = outputs;
    const shown = shownMode(spec.policy, mode);
    if (shown !== mode) log(`the model is not known to see pictures: it is told in words (\`policy.use_vision\`)`);
    const game = await newGame(spec, shown === 'text' && frames === undefined ? undefined : inputs);
    const policy = makePolicy(spec.policy, seed, { once, secrets, log });
    const sessionId = `crafter-${policy.model}-${mode}-${String(seed).padStart(4, '0')}`;
    const startedAt = EPOCH;
    const db = outputs.db.open();
    try {
      createTraceDatabase(db);
      const writer = new TraceWriter(db, {
        sessionId,
        createdAt: startedAt,
        metadata: {
          run_id: sessionId,
          policy_name: 'crafter-react',
          policy_id: null,
          env_name: 'crafter',
          env_id: null,
          seed,
          training_session_id: null,
          synth_base_url: null,
        },
        ids: { first: seed * IDS_PER_SEED + 1, count: IDS_PER_SEED },
      });
      const result = await playEpisode({
        ...{ game, policy, mode: shown, seed, steps, turns, writer, startedAt, signal },
        ...(frames && { onFrame: (number, png) => frames.add(frameName(seed, number), png) }),
        warn: log,
      });
      finishTraceDatabase(db);
      log(
        `seed ${seed}: ${result.achievements.length} achievements in ${result.steps} steps and ${result.turns} turns` +
          (result.ending === 'death' ? ', then death' : ''),
      );
      await outputs.summary?.write(''); // A part has to write all outputs; this one is made of what is returned.
      return { ...result, seed, model: policy.model, achievements: [...result.achievements] };
    } finally {
      db.close();
    }
  },
  async assemble({ parts, outputs, join, log }) {
    const db = outputs.db.open();
    createTraceDatabase(db);
    mergeTraceDatabases(
      db,
      parts.map((part) => part.outputs.db.path),
    );
    finishTraceDatabase(db);
    db.close();
    if (outputs.frames !== undefined) join('frames');
    await outputs.summary?.write(
      agentSummary(parts.map(({ meta }) => meta as unknown as EpisodeResult & { readonly model: string })),
    );
    log(`${parts.length} episodes`);
  },
});
