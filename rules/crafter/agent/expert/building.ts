/** Goals: tables, furnaces and tools. */
import {
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
import type { AchievementName, ActionName } from '../../sim/rules.js';
import { woodFor, wanted } from './needs.js';
import { diggable } from './routes.js';
import { type Goal, type Scene, whereabouts, act, isFar, TABLE_WOOD } from './scene.js';

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
/** Rock farther than this can wait: a table here comes first, and there another one. */
const ROCK_IS_NEAR = 20;

export function table(scene: Scene): Goal | undefined {
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
    if (!isThere && cost < ROCK_IS_NEAR)
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

/** A table where the work is, if there is wood to spare and the old one is far. */
function anotherTable(scene: Scene): Goal | undefined {
  const craft = nextCraft(scene);
  if (craft === undefined || scene.amount('wood') < craft.wood + TABLE_WOOD || !canPlaceAhead(scene)) return undefined;
  if (!isFar(scene, TABLE)) return undefined;
  return {
    name: 'another table',
    action: 'place_table',
    cost: 1,
    reason: 'My table is far away: I set up another one.',
  };
}

export function furnace(scene: Scene): Goal | undefined {
  const { game, routes } = scene;
  const keep = (scene.has('make_stone_pickaxe') ? 0 : 1) + (scene.has('make_stone_sword') ? 0 : 1);
  const needsIt = !scene.has('place_furnace') || (ironToolReady(scene) && isFar(scene, FURNACE));
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

export function craft(scene: Scene): Goal | undefined {
  const { game, routes } = scene;
  const near = game.world.nearby(game.player.x, game.player.y, 1);
  let best: Goal | undefined;
  for (const option of CRAFTS) {
    if (scene.has(option.action) || !canAfford(scene, option)) continue;
    const places = option.ore > 0 ? materialSet(TABLE, FURNACE) : materialSet(TABLE);
    const tool = option.action.slice('make_'.length).replaceAll('_', ' ');
    const what = `${tool.startsWith('i') ? 'an' : 'a'} ${tool}`;
    if ((places & ~near) === 0)
      return { name: option.action, action: option.action, cost: 0, reason: `I have all it takes for ${what}.` };
    const spot = workplace(scene, places);
    if (spot === undefined) continue;
    const cost = routes.cost(...spot) + 1;
    if (best === undefined || cost < best.cost)
      best = {
        name: 'craft',
        action: routes.firstStep(...spot),
        cost,
        reason: `I go back to make ${what} (${whereabouts(scene, ...spot)}).`,
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

export function placeStone(scene: Scene): Goal | undefined {
  const { world, player } = scene.game;
  if (scene.has('place_stone') || scene.amount('stone') === 0 || !scene.has('make_stone_pickaxe')) return undefined;
  const isRoom = world.isFree(player.targetX, player.targetY, materialSet(GRASS, SAND, PATH, WATER));
  return isRoom
    ? { name: 'place stone', action: 'place_stone', cost: 1, reason: 'I can spare a stone: I put it down.' }
    : undefined;
}
