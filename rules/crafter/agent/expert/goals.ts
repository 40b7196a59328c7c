/**
 * What the expert may want next. Of all goals that can be reached the one that pays soonest is followed: see `decide.ts`.
 */
import { craft, furnace, placeStone, table } from './building.js';
import { coal, diamond, iron, plant, sapling, stone, wood } from './gathering.js';
import { fence, tend } from './farming.js';
import { cow, defend, drink, eatPlant, skeleton, zombie } from './living.js';
import type { Goal, Scene } from './scene.js';

// prettier-ignore
const ALL = [
  wood, stone, coal, iron, diamond, table, furnace, craft, placeStone,
  sapling, plant, fence, tend, eatPlant, cow, zombie, skeleton, defend, drink,
] as const;

/** Everything worth doing now. */
export const goalsOf = (scene: Scene): Goal[] => ALL.map((goal) => goal(scene)).filter((goal) => goal !== undefined);
