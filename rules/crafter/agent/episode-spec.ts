/** An episode as params describe it, and as a part's spec does: what the rules that play have in common. */
import type { DirectoryInput, DirectorySlice } from 'vlmbuild';
import { z } from 'zod';
import { Crafter } from '../sim/crafter.js';
import { measures, sizeOf } from './params.js';
import { policyParams } from './policies.js';
import type { Mode } from './prompt.js';
import { type TextureFile, textureFiles, texturesFrom } from './textures.js';

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
  textures: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A folder of textures to draw with, such as `assets` of an installed Crafter. Its files are not watched: to have them so, give the folder as the input `textures`.',
    ),
});
export type EpisodeParams = z.output<z.ZodObject<ReturnType<typeof episodeParams>>>;

/** How many episodes may wait for their policy at once; `undefined` for policies that compute. */
export const episodesAtOnce = ({ policy, concurrency }: EpisodeParams): number | undefined =>
  policy.kind === 'model' ? concurrency : undefined;

/** Everything that decides an episode, as JSON. */
export const episodeSpec = (params: EpisodeParams, seed: number, mode: Mode, defaultTurns: number) => ({
  seed,
  mode,
  steps: params.steps ?? null,
  turns: params.max_steps_per_episode ?? (params.steps === undefined ? defaultTurns : null),
  policy: params.policy,
  size: [...sizeOf(params.size)] as [number, number],
  area: params.area,
  view: params.view,
  length: params.length,
  textures: params.textures ?? null,
});
export type EpisodeSpec = ReturnType<typeof episodeSpec>;

/** The textures that are watched, for episodes with pictures. */
export async function textureSlices(
  textures: DirectoryInput | undefined,
  shown: Mode,
): Promise<Record<string, DirectorySlice>> {
  const slices: Record<string, DirectorySlice> = {};
  if (textures !== undefined && shown !== 'text')
    for await (const entry of textures.entries()) slices[entry.name] = entry;
  return slices;
}

/** @param watched textures from the part's inputs; those of the project where there are none. */
export async function newGame(spec: EpisodeSpec, shown: Mode, watched: readonly TextureFile[]): Promise<Crafter> {
  const { seed, size, area, view, length } = spec;
  const options = { seed, size, area, view, length };
  if (shown === 'text') return new Crafter(options);
  const files = spec.textures === null ? watched : await textureFiles(spec.textures);
  return new Crafter({ ...options, textures: await texturesFrom(files) });
}
