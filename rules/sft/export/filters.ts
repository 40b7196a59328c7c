import { z } from 'zod';

const names = (what: string) => z.array(z.string()).default([]).describe(what);

/** An event reward text, `TYPE[:MIN]`. */
interface EventReward {
  readonly type: string;
  readonly min: number;
}

const trim = (text: string) => text.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, '');

/** `TYPE[:MIN]`; null for one without a type, which says nothing at all; undefined where MIN is no decimal number. */
export function parseEventReward(text: string): EventReward | null | undefined {
  const colon = text.indexOf(':');
  const type = trim(colon < 0 ? text : text.slice(0, colon));
  if (type === '') return null;
  const min = colon < 0 ? '' : trim(text.slice(colon + 1));
  if (min !== '' && !/^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(min)) return undefined;
  return { type, min: Number(min) };
}

export const exportParams = z.strictObject({
  models: names('keep sessions whose dominant model is one of these, and of them the model calls of these models'),
  providers: names('keep sessions whose dominant provider is one of these (`unknown` where none is recorded)'),
  min_unique: z.int().default(0).describe("the session's unique achievements, at least"),
  max_unique: z.int().optional().describe("the session's unique achievements, at most"),
  exclude_achievements: names('names that `min_unique` and `max_unique` do not count'),
  require_achievements: names("names that must all be in the session's outcome"),
  min_outcome_reward: z.number().optional().describe("the session's outcome reward, at least"),
  max_outcome_reward: z.number().optional().describe("the session's outcome reward, at most"),
  event_rewards: z
    .array(
      z.string().refine((text) => parseEventReward(text) !== undefined, {
        error: 'what follows the `:` of an event reward is a decimal number',
      }),
    )
    .default([])
    .describe('`TYPE` or `TYPE:MIN`: the session has rewards of this type that sum to at least MIN (0)'),
  limit: z.int().min(1).optional().describe('stop after so many rows'),
  compat: z
    .enum(['fixed', 'reference'])
    .default('fixed')
    .describe(
      '`reference` loses what the original exporter lost (plain text replies, some achievement names and images)',
    ),
});
export type ExportParams = z.output<typeof exportParams>;
