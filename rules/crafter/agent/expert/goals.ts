/**
 * What the expert may want next. A goal says what its next action is, about how many steps it still takes, and why in
 * words. Of all goals that can be reached the one that pays soonest is followed: see `decide.ts`.
 */
import type { Crafter } from '../../sim/crafter.js';
import { COW, type Entity, PLANT, SKELETON, ZOMBIE } from '../../sim/entity.js';
import {
  COAL,
  DIAMOND,
  FURNACE,
  GRASS,
  IRON,
  PATH,
  SAND,
  STONE,
  TABLE,
  TREE,
  WALKABLE,
  WATER,
  contains,
  materialSet,
} from '../../sim/materials.js';
import { isRipe } from '../../sim/plant.js';
import type { AchievementName, ActionName, ItemName } from '../../sim/rules.js';
import { type Route, Routes, diggable } from './routes.js';

export interface Goal {
  readonly name: string;
  readonly action: ActionName;
  /** Steps until it is reached, weighed: lower is better. */
  readonly cost: number;
  readonly reason: string;
}

/** What goals are judged by. */
export interface Scene {
  readonly game: Crafter;
  readonly routes: Routes;
  /** Ways as they would be with the best pickaxe. */
  readonly dreams: Routes;
  has(achievement: AchievementName): boolean;
  amount(item: ItemName): number;
}

export function sceneOf(game: Crafter): Scene {
  const { world, player } = game;
  const achieved = game.achievements();
  const digs = diggable(player);
  const all = digs | materialSet(STONE, COAL, IRON, DIAMOND, TREE);
  const routes = new Routes(world, player);
  return {
    game,
    routes,
    dreams: all === digs ? routes : new Routes(world, player, all),
    has: (name) => achieved[name] > 0,
    amount: (item) => player.amount(item),
  };
}

/** `3 left, 1 up`: where something is, seen from the player. */
function whereabouts({ game }: Scene, x: number, y: number): string {
  const [px, py] = game.position;
  const dx = x - px;
  const dy = y - py;
  const parts = [
    dx === 0 ? '' : `${Math.abs(dx)} ${dx < 0 ? 'left' : 'right'}`,
    dy === 0 ? '' : `${Math.abs(dy)} ${dy < 0 ? 'up' : 'down'}`,
  ].filter((part) => part !== '');
  return parts.join(', ') || 'here';
}

/** Go to a route's end and act there. */
function act(
  scene: Scene,
  name: string,
  route: Route | undefined,
  extra: number,
  reason: string,
  action: ActionName = 'do',
): Goal | undefined {
  if (route === undefined) return undefined;
  const where = route.first === undefined ? 'right in front of me' : whereabouts(scene, route.x, route.y);
  return { name, action: route.first ?? action, cost: route.cost + extra, reason: `${reason} (${where}).` };
}

const woodFor: readonly (readonly [AchievementName, number])[] = [
  ['place_table', 2],
  ['make_wood_pickaxe', 1],
  ['make_wood_sword', 1],
  ['make_stone_pickaxe', 1],
  ['make_stone_sword', 1],
  ['make_iron_pickaxe', 1],
  ['make_iron_sword', 1],
];
const stoneFor: readonly (readonly [AchievementName, number])[] = [
  ['make_stone_pickaxe', 1],
  ['make_stone_sword', 1],
  ['place_furnace', 4],
  ['place_stone', 1],
];

const wanted = (scene: Scene, needs: readonly (readonly [AchievementName, number])[]): number =>
  needs.reduce((sum, [name, amount]) => sum + (scene.has(name) ? 0 : amount), 0);

// ---- gathering ----

function wood(scene: Scene): Goal | undefined {
  const missing = wanted(scene, woodFor) - scene.amount('wood');
  if (missing <= 0 || scene.amount('wood') >= 9) return undefined;
  return act(
    scene,
    'wood',
    scene.routes.nearest(materialSet(TREE)),
    1,
    'I need wood for tools: the nearest tree is near',
  );
}

function stone(scene: Scene): Goal | undefined {
  if (scene.amount('wood_pickaxe') === 0) return undefined;
  const missing = wanted(scene, stoneFor) - scene.amount('stone');
  if (missing <= 0) return undefined;
  return act(scene, 'stone', scene.routes.nearest(materialSet(STONE)), 1, 'I need stone, and there is some');
}

const ironTools = (scene: Scene): number =>
  (scene.has('make_iron_pickaxe') ? 0 : 1) + (scene.has('make_iron_sword') ? 0 : 1);

