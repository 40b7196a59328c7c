/** Makes the land and its first creatures from noise and chance. */
import { DOWN } from './direction.js';
import { COW, Entity, SKELETON, ZOMBIE } from './entity.js';
import { COAL, DIAMOND, GRASS, IRON, LAVA, PATH, SAND, STONE, TREE, WALKABLE, WATER, contains } from './materials.js';
import { Gradients, NoiseTable, noise } from './simplex.js';
import type { World } from './world.js';

type Point = readonly [number, number, number];
/** Where in the noise a layer reads for a cell. */
type Layer = (x: number, y: number) => Point;

/** A layer of noise at height `z` whose features are about `size` cells wide. */
const layer =
  (z: number, size: number): Layer =>
  (x, y) => [x / size, y / size, z];

const LAYERS = {
  start: layer(8, 3),
  waterWide: layer(3, 15),
  waterFine: layer(3, 5),
  mountainWide: layer(0, 15),
  mountainFine: layer(0, 5),
  beach: layer(4, 9),
  forest: layer(5, 7),
  cave: layer(6, 7),
  tunnelX: (x, y) => [(2 * x) / 3, y / 5 / 3, 7],
  tunnelY: (x, y) => [x / 5 / 3, (2 * y) / 3, 7],
  coal: layer(1, 8),
  iron: layer(2, 6),
  lava: layer(6, 5),
} as const satisfies Record<string, Layer>;
type LayerName = keyof typeof LAYERS;

/** Reads the noise of a layer at a cell. */
type ReadNoise = (name: LayerName, x: number, y: number) => number;

/** Tables take about 150 bytes a cell and layer: larger worlds work their geometry out each time. */
const LARGEST_TABLE = 128 * 128;
/** How many sizes of world keep their tables. */
const AREAS_KEPT = 2;

const tables = new Map<string, Map<LayerName, NoiseTable>>();

function tablesOf(width: number, height: number): Map<LayerName, NoiseTable> {
  const key = `${width}x${height}`;
  const kept = tables.get(key) ?? new Map<LayerName, NoiseTable>();
  tables.delete(key);
  tables.set(key, kept);
  for (const oldest of tables.keys()) {
    if (tables.size <= AREAS_KEPT) break;
    tables.delete(oldest);
  }
  return kept;
}

function* points(of: Layer, width: number, height: number): Iterable<Point> {
  for (let x = 0; x < width; x++) for (let y = 0; y < height; y++) yield of(x, y);
}

function noiseReader(gradients: Gradients, width: number, height: number): ReadNoise {
  if (width * height > LARGEST_TABLE) return (name, x, y) => noise(gradients, ...LAYERS[name](x, y));
  const known = tablesOf(width, height);
  return (name, x, y) => {
    let table = known.get(name);
    if (table === undefined) {
      table = new NoiseTable(points(LAYERS[name], width, height));
      known.set(name, table);
    }
    return table.at(gradients, x * height + y);
  };
}

/** Fills a new world around the player, who already stands in it. */
export function generate(world: World, player: Entity): void {
  const { width, height, random } = world;
  const gradients = new Gradients(BigInt(random.integer(0, 2 ** 31 - 1)));
  const read = noiseReader(gradients, width, height);
  const tunnels = new Uint8Array(width * height);
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) world.setMaterial(x, y, chooseMaterial(world, player, read, tunnels, x, y));
  for (let x = 0; x < width; x++) for (let y = 0; y < height; y++) populate(world, player, tunnels, x, y);
}

const distance = (player: Entity, x: number, y: number): number => Math.sqrt((x - player.x) ** 2 + (y - player.y) ** 2);

function chooseMaterial(
  world: World,
  player: Entity,
  read: ReadNoise,
  tunnels: Uint8Array,
  x: number,
  y: number,
): number {
  const { random } = world;
  let start = 4 - distance(player, x, y);
  start += 2 * read('start', x, y);
  start = 1 / (1 + Math.exp(-start));
  if (start > 0.5) return GRASS;
  let water = read('waterWide', x, y) + 0.15 * read('waterFine', x, y) + 0.1;
  water -= 2 * start;
  let mountain = (read('mountainWide', x, y) + 0.3 * read('mountainFine', x, y)) / 1.3;
  mountain -= 4 * start + 0.3 * water;
  if (mountain > 0.15) {
    if (read('cave', x, y) > 0.15 && mountain > 0.3) return PATH;
    if (read('tunnelX', x, y) > 0.4 || read('tunnelY', x, y) > 0.4) {
      tunnels[x * world.height + y] = 1;
      return PATH;
    }
    if (read('coal', x, y) > 0 && random.uniform() > 0.85) return COAL;
    if (read('iron', x, y) > 0.4 && random.uniform() > 0.75) return IRON;
    if (mountain > 0.18 && random.uniform() > 0.994) return DIAMOND;
    return mountain > 0.3 && read('lava', x, y) > 0.35 ? LAVA : STONE;
  }
  if (water > 0.25 && water <= 0.35 && read('beach', x, y) > -0.2) return SAND;
  if (water > 0.3) return WATER;
  return read('forest', x, y) > 0 && random.uniform() > 0.8 ? TREE : GRASS;
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
