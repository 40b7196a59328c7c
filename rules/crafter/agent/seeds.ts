/** Lists of seeds as people write them. */
import { z } from 'zod';
import { MOST_SEED, seed } from './params.js';

const MOST_SEEDS = 1_000_000;
const RANGE = /^(\d+)\.\.(\d+)$/;

const range = z
  .string()
  .regex(RANGE, { error: 'a range of seeds is written `0..9`', abort: true })
  .refine(
    (text) => {
      const [first, last] = bounds(text);
      return first <= last && last <= MOST_SEED && last - first < MOST_SEEDS;
    },
    {
      message: `a range goes up, to ${MOST_SEED} at most, and has at most ${MOST_SEEDS} seeds`,
      // The list is not made of a range that has no end.
      abort: true,
    },
  );

function bounds(text: string): readonly [number, number] {
  const match = RANGE.exec(text);
  return [Number(match?.[1]), Number(match?.[2])];
}

const one = z.union([seed, range]);

export const seedsParam = z
  .union([one, z.array(one).min(1)])
  .describe('The seeds, one episode each: a number, a range `0..9` (both ends included), or a list of these.')
  .superRefine((value, context) => {
    const seen = new Set<number>();
    for (const each of seedList(value)) {
      if (seen.has(each)) context.addIssue({ code: 'custom', message: `seed ${each} is listed twice` });
      seen.add(each);
    }
  });

type Seeds = number | string | readonly (number | string)[];

/** All seeds, in order. */
export function seedList(seeds: Seeds): number[] {
  if (typeof seeds === 'number') return [seeds];
  if (typeof seeds !== 'string') return seeds.flatMap(seedList);
  const [first, last] = bounds(seeds);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
