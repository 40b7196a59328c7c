/** An episode as params describe it, and as a part's spec does: what the rules that play have in common. */
import type { DirectoryInput } from 'vlmbuild';
import { z } from 'zod';
import { Crafter } from '../sim/crafter.js';
import { measures, sizeOf } from './params.js';
import { policyParams } from './policies.js';
import type { Mode } from './prompt.js';
import { type TextureFiles, textureFiles, texturesFrom, texturesParam } from './textures.js';

/** @param defaultTurns the most turns where neither steps nor turns are limited. */
export const episodeParams = (defaultTurns: number) => ({
  steps: z.int().min(1).optional().describe('The most single actions of an episode. Default: no limit but `length`.'),
  max_steps_per_episode: z
    .int()
    .min(1)
    .optional()
    .describe(
      `The most turns of an episode (a turn is one answer of the policy). Default: ${defaultTurns}, or no limit where \`steps\` is given.`,
    ),
  policy: policyParams.default({ kind: 'expert' }).describe('Who plays.'),
  concurrency: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('The most episodes at a time where a model plays. Other policies compute, and take a slot each.'),
  ...measures,
  textures: texturesParam,
});
export type EpisodeParams = z.output<z.ZodObject<ReturnType<typeof episodeParams>>>;

/** The limits of an episode: single actions, and turns; `null` for none but its length. */
export const limitsOf = (params: Limits, defaultTurns: number) => ({
  steps: params.steps ?? null,
  turns: params.max_steps_per_episode ?? (params.steps === undefined ? defaultTurns : null),
});
type Limits = Pick<EpisodeParams, 'steps' | 'max_steps_per_episode'>;

/** The most turns that an episode can have: each takes a step at least. */
export function mostTurns(params: Limits & Pick<EpisodeParams, 'length'>, defaultTurns: number): number {
  const { steps, turns } = limitsOf(params, defaultTurns);
  return Math.min(turns ?? Infinity, steps ?? Infinity, params.length);
}

/** How many episodes may wait for their policy at once; `undefined` for policies that compute. */
export const episodesAtOnce = ({ policy, concurrency }: EpisodeParams): number | undefined =>
  policy.kind === 'model' ? concurrency : undefined;

/**
 * Not where a model plays. What it answered is kept for good, so an episode made again is the same to the byte; but where
 * the answers are gone as well (a clone), it would be another, and be paid for again.
 */
export const isDeterministic = ({ policy }: EpisodeParams): boolean => policy.kind !== 'model';

/** Everything that decides an episode, as JSON. */
export const episodeSpec = (params: EpisodeParams, seed: number, mode: Mode, defaultTurns: number) => ({
  seed,
  mode,
  ...limitsOf(params, defaultTurns),
  policy: params.policy,
  size: [...sizeOf(params.size)] as [number, number],
  area: params.area,
  view: params.view,
  length: params.length,
});
export type EpisodeSpec = ReturnType<typeof episodeSpec>;

/** The textures that an episode is drawn with; none where they are the project's own. */
export const texturesOf = async (textures: DirectoryInput | undefined): Promise<TextureFiles> =>
  textures === undefined ? {} : textureFiles(textures);

/** @param textures what {@link texturesOf} gave for the episode; `undefined` where nobody looks. */
export async function newGame(spec: EpisodeSpec, textures: TextureFiles | undefined): Promise<Crafter> {
  const { seed, size, area, view, length } = spec;
  const options = { seed, size, area, view, length };
  return new Crafter(textures === undefined ? options : { ...options, textures: await texturesFrom(textures) });
}
