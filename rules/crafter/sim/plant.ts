import { COW, type Entity, SKELETON, ZOMBIE } from './entity.js';
import type { World } from './world.js';

/** A plant's `timer` is its age; it can be eaten once that is above this. */
const RIPENING_TIME = 300;

export const isRipe = (plant: Entity): boolean => plant.timer > RIPENING_TIME;

function isHarmful(entity: Entity | null): boolean {
  return entity !== null && (entity.kind === ZOMBIE || entity.kind === SKELETON || entity.kind === COW);
}

/** Grows; a creature beside it eats at it. */
export function updatePlant(world: World, plant: Entity): void {
  plant.timer++;
  const { x, y } = plant;
  if (
    isHarmful(world.entity(x - 1, y)) ||
    isHarmful(world.entity(x + 1, y)) ||
    isHarmful(world.entity(x, y - 1)) ||
    isHarmful(world.entity(x, y + 1))
  )
    plant.hurt(1);
  if (plant.health <= 0) world.remove(plant);
}
