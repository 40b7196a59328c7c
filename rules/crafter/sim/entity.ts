import { stepX, stepY } from './direction.js';
import { type MaterialSet, GRASS, LAVA, PATH, SAND, WATER, materialSet } from './materials.js';
import type { Chunk } from './chunk.js';

// What kind of object it is: the ids of the semantic map, which go on where those of the materials end.
export const PLAYER = 13;
export const COW = 14;
export const ZOMBIE = 15;
export const SKELETON = 16;
export const ARROW = 17;
export const PLANT = 18;

/** Class names by kind, as the reference calls them. */
export const KIND_NAMES: Readonly<Record<number, string>> = {
  [PLAYER]: 'Player',
  [COW]: 'Cow',
  [ZOMBIE]: 'Zombie',
  [SKELETON]: 'Skeleton',
  [ARROW]: 'Arrow',
  [PLANT]: 'Plant',
};

const BEASTS_WALK = materialSet(GRASS, PATH, SAND);
const WALKS: Readonly<Record<number, MaterialSet>> = {
  [PLAYER]: materialSet(GRASS, PATH, SAND, LAVA),
  [ARROW]: materialSet(GRASS, PATH, SAND, WATER, LAVA),
};
const HEALTH: Readonly<Record<number, number>> = { [PLAYER]: 9, [COW]: 3, [ZOMBIE]: 5, [SKELETON]: 3, [PLANT]: 1 };

/** An object of the world: the player, a creature, an arrow or a plant. */
export class Entity {
  health: number;
  removed = false;
  /** A zombie's cooldown, a skeleton's time to reload, a plant's age; otherwise unused. */
  timer = 0;
  /** The materials it can enter. */
  readonly walks: MaterialSet;
  /** The chunk that holds it. Set by the world. */
  chunk: Chunk | null = null;

  constructor(
    readonly kind: number,
    public x: number,
    public y: number,
    /** Where the player and arrows face. */
    public facing: number,
  ) {
    this.health = HEALTH[kind] ?? 0;
    this.walks = WALKS[kind] ?? BEASTS_WALK;
  }

  get targetX(): number {
    return this.x + stepX(this.facing);
  }

  get targetY(): number {
    return this.y + stepY(this.facing);
  }

  /** Takes health away; it never falls below 0. */
  hurt(damage: number): void {
    this.health = Math.max(0, this.health - damage);
  }

  /** Distance along the grid: |dx| + |dy|. */
  distanceTo(other: Entity): number {
    return Math.abs(this.x - other.x) + Math.abs(this.y - other.y);
  }
}
