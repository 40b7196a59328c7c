/** Goals: wood, stone, ores and plants. */
import { COAL, DIAMOND, GRASS, IRON, STONE, TABLE, TREE, WALKABLE, materialSet } from '../../sim/materials.js';
import { wayToFace } from './facing.js';
import { MOST_OF_AN_ITEM } from '../../sim/rules.js';
import { bestPlant, plantSite, stonesForFence, wantsHarvest } from './farming.js';
import { isFence } from './routes.js';
import { woodFor, stoneFor, wanted, ironTools } from './needs.js';
import { type Goal, type Scene, act, isFar, TABLE_WOOD, whereabouts } from './scene.js';

export function wood(scene: Scene): Goal | undefined {
  const spare = scene.has('place_table') && isFar(scene, TABLE) ? TABLE_WOOD : 0;
  const needed = wanted(scene, woodFor);
  const missing = needed === 0 ? 0 : needed + spare - scene.amount('wood');
  if (missing <= 0 || scene.amount('wood') >= 9) return undefined;
  return act(
    scene,
    'wood',
    scene.routes.nearest(materialSet(TREE)),
    1,
    'I need wood for tools, and go to the nearest tree',
  );
}

export function stone(scene: Scene): Goal | undefined {
  if (scene.amount('wood_pickaxe') === 0) return undefined;
  const needed = Math.min(wanted(scene, stoneFor) + stonesForFence(scene), MOST_OF_AN_ITEM);
  const missing = needed - scene.amount('stone');
  if (missing <= 0) return undefined;
  const route = scene.routes.nearest(materialSet(STONE), (x, y) => isFence(scene.game.world, x, y));
  return act(scene, 'stone', route, 1, 'I need stone, which my pickaxe can break');
}

export function coal(scene: Scene): Goal | undefined {
  if (scene.amount('wood_pickaxe') === 0) return undefined;
  if (scene.amount('coal') >= ironTools(scene) && scene.has('collect_coal')) return undefined;
  return act(scene, 'coal', scene.routes.nearest(materialSet(COAL)), 1, 'Iron tools need coal');
}

export function iron(scene: Scene): Goal | undefined {
  if (scene.amount('stone_pickaxe') === 0) return undefined;
  if (scene.amount('iron') >= ironTools(scene) && scene.has('collect_iron')) return undefined;
  return act(scene, 'iron', scene.routes.nearest(materialSet(IRON)), 1, 'My pickaxe is good enough for iron');
}

export function diamond(scene: Scene): Goal | undefined {
  if (scene.amount('iron_pickaxe') === 0 || scene.has('collect_diamond')) return undefined;
  return act(
    scene,
    'diamond',
    scene.routes.nearest(materialSet(DIAMOND)),
    1,
    'With the iron pickaxe I can mine the diamond',
  );
}

/** For the first time, and for a plant that can be fenced at once where the last one is lost. */
function wantsSapling(scene: Scene): boolean {
  if (!scene.has('collect_sapling') || !scene.has('place_plant')) return true;
  return wantsHarvest(scene) && bestPlant(scene) === undefined && scene.amount('stone') >= stonesForFence(scene);
}

export function sapling(scene: Scene): Goal | undefined {
  const { world, player } = scene.game;
  if (scene.amount('sapling') > 0 || !wantsSapling(scene)) return undefined;
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

export function plant(scene: Scene): Goal | undefined {
  if (scene.amount('sapling') === 0) return undefined;
  const isFirst = !scene.has('place_plant');
  if (!isFirst && (!wantsHarvest(scene) || bestPlant(scene) !== undefined)) return undefined;
  const { world, player } = scene.game;
  if (scene.isPatient) {
    const site = plantSite(scene);
    const way = site && wayToFace(scene, (x, y) => x === site[0] && y === site[1]);
    if (way !== undefined)
      return {
        name: 'plant',
        action: way.first ?? 'place_plant',
        cost: way.cost + 1,
        reason: `I plant the sapling where little can come near it (${whereabouts(scene, way.x, way.y)}).`,
      };
  }
  if (world.isFree(player.targetX, player.targetY, materialSet(GRASS)))
    return { name: 'plant', action: 'place_plant', cost: 1, reason: 'I plant the sapling.' };
  const route = scene.routes.nearest(materialSet(GRASS), (x, y) => world.entity(x, y) !== null);
  return act(scene, 'plant', route, 1, 'I look for grass to plant the sapling', 'place_plant');
}
