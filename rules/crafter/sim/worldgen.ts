/** Makes the land and its first creatures from noise and chance. */
import { DOWN } from './direction.js';
import { COW, Entity, SKELETON, ZOMBIE } from './entity.js';
import { Landscape } from './landscape.js';
import { COAL, DIAMOND, GRASS, IRON, LAVA, PATH, SAND, STONE, TREE, WALKABLE, WATER, contains } from './materials.js';
import type { World } from './world.js';

/** Fills a new world around the player, who already stands in it. */
export function generate(world: World, player: Entity): void {
  const { width, height, random } = world;
  const { layers } = Landscape.of(width, height, BigInt(random.integer(0, 2 ** 31 - 1)));
  const tunnels = new Uint8Array(width * height);
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) world.setMaterial(x, y, chooseMaterial(world, player, layers, tunnels, x, y));
  for (let x = 0; x < width; x++) for (let y = 0; y < height; y++) populate(world, player, tunnels, x, y);
}

const distance = (player: Entity, x: number, y: number): number => Math.sqrt((x - player.x) ** 2 + (y - player.y) ** 2);

function chooseMaterial(
  world: World,
  player: Entity,
  layers: Landscape['layers'],
  tunnels: Uint8Array,
  x: number,
  y: number,
): number {
  const { random } = world;
  const cell = x * world.height + y;
  let start = 4 - distance(player, x, y);
  start += 2 * layers.start.at(cell);
  start = 1 / (1 + Math.exp(-start));
  if (start > 0.5) return GRASS;
  let water = layers.waterWide.at(cell) + 0.15 * layers.waterFine.at(cell) + 0.1;
  water -= 2 * start;
  let mountain = (layers.mountainWide.at(cell) + 0.3 * layers.mountainFine.at(cell)) / 1.3;
  mountain -= 4 * start + 0.3 * water;
  if (mountain > 0.15) {
    if (layers.cave.at(cell) > 0.15 && mountain > 0.3) return PATH;
    if (layers.tunnelX.at(cell) > 0.4 || layers.tunnelY.at(cell) > 0.4) {
      tunnels[cell] = 1;
      return PATH;
    }
    if (layers.coal.at(cell) > 0 && random.uniform() > 0.85) return COAL;
    if (layers.iron.at(cell) > 0.4 && random.uniform() > 0.75) return IRON;
    if (mountain > 0.18 && random.uniform() > 0.994) return DIAMOND;
    return mountain > 0.3 && layers.lava.at(cell) > 0.35 ? LAVA : STONE;
  }
  if (water > 0.25 && water <= 0.35 && layers.beach.at(cell) > -0.2) return SAND;
  if (water > 0.3) return WATER;
  return layers.forest.at(cell) > 0 && random.uniform() > 0.8 ? TREE : GRASS;
}

function populate(world: World, player: Entity, tunnels: Uint8Array, x: number, y: number): void {
  const { random } = world;
  const material = world.material(x, y);
  if (!contains(WALKABLE, material)) return;
  const far = distance(player, x, y);
  if (far > 3 && material === GRASS && random.uniform() > 0.985) world.add(new Entity(COW, x, y, DOWN));
  else if (far > 10 && random.uniform() > 0.993) world.add(new Entity(ZOMBIE, x, y, DOWN));
  else if (tunnels[x * world.height + y] === 1 && random.uniform() > 0.95) world.add(new Entity(SKELETON, x, y, DOWN));
}
