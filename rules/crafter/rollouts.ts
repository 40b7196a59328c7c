import { type DirectorySlice, defineRule, directory, sqlite } from 'vlmbuild';
import { z } from 'zod';
import { TraceWriter, createTraceDatabase, finishTraceDatabase, mergeTraceDatabases } from '../lib/tracing/write.js';
import { playEpisode } from './agent/episode.js';
import { checkMeasures, measures, sizeOf } from './agent/params.js';
import { makePolicy, policyParams } from './agent/policies.js';
import { MODES } from './agent/prompt.js';
import { seedList, seedsParam } from './agent/seeds.js';
import { type TextureFile, textureFiles, texturesFrom } from './agent/textures.js';
import { Crafter } from './sim/crafter.js';

const DEFAULT_TURNS = 20;
/** Recorded times are counted from here: 1 January 2025, UTC. */
const EPOCH = Date.UTC(2025, 0, 1);
/** Each seed owns this many ids of every table: a seed more or less moves no other's rows. */
const IDS_PER_SEED = 100_000;

export default defineRule({
  summary: 'Play Crafter episodes and record them in a trace database, one part per episode.',
  params: z
    .strictObject({
      seeds: seedsParam,
      steps: z
        .int()
        .min(1)
        .optional()
        .describe('The most single actions of an episode. Default: no limit but `length`.'),
      max_steps_per_episode: z
        .int()
        .min(1)
        .optional()
        .describe(
          `The most turns of an episode (a turn is one answer of the policy). Default: ${DEFAULT_TURNS}, or no limit where \`steps\` is given.`,
        ),
      mode: z
        .enum(MODES)
        .default('both')
        .describe('What the player is shown: the state in words, as a picture, or both.'),
      policy: policyParams.default({ kind: 'expert' }).describe('Who plays.'),
      ...measures,
      textures: z
        .string()
        .min(1)
        .optional()
        .describe(
          'A folder of textures to draw with, such as `assets` of an installed Crafter. Its files are not watched: to have them so, give the folder as the input `textures`.',
        ),
    })
    .superRefine(checkMeasures),
  inputs: { textures: directory().optional() },
  outputs: { db: sqlite() },
  async *parts({ params, inputs }) {
    const textures: Record<string, DirectorySlice> = {};
    if (inputs.textures !== undefined && params.mode !== 'text')
      for await (const entry of inputs.textures.entries()) textures[entry.name] = entry;
    for (const seed of seedList(params.seeds))
      yield {
        id: `seed-${String(seed).padStart(4, '0')}`,
        inputs: textures,
        spec: {
          seed,
          mode: params.mode,
          steps: params.steps ?? null,
          turns: params.max_steps_per_episode ?? (params.steps === undefined ? DEFAULT_TURNS : null),
          policy: params.policy,
          size: [...sizeOf(params.size)] as [number, number],
          area: params.area,
          view: params.view,
          length: params.length,
          textures: params.textures ?? null,
        },
      };
  },
  async make({ spec, inputs, outputs, log, signal }) {
    const { seed, mode, size, area, view, length } = spec;
    const files: readonly TextureFile[] =
      spec.textures === null ? Object.values(inputs) : await textureFiles(spec.textures);
    const game = new Crafter({
      ...{ seed, size, area, view, length },
      ...(mode === 'text' ? {} : { textures: await texturesFrom(files) }),
    });
    const policy = makePolicy(spec.policy, seed);
    const sessionId = `crafter-${policy.model}-${mode}-${String(seed).padStart(4, '0')}`;
    const startedAt = EPOCH;
    const db = outputs.db.open();
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
    const { steps, turns } = spec;
    const result = await playEpisode({
      ...{ game, policy, mode, seed, steps, turns, writer, startedAt, signal },
      warn: log,
    });
    finishTraceDatabase(db);
    db.close();
    log(
      `seed ${seed}: ${result.achievements.length} achievements in ${result.steps} steps and ${result.turns} turns` +
        (result.ending === 'death' ? ', then death' : ''),
    );
    return { ...result, seed, achievements: [...result.achievements] };
  },
  assemble({ parts, outputs, log }) {
    const db = outputs.db.open();
    createTraceDatabase(db);
    mergeTraceDatabases(
      db,
      parts.map((part) => part.outputs.db.path),
    );
    finishTraceDatabase(db);
    db.close();
    log(`${parts.length} episodes`);
  },
});