function coal(scene: Scene): Goal | undefined {
  if (scene.amount('wood_pickaxe') === 0) return undefined;
  if (scene.amount('coal') >= ironTools(scene) && scene.has('collect_coal')) return undefined;
  return act(scene, 'coal', scene.routes.nearest(materialSet(COAL)), 1, 'Iron tools need coal, and there is some');
}

function iron(scene: Scene): Goal | undefined {
  if (scene.amount('stone_pickaxe') === 0) return undefined;
  if (scene.amount('iron') >= ironTools(scene) && scene.has('collect_iron')) return undefined;
  return act(scene, 'iron', scene.routes.nearest(materialSet(IRON)), 1, 'My pickaxe is good enough for iron');
}

function diamond(scene: Scene): Goal | undefined {
  if (scene.amount('iron_pickaxe') === 0 || scene.has('collect_diamond')) return undefined;
  return act(
    scene,
    'diamond',
    scene.routes.nearest(materialSet(DIAMOND)),
    1,
    'With the iron pickaxe I can mine the diamond',
  );
}

// ---- building and crafting ----

/** Whether something can be put in front of the player. */
function canPlaceAhead({ game }: Scene): boolean {
  const { world, player } = game;
  return world.isFree(player.targetX, player.targetY, materialSet(GRASS, SAND, PATH));
}

/** Turns towards a cell where something can be put: usually a step that way. */
function makeRoom({ game }: Scene): ActionName {
  const { world, player } = game;
  const moves = ['move_left', 'move_right', 'move_up', 'move_down'] as const;
  const offsets = [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ] as const;
  for (const [i, [dx, dy]] of offsets.entries())
    if (
      world.isFree(player.x + dx, player.y + dy, WALKABLE) &&
      world.isFree(player.x + 2 * dx, player.y + 2 * dy, WALKABLE)
    )
      return moves[i] ?? 'noop';
  return 'do';
}

/** Trees closer than this are still worth felling before the table is set up. */
const TREE_WORTH_IT = 6;
const LEAST_WOOD = 4;

function table(scene: Scene): Goal | undefined {
  const { game, routes, dreams } = scene;
  const owned = scene.amount('wood');
  if (scene.has('place_table')) return anotherTable(scene);
  if (owned < LEAST_WOOD) return undefined;
  const nextTree = routes.nearest(materialSet(TREE));
  const wantsMore = owned < wanted(scene, woodFor) && nextTree !== undefined && nextTree.cost <= TREE_WORTH_IT;
  if (wantsMore) return undefined;
  // The tools to come are made beside the rock that leads to iron: the table goes where the rock begins.
  const ore = dreams.nearest(materialSet(IRON)) ?? dreams.nearest(materialSet(STONE));
  if (ore !== undefined) {
    const [x, y] = dreams.stopBefore(ore.x, ore.y, routes);
    const cost = routes.cost(x, y);
    const rock = routes.nearest(materialSet(STONE));
    const isThere = (x === game.player.x && y === game.player.y) || (rock !== undefined && rock.cost <= 1);
    if (!isThere && cost < 60)
      return {
        name: 'table',
        action: routes.firstStep(x, y),
        cost,
        reason: `I carry enough wood; I set up my table where the rock begins (${whereabouts(scene, x, y)}).`,
      };
  }
  if (!canPlaceAhead(scene))
    return {
      name: 'table',
      action: makeRoom(scene),
      cost: 2,
      reason: 'I need free ground in front of me for a table.',
    };
  return { name: 'table', action: 'place_table', cost: 1, reason: 'Here is a good place for a table.' };
}

/** Steps back to a table beyond which a new one is cheaper. */
const FAR = 12;

/** A table where the work is, if there is wood to spare and the old one is far. */
function anotherTable(scene: Scene): Goal | undefined {
  const craft = nextCraft(scene);
  if (craft === undefined || scene.amount('wood') < craft.wood + 2 || !canPlaceAhead(scene)) return undefined;
  const old = scene.routes.nearest(materialSet(TABLE));
  if (old !== undefined && old.cost < FAR) return undefined;
  return {
    name: 'another table',
    action: 'place_table',
    cost: 1,
    reason: 'My table is far away: I set up another one.',
  };
}

