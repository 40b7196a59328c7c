import { z } from 'zod';

const count = (what: string) => z.int().min(0).optional().describe(what);

export const filterParams = z.strictObject({
  include_assistant: z.boolean().default(false).describe('the reply must have an image too'),
  min_images: count("a row's images, at least"),
  max_images: count("a row's images, at most"),
  min_reward: z
    .number()
    .optional()
    .describe(
      "a row's reward, at least: `metadata.reward`, or the number of achievements that turned true in its turn",
    ),
  require_new_achievement: z
    .boolean()
    .default(false)
    .describe("the row's turn must have unlocked an achievement that is new in its session"),
  drop_achievements: z.array(z.string()).default([]).describe('drop rows whose turn unlocked one of these'),
  dedupe: z
    .enum(['rows', 'images'])
    .optional()
    .describe('keep the first of identical rows, or of rows with identical images'),
  max_per_session: z.int().min(1).optional().describe('keep so many rows of a session, the first ones'),
});
export type FilterParams = z.output<typeof filterParams>;

/** What decides over a row by itself: all of the params but those that look across rows. */
export type RowParams = Omit<FilterParams, 'dedupe' | 'max_per_session'>;

/** JSON: what is not set is left out. */
export function rowParams(params: FilterParams): RowParams {
  const across = new Set(['dedupe', 'max_per_session']);
  const entries = Object.entries(params as Readonly<Record<string, unknown>>).filter(
    ([name, value]) => value !== undefined && !across.has(name),
  );
  return Object.fromEntries(entries) as RowParams;
}
