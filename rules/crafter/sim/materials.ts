/** What a cell of the world is made of. The ids are those of the semantic map; 0 is outside the world. */

export const NOTHING = 0;
export const WATER = 1;
export const GRASS = 2;
export const STONE = 3;
export const PATH = 4;
export const SAND = 5;
export const TREE = 6;
export const LAVA = 7;
export const COAL = 8;
export const IRON = 9;
export const DIAMOND = 10;
export const TABLE = 11;
export const FURNACE = 12;

/** Names by id; the texture of a material has its name. */
export const MATERIALS = [
  'none',
  'water',
  'grass',
  'stone',
  'path',
  'sand',
  'tree',
  'lava',
  'coal',
  'iron',
  'diamond',
  'table',
  'furnace',
] as const;

/** A set of materials as a bit mask: a test of membership is one shift. */
export type MaterialSet = number;

export const materialSet = (...materials: readonly number[]): MaterialSet =>
  materials.reduce((set, material) => set | (1 << material), 0);

export const contains = (set: MaterialSet, material: number): boolean => ((set >>> material) & 1) === 1;

export const WALKABLE = materialSet(GRASS, PATH, SAND);
