/** Makes the land and its first creatures from noise and chance. */
import { DOWN } from './direction.js';
import { COW, Entity, SKELETON, ZOMBIE } from './entity.js';
import { COAL, DIAMOND, GRASS, IRON, LAVA, PATH, SAND, STONE, TREE, WALKABLE, WATER, contains } from './materials.js';
import { NoiseTable, type Point } from './noise-table.js';
import { Gradients, noise } from './simplex.js';
import type { World } from './world.js';

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

/** Reads a layer's noise at the cell numbered `x * height + y`. */
interface Readable {
  at(gradients: Gradients, cell: number): number;
}
type Layers = Readonly<Record<keyof typeof LAYERS, Readable>>;

/** Tables take about 150 bytes a cell and layer: larger worlds work the geometry out each time. */
const LARGEST_TABLE = 128 * 128;
/** How many sizes of world keep their tables. */
const AREAS_KEPT = 2;

const kept = new Map<string, Layers>();

function layersOf(width: number, height: number): Layers {
  const key = `${width}x${height}`;
  const layers = kept.get(key) ?? makeLayers(width, height);
  kept.delete(key);
  kept.set(key, layers);
  for (const oldest of kept.keys()) {
    if (kept.size <= AREAS_KEPT) break;
    kept.delete(oldest);
  }
  return layers;
}

function makeLayers(width: number, height: number): Layers {
  const readable = (where: Layer): Readable => {
    const pointAt = (cell: number): Point => where(Math.floor(cell / height), cell % height);
    if (width * height <= LARGEST_TABLE) return new NoiseTable(width * height, pointAt);
    return { at: (gradients, cell) => noise(gradients, ...pointAt(cell)) };
  };
  return Object.fromEntries(Object.entries(LAYERS).map(([name, where]) => [name, readable(where)])) as Layers;
}

/** Fills a new world around the player, who already stands in it. */
export function generate(world: World, player: Entity): void {
  const { width, height, random } = world;
  const gradients = new Gradients(BigInt(random.integer(0, 2 ** 31 - 1)));
  const layers = layersOf(width, height);
  const tunnels = new Uint8Array(width * height);
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++)
      world.setMaterial(x, y, chooseMaterial(world, player, layers, gradients, tunnels, x, y));
  for (let x = 0; x < width; x++) for (let y = 0; y < height; y++) populate(world, player, tunnels, x, y);
}

const distance = (player: Entity, x: number, y: number): number => Math.sqrt((x - player.x) ** 2 + (y - player.y) ** 2);

function chooseMaterial(
  world: World,
  player: Entity,
  layers: Layers,
  gradients: Gradients,
  tunnels: Uint8Array,
  x: number,
  y: number,
): number {
  const { random } = world;
  const cell = x * world.height + y;
  let start = 4 - distance(player, x, y);
  start += 2 * layers.start.at(gradients, cell);
  start = 1 / (1 + Math.exp(-start));
  if (start > 0.5) return GRASS;
  let water = layers.waterWide.at(gradients, cell) + 0.15 * layers.waterFine.at(gradients, cell) + 0.1;
  water -= 2 * start;
  let mountain = (layers.mountainWide.at(gradients, cell) + 0.3 * layers.mountainFine.at(gradients, cell)) / 1.3;
  mountain -= 4 * start + 0.3 * water;
  if (mountain > 0.15) {
    if (layers.cave.at(gradients, cell) > 0.15 && mountain > 0.3) return PATH;
    if (layers.tunnelX.at(gradients, cell) > 0.4 || layers.tunnelY.at(gradients, cell) > 0.4) {
      tunnels[cell] = 1;
      return PATH;
    }
    if (layers.coal.at(gradients, cell) > 0 && random.uniform() > 0.85) return COAL;
    if (layers.iron.at(gradients, cell) > 0.4 && random.uniform() > 0.75) return IRON;
    if (mountain > 0.18 && random.uniform() > 0.994) return DIAMOND;
    return mountain > 0.3 && layers.lava.at(gradients, cell) > 0.35 ? LAVA : STONE;
  }
  if (water > 0.25 && water <= 0.35 && layers.beach.at(gradients, cell) > -0.2) return SAND;
  if (water > 0.3) return WATER;
  return layers.forest.at(gradients, cell) > 0 && random.uniform() > 0.8 ? TREE : GRASS;
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