function furnace(scene: Scene): Goal | undefined {
  const { game, routes } = scene;
  const keep = (scene.has('make_stone_pickaxe') ? 0 : 1) + (scene.has('make_stone_sword') ? 0 : 1);
  const needsIt =
    !scene.has('place_furnace') || (ironToolReady(scene) && (routes.nearest(materialSet(FURNACE))?.cost ?? FAR) >= FAR);
  if (!needsIt || scene.amount('stone') < 4 + keep) return undefined;
  const isByTable = contains(game.world.nearby(game.player.x, game.player.y, 1), TABLE);
  if (isByTable) {
    if (canPlaceAhead(scene))
      return { name: 'furnace', action: 'place_furnace', cost: 1, reason: 'A furnace belongs beside the table.' };
    const action = turnToRoom(scene);
    if (action !== undefined)
      return { name: 'furnace', action, cost: 2, reason: 'I make room for the furnace beside the table.' };
  }
  const route = routes.nearest(materialSet(TABLE));
  if (route === undefined || route.cost > 30) return undefined;
  return act(scene, 'furnace', route, 2, 'I have stone for a furnace, which belongs beside the table', makeRoom(scene));
}

/** An action after which, still beside the table, something can be put in front of the player. */
function turnToRoom({ game }: Scene): ActionName | undefined {
  const { world, player } = game;
  const ahead = world.material(player.targetX, player.targetY);
  // What is in front can be dug away, and leaves room.
  if (ahead !== TABLE && ahead !== FURNACE && contains(diggable(player), ahead)) return 'do';
  const moves = ['move_left', 'move_right', 'move_up', 'move_down'] as const;
  const offsets = [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ] as const;
  for (const [i, [dx, dy]] of offsets.entries()) {
    const x = player.x + dx;
    const y = player.y + dy;
    const material = world.material(x, y);
    if (material !== TABLE && contains(diggable(player), material)) return moves[i];
    const staysNear = contains(world.nearby(x, y, 1), TABLE);
    if (staysNear && world.isFree(x, y, WALKABLE)) {
      const beyond = world.material(x + dx, y + dy);
      if (world.isFree(x + dx, y + dy, materialSet(GRASS, SAND, PATH)) || contains(diggable(player), beyond))
        return moves[i];
    }
  }
  return undefined;
}

interface Craft {
  readonly action: ActionName & AchievementName;
  readonly wood: number;
  readonly stone: number;
  readonly ore: number;
}
const CRAFTS: readonly Craft[] = [
  { action: 'make_wood_pickaxe', wood: 1, stone: 0, ore: 0 },
  { action: 'make_stone_pickaxe', wood: 1, stone: 1, ore: 0 },
  { action: 'make_iron_pickaxe', wood: 1, stone: 0, ore: 1 },
  { action: 'make_wood_sword', wood: 1, stone: 0, ore: 0 },
  { action: 'make_stone_sword', wood: 1, stone: 1, ore: 0 },
  { action: 'make_iron_sword', wood: 1, stone: 0, ore: 1 },
];

function canAfford(scene: Scene, { wood: w, stone: s, ore }: Craft): boolean {
  return (
    scene.amount('wood') >= w &&
    scene.amount('stone') >= s &&
    scene.amount('coal') >= ore &&
    scene.amount('iron') >= ore
  );
}

const nextCraft = (scene: Scene): Craft | undefined =>
  CRAFTS.find((craft) => !scene.has(craft.action) && canAfford(scene, craft));

const ironToolReady = (scene: Scene): boolean =>
  CRAFTS.some((craft) => craft.ore > 0 && !scene.has(craft.action) && canAfford(scene, craft));

function craft(scene: Scene): Goal | undefined {
  const { game, routes } = scene;
  const near = game.world.nearby(game.player.x, game.player.y, 1);
  let best: Goal | undefined;
  for (const option of CRAFTS) {
    if (scene.has(option.action) || !canAfford(scene, option)) continue;
    const places = option.ore > 0 ? materialSet(TABLE, FURNACE) : materialSet(TABLE);
    const what = option.action.slice('make_'.length).replaceAll('_', ' ');
    if ((places & ~near) === 0)
      return { name: option.action, action: option.action, cost: 0, reason: `I have all it takes for a ${what}.` };
    const spot = workplace(scene, places);
    if (spot === undefined) continue;
    const cost = routes.cost(...spot) + 1;
    if (best === undefined || cost < best.cost)
      best = {
        name: 'craft',
        action: routes.firstStep(...spot),
        cost,
        reason: `I go back to make a ${what} (${whereabouts(scene, ...spot)}).`,
      };
  }
  return best;
}

/** The nearest cell from which all these are within reach. */
function workplace({ game, routes }: Scene, places: number): readonly [number, number] | undefined {
  const { width, height } = game.world;
  let best: readonly [number, number] | undefined;
  let bestCost = Infinity;
  for (let x = 1; x < width; x++)
    for (let y = 1; y < height; y++) {
      const cost = routes.cost(x, y);
      if (cost >= bestCost || (places & ~game.world.nearby(x, y, 1)) !== 0) continue;
      best = [x, y];
      bestCost = cost;
    }
  return best;
}

