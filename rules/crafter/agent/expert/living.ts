/** Goals: eat, drink and fight. */
import { COW, PLANT, SKELETON, ZOMBIE, type Entity } from '../../sim/entity.js';
import { WATER, materialSet } from '../../sim/materials.js';
import { isRipe } from '../../sim/plant.js';
import { type Route } from './routes.js';
import { type Goal, type Scene, act } from './scene.js';

export function eatPlant(scene: Scene): Goal | undefined {
  if (scene.has('eat_plant') && scene.amount('food') > 5) return undefined;
  return hunt(scene, 'ripe plant', PLANT, 1, 'The plant is ripe to eat', isRipe);
}

// ---- creatures ----

/** Goes to the nearest creature of a kind and acts on it. */
function hunt(
  scene: Scene,
  name: string,
  kind: number,
  extra: number,
  reason: string,
  fits: (entity: Entity) => boolean = () => true,
): Goal | undefined {
  let best: Route | undefined;
  for (const entity of scene.game.world.entities) {
    if (entity.kind !== kind || !fits(entity)) continue;
    const route = scene.routes.facing(entity.x, entity.y);
    if (route !== undefined && (best === undefined || route.cost < best.cost)) best = route;
  }
  return act(scene, name, best, extra, reason);
}

/** Blows until a creature of so much health falls. */
function blows(scene: Scene, health: number): number {
  const damage =
    scene.amount('iron_sword') > 0 ? 5 : scene.amount('stone_sword') > 0 ? 3 : scene.amount('wood_sword') > 0 ? 2 : 1;
  return Math.ceil(health / damage);
}

/** By day one stocks up for the night. */
const lowLevel = ({ isPatient, game }: Scene): number => (isPatient && game.daylight > 0.5 ? 6 : 4);

export function cow(scene: Scene): Goal | undefined {
  const isHungry = scene.amount('food') <= lowLevel(scene);
  if (scene.has('eat_cow') && !isHungry) return undefined;
  const reason = isHungry ? 'I am hungry, and go for a cow' : 'I go for the cow, which feeds me';
  const goal = hunt(scene, 'cow', COW, blows(scene, 3), reason);
  return goal === undefined || !isHungry ? goal : urgent(goal, scene.amount('food'));
}

export function zombie(scene: Scene): Goal | undefined {
  if (scene.has('defeat_zombie') || scene.amount('health') < 5) return undefined;
  const weapon = scene.amount('wood_sword') + scene.amount('stone_sword') + scene.amount('iron_sword');
  return hunt(scene, 'zombie', ZOMBIE, blows(scene, 5) + (weapon > 0 ? 2 : 8), 'I can take on the zombie');
}

export function skeleton(scene: Scene): Goal | undefined {
  if (scene.has('defeat_skeleton') || scene.amount('health') < 6 || scene.amount('wood_pickaxe') === 0)
    return undefined;
  return hunt(scene, 'skeleton', SKELETON, blows(scene, 3) + 4, 'I hunt the skeleton in the dark');
}

/** Somebody who bites stands next to the player. */
export function defend(scene: Scene): Goal | undefined {
  const { game, routes } = scene;
  const { world, player } = game;
  for (const entity of world.entities) {
    if (entity.kind !== ZOMBIE && entity.kind !== SKELETON) continue;
    if (entity.distanceTo(player) !== 1) continue;
    const who = entity.kind === ZOMBIE ? 'zombie' : 'skeleton';
    const goal = act(scene, 'defend', routes.facing(entity.x, entity.y), 0, `The ${who} is beside me: I fight`);
    if (goal !== undefined) return { ...goal, cost: -50 };
  }
  return undefined;
}

// ---- needs ----

/** Makes a goal the more pressing the less is left of what it refills. */
const urgent = (goal: Goal, left: number): Goal => ({ ...goal, cost: goal.cost - 40 + 10 * left });

export function drink(scene: Scene): Goal | undefined {
  const level = scene.amount('drink');
  const { world, player } = scene.game;
  const isAtWater = world.material(player.targetX, player.targetY) === WATER;
  const low = lowLevel(scene);
  if (scene.has('collect_drink') && level > low && !(isAtWater && level < 8)) return undefined;
  const route = scene.routes.nearest(materialSet(WATER));
  const goal = act(
    scene,
    'drink',
    route,
    1,
    level <= low ? 'I am thirsty, and go for water' : 'I drink while there is water',
  );
  return goal === undefined || level > low ? goal : urgent(goal, level);
}
