/**
 * Goals: a plant takes long to ripen, only where the player is near, and any creature beside it eats it. So it is set
 * where little is open around it, and fenced with stones.
 */
import { stepX, stepY } from '../../sim/direction.js';
import { type Entity, PLANT, PLAYER } from '../../sim/entity.js';
import { GRASS, WALKABLE, contains, materialSet } from '../../sim/materials.js';
import { isRipe } from '../../sim/plant.js';
import type { World } from '../../sim/world.js';
import { wayToFace } from './facing.js';
import { type Goal, type Scene, whereabouts } from './scene.js';

const DIRECTIONS = [0, 1, 2, 3] as const;
/** What happens farther from the player than this is not played. */
const NEAR_ENOUGH = 12;

/** The player's hope: the plant that ripens first. */
export function bestPlant({ game }: Scene): Entity | undefined {
  let best: Entity | undefined;
  for (const entity of game.world.entities)
    if (entity.kind === PLANT && entity.health > 0 && (best === undefined || entity.timer > best.timer)) best = entity;
  return best;
}

/** Whether there is time to wait for a harvest that is still to come. */
export const wantsHarvest = (scene: Scene): boolean => scene.isPatient && !scene.has('eat_plant');

function openSides(world: World, x: number, y: number): (readonly [number, number])[] {
  return DIRECTIONS.map((side) => [x + stepX(side), y + stepY(side)] as const).filter(([sideX, sideY]) =>
    contains(WALKABLE, world.material(sideX, sideY)),
  );
}

/** Stones that are missing for a fence. */
export function stonesForFence(scene: Scene): number {
  if (!wantsHarvest(scene)) return 0;
  const plant = bestPlant(scene);
  if (plant !== undefined && isRipe(plant)) return 0;
  return plant === undefined ? MOST_SIDES : openSides(scene.game.world, plant.x, plant.y).length;
}
const MOST_SIDES = 4;

export function fence(scene: Scene): Goal | undefined {
  const { world } = scene.game;
  const plant = wantsHarvest(scene) ? bestPlant(scene) : undefined;
  if (plant === undefined || isRipe(plant) || scene.amount('stone') === 0) return undefined;
  const open = openSides(world, plant.x, plant.y).filter(([x, y]) => (world.entity(x, y)?.kind ?? PLAYER) === PLAYER);
  const way = wayToFace(scene, (x, y) => world.entity(x, y) === null && open.some(([ox, oy]) => ox === x && oy === y));
  if (way === undefined) return undefined;
  return {
    name: 'fence',
    action: way.first ?? 'place_stone',
    cost: way.cost - HURRY,
    reason: `I fence the sapling with stones, or a cow or zombie will trample it (${whereabouts(scene, plant.x, plant.y)}).`,
  };
}
/** A plant without a fence does not last. */
const HURRY = 8;

/** Back to the plant when there is nothing else to do: it grows only while somebody is near. */
export function tend(scene: Scene): Goal | undefined {
  const plant = wantsHarvest(scene) ? bestPlant(scene) : undefined;
  if (plant === undefined || isRipe(plant) || plant.distanceTo(scene.game.player) <= NEAR_ENOUGH) return undefined;
  const route = scene.routes.facing(plant.x, plant.y);
  if (route?.first === undefined) return undefined;
  return {
    name: 'tend',
    action: route.first,
    cost: 100 + route.cost,
    reason: `My plant grows only while I am near: I go back to it (${whereabouts(scene, plant.x, plant.y)}).`,
  };
}

const FARTHEST_SITE = 20;
/** What it takes to face ground that is not ahead: with less, each step aside would make another place the best. */
const TURN = 3;

/** The best place near for a plant: little to fence, no creature beside it. */
export function plantSite({ game, routes }: Scene): readonly [number, number] | undefined {
  const { world, player } = game;
  let best: readonly [number, number] | undefined;
  let bestCost = Infinity;
  for (let x = player.x - FARTHEST_SITE; x <= player.x + FARTHEST_SITE; x++)
    for (let y = player.y - FARTHEST_SITE; y <= player.y + FARTHEST_SITE; y++) {
      if (!world.isFree(x, y, materialSet(GRASS)) || routes.cost(x, y) > FARTHEST_SITE) continue;
      const open = openSides(world, x, y);
      const crowd = world.entities.filter((entity) => entity.kind !== PLAYER && distance(entity, x, y) <= 3).length;
      const isAhead = x === player.targetX && y === player.targetY;
      const cost = (isAhead ? 0 : routes.cost(x, y) + TURN) + 6 * open.length + 6 * crowd;
      if (open.length === 0 || cost >= bestCost) continue;
      best = [x, y];
      bestCost = cost;
    }
  return best;
}

const distance = (entity: Entity, x: number, y: number): number => Math.abs(entity.x - x) + Math.abs(entity.y - y);
