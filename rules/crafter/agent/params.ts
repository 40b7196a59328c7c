/** Params that all rules about the game share. */
import { z } from 'zod';
import { layoutOf } from '../sim/layout.js';
import { ACTIONS, ITEMS } from '../sim/rules.js';

/** Seeds stay below 2^32, so that an episode's block of row ids stays exact. */
export const MOST_SEED = 2 ** 32 - 1;
export const seed = z.int().min(0).max(MOST_SEED);

export const action = z.enum(ACTIONS);

const cells = z.int().min(1).max(1024);
const pixels = z.int().min(1).max(4096);

/** The world's and the picture's measures, with their defaults. */
export const measures = {
  size: z
    .union([pixels, z.tuple([pixels, pixels])])
    .default(64)
    .describe('Pixels of a frame: one number, or width and height.'),
  area: z.tuple([cells, cells]).default([64, 64]).describe('Cells of the world, width and height.'),
  view: z
    .tuple([cells, cells])
    .default([9, 9])
    .describe('Cells that a frame shows, columns and rows, the rows of the inventory included.'),
  length: z.int().min(1).default(256).describe('Steps until the episode is over.'),
};

interface Measures {
  readonly size: number | readonly [number, number];
  readonly area: readonly [number, number];
  readonly view: readonly [number, number];
}

export const sizeOf = (size: Measures['size']): readonly [number, number] =>
  typeof size === 'number' ? [size, size] : size;

/** Whether a view shows more than the inventory. */
const hasRoom = ([columns, rows]: Measures['view']): boolean => rows > Math.ceil(ITEMS.length / columns);

/** Refuses a frame too small for its view, before anything runs. */
export function checkMeasures({ size, view }: Measures, context: z.RefinementCtx): void {
  try {
    layoutOf(view, sizeOf(size), ITEMS.length);
  } catch (error) {
    context.addIssue({
      code: 'custom',
      path: [hasRoom(view) ? 'size' : 'view'],
      message: error instanceof Error ? error.message : String(error),
    });
  }
}
