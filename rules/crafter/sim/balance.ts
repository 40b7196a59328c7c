/** Keeps the number of creatures of a chunk between bounds that depend on its ground and on the time of day. */
import type { Chunk } from './chunk.js';
import { DOWN } from './direction.js';
import { COW, Entity, SKELETON, ZOMBIE } from './entity.js';
import { GRASS, PATH } from './materials.js';
import type { World } from './world.js';

interface Habitat {
  readonly kind: number;
  readonly ground: number;
  /** Nothing appears closer to the player than this, nor vanishes closer than that. */
  readonly spawnDistance: number;
  readonly despawnDistance: number;
  readonly spawnChance: number;
  readonly despawnChance: number;
  /** With fewer cells of its ground than this, none are wanted. */
  readonly spaceNeeded: number;
  /** Bounds on the number of creatures, before they are cut to whole numbers. */
  atLeast(daylight: number): number;
  atMost(daylight: number): number;
}

const HABITATS: readonly Habitat[] = [
  {
    kind: ZOMBIE,
    ground: GRASS,
    spawnDistance: 6,
    despawnDistance: 0,
    spawnChance: 0.3,
    despawnChance: 0.4,
    spaceNeeded: 50,
    atLeast: (daylight) => 3.5 - 3 * daylight,
    atMost: (daylight) => 3.5 - 3 * daylight,
  },
  {
    kind: SKELETON,
    ground: PATH,
    spawnDistance: 7,
    despawnDistance: 7,
    spawnChance: 0.1,
    despawnChance: 0.1,
    spaceNeeded: 6,
    atLeast: () => 1,
    atMost: () => 2,
  },
  {
    kind: COW,
    ground: GRASS,
    spawnDistance: 5,
    despawnDistance: 5,
    spawnChance: 0.01,
    despawnChance: 0.1,
    spaceNeeded: 30,
    atLeast: () => 1,
    atMost: (daylight) => 1.5 + daylight,
  },
];

/** Spawns or despawns at most one creature of each kind. */
export function balance(world: World, chunk: Chunk, player: Entity): void {
  for (const habitat of HABITATS) balanceKind(world, chunk, player, habitat);
}

function balanceKind(world: World, chunk: Chunk, player: Entity, habitat: Habitat): void {
  const { random, daylight } = world;
  const space = chunk.cells[habitat.ground] as number;
  const count = chunk.population(habitat.kind);
  const fewest = space < habitat.spaceNeeded ? 0 : Math.trunc(habitat.atLeast(daylight));
  const most = Math.trunc(habitat.atMost(daylight));
  if (count < fewest && random.uniform() < habitat.spawnChance) {
    const newcomer = new Entity(habitat.kind, 0, 0, DOWN);
    [newcomer.x, newcomer.y] = cellOf(world, chunk, habitat.ground, random.integer(0, space));
    const isFar = newcomer.distanceTo(player) >= habitat.spawnDistance;
    if (isFar && world.entity(newcomer.x, newcomer.y) === null) world.add(newcomer);
  } else if (count > most && random.uniform() < habitat.despawnChance) {
    const creature = chunk.creature(habitat.kind, random.integer(0, count));
    if (creature !== undefined && creature.distanceTo(player) >= habitat.despawnDistance) world.remove(creature);
  }
}

/** The `n`th cell of a material in a chunk, column by column. */
function cellOf(world: World, chunk: Chunk, material: number, n: number): [number, number] {
  let left = n;
  for (let x = chunk.xMin; x < chunk.xMax; x++)
    for (let y = chunk.yMin; y < chunk.yMax; y++) if (world.material(x, y) === material && left-- === 0) return [x, y];
  throw new Error(`a chunk has no cell ${n} of material ${material}`);
}