function placeStone(scene: Scene): Goal | undefined {
  const { world, player } = scene.game;
  if (scene.has('place_stone') || scene.amount('stone') === 0 || !scene.has('make_stone_pickaxe')) return undefined;
  const isRoom = world.isFree(player.targetX, player.targetY, materialSet(GRASS, SAND, PATH, WATER));
  return isRoom
    ? { name: 'place stone', action: 'place_stone', cost: 1, reason: 'I can spare a stone: I put it down.' }
    : undefined;
}

// ---- plants ----

function sapling(scene: Scene): Goal | undefined {
  const { world, player } = scene.game;
  if (scene.amount('sapling') > 0 || (scene.has('collect_sapling') && scene.has('place_plant'))) return undefined;
  const isGrassAhead = world.isFree(player.targetX, player.targetY, materialSet(GRASS));
  // One try in ten finds one, and setting it is worth as much again.
  if (isGrassAhead)
    return { name: 'sapling', action: 'do', cost: 7, reason: 'I search the grass in front of me for a sapling.' };
  const moves = ['move_left', 'move_right', 'move_up', 'move_down'] as const;
  const offsets = [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ] as const;
  for (const [i, [dx, dy]] of offsets.entries()) {
    if (!world.isFree(player.x + dx, player.y + dy, WALKABLE)) continue;
    if (!world.isFree(player.x + 2 * dx, player.y + 2 * dy, materialSet(GRASS))) continue;
    return {
      name: 'sapling',
      action: moves[i] ?? 'noop',
      cost: 8,
      reason: 'I look for grass to search for a sapling.',
    };
  }
  return undefined;
}

function plant(scene: Scene): Goal | undefined {
  if (scene.amount('sapling') === 0 || scene.has('place_plant')) return undefined;
  const { world, player } = scene.game;
  if (world.isFree(player.targetX, player.targetY, materialSet(GRASS)))
    return { name: 'plant', action: 'place_plant', cost: 1, reason: 'I plant the sapling.' };
  const route = scene.routes.nearest(materialSet(GRASS), (x, y) => world.entity(x, y) !== null);
  return act(scene, 'plant', route, 1, 'I look for grass to plant the sapling', 'place_plant');
}

function eatPlant(scene: Scene): Goal | undefined {
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

function cow(scene: Scene): Goal | undefined {
  const isHungry = scene.amount('food') <= 4;
  if (scene.has('eat_cow') && !isHungry) return undefined;
  const reason = isHungry ? 'I am hungry, and there is a cow' : 'There is a cow to eat';
  const goal = hunt(scene, 'cow', COW, blows(scene, 3), reason);
  return goal === undefined || !isHungry ? goal : urgent(goal, scene.amount('food'));
}

function zombie(scene: Scene): Goal | undefined {
  if (scene.has('defeat_zombie') || scene.amount('health') < 5) return undefined;
  const weapon = scene.amount('wood_sword') + scene.amount('stone_sword') + scene.amount('iron_sword');
  return hunt(scene, 'zombie', ZOMBIE, blows(scene, 5) + (weapon > 0 ? 2 : 8), 'I can take on the zombie');
}

function skeleton(scene: Scene): Goal | undefined {
  if (scene.has('defeat_skeleton') || scene.amount('health') < 6 || scene.amount('wood_pickaxe') === 0)
    return undefined;
  return hunt(scene, 'skeleton', SKELETON, blows(scene, 3) + 4, 'I hunt the skeleton in the dark');
}

/** Somebody who bites stands next to the player. */
function defend(scene: Scene): Goal | undefined {
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

function drink(scene: Scene): Goal | undefined {
  const level = scene.amount('drink');
  const { world, player } = scene.game;
  const isAtWater = world.material(player.targetX, player.targetY) === WATER;
  if (scene.has('collect_drink') && level > 4 && !(isAtWater && level < 8)) return undefined;
  const route = scene.routes.nearest(materialSet(WATER));
  const goal = act(
    scene,
    'drink',
    route,
    1,
    level <= 4 ? 'I am thirsty, and there is water' : 'I drink while there is water',
  );
  return goal === undefined || level > 4 ? goal : urgent(goal, level);
}

// prettier-ignore
const ALL = [
  wood, stone, coal, iron, diamond, table, furnace, craft, placeStone,
  sapling, plant, eatPlant, cow, zombie, skeleton, defend, drink,
] as const;

/** Everything worth doing now. */
export const goalsOf = (scene: Scene): Goal[] => ALL.map((goal) => goal(scene)).filter((goal) => goal !== undefined);
