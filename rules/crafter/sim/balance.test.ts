import test from 'ava';
import { balance } from './balance.js';
import { CHUNK_SIZE } from './chunk.js';
import { DOWN } from './direction.js';
import { COW, Entity, PLANT, SKELETON, ZOMBIE } from './entity.js';
import { GRASS, PATH, STONE } from './materials.js';
import { MersenneTwister } from './mt19937.js';
import { Player } from './player.js';
import { World } from './world.js';

interface Scene {
  readonly ground: number;
  /** Cells of the ground; the rest of the chunk is stone. */
  readonly space: number;
  /** Creatures that are there already, in the chunk's last column from the top. */
  readonly creatures?: readonly number[];
  /** How far the player is from the cell or creature that is picked. */
  readonly distance: number;
  readonly daylight?: number;
  /** What the draws give, in order; further ones give 1. */
  readonly draws: readonly number[];
  readonly pick?: number;
  /** Whether the player is in the first column, where cells are picked, or in the last, where creatures are. */
  readonly near?: 'cells' | 'creatures';
}

/** Balances a single chunk with rigged draws: by how many the creatures changed, and how many draws were left over. */
function play({ ground, space, creatures = [], distance, daylight = 1, draws, pick = 0, near = 'cells' }: Scene) {
  const world = new World(CHUNK_SIZE, 5 * CHUNK_SIZE, new MersenneTwister(1));
  world.daylight = daylight;
  for (let x = 0; x < CHUNK_SIZE; x++)
    for (let y = 0; y < CHUNK_SIZE; y++) world.setMaterial(x, y, x * CHUNK_SIZE + y < space ? ground : STONE);
  creatures.forEach((kind, i) => {
    world.add(new Entity(kind, CHUNK_SIZE - 1, i, DOWN));
  });
  if (creatures.length === 0) world.add(new Entity(PLANT, CHUNK_SIZE - 1, CHUNK_SIZE - 1, DOWN));
  const player = new Player(near === 'cells' ? 0 : CHUNK_SIZE - 1, pick + distance);
  const left = [...draws];
  world.random.uniform = () => left.shift() ?? 1;
  const asked: number[] = [];
  world.random.integer = (_, count) => {
    asked.push(count);
    return pick;
  };
  const before = world.entities.length;
  const [chunk] = world.visitedChunks;
  if (chunk === undefined) throw new Error('no chunk');
  balance(world, chunk, player);
  return { change: world.entities.length - before, unused: left.length, asked, entities: world.entities };
}

const JUST_BELOW = 1e-9;

test('spawning: at the exact distance, with exactly the space and below the exact chance', (t) => {
  for (const [kind, ground, distance, chance, space, creatures] of [
    // A cow is there already, so that all draws are the zombie's.
    [ZOMBIE, GRASS, 6, 0.3, 50, [COW]],
    [SKELETON, PATH, 7, 0.1, 6, []],
    // In the light no zombie is wanted, and no draw is made for it.
    [COW, GRASS, 5, 0.01, 30, []],
  ] as const) {
    const daylight = kind === ZOMBIE ? 0 : 1;
    const scene = { ground, space, distance, daylight, creatures, draws: [chance - JUST_BELOW] };
    const spawned = play(scene);
    t.is(spawned.change, 1);
    t.is(spawned.entities.at(-1)?.kind, kind);
    t.deepEqual(spawned.asked, [space]);
    t.is(play({ ...scene, distance: distance - 1 }).change, 0, 'too near');
    t.is(play({ ...scene, draws: [chance] }).change, 0, 'not this time');
    t.is(play({ ...scene, space: space - 1 }).unused, 1, 'no room, no draw');
  }
});

test('despawning: at the exact distance and below the exact chance', (t) => {
  for (const [kind, ground, distance, chance, many, asked] of [
    [ZOMBIE, GRASS, 0, 0.4, 1, 1],
    [SKELETON, PATH, 7, 0.1, 3, 3],
    [COW, GRASS, 5, 0.1, 3, 3],
  ] as const) {
    const creatures = Array.from({ length: many }, () => kind);
    const scene = { ground, space: 144, creatures, distance, near: 'creatures' as const, draws: [chance - JUST_BELOW] };
    const vanished = play(scene);
    t.is(vanished.change, -1);
    t.is(vanished.asked[0], asked);
    if (distance > 0) t.is(play({ ...scene, distance: distance - 1 }).change, 0, 'too near');
    t.is(play({ ...scene, draws: [chance] }).change, 0, 'not this time');
  }
});

test('bounds are cut to whole numbers before they are compared', (t) => {
  // At daylight 0.5 the bound for zombies is 2, at 0.49 it is 2.03.
  const zombies = (count: number, daylight: number) =>
    play({
      ground: GRASS,
      space: 100,
      creatures: [...Array.from({ length: count }, () => ZOMBIE), COW],
      distance: 40,
      daylight,
      draws: [0],
    }).change;
  t.is(zombies(2, 0.5), 0);
  t.is(zombies(2, 0.49), 0);
  t.is(zombies(3, 0.5), -1);
  t.is(zombies(1, 0.5), 1);
  t.is(zombies(2, 0.17), 0);
  t.is(zombies(2, 0.16), 1);
  // One cow is always wanted; more than two never, whatever the light.
  const cows = (count: number, daylight: number) =>
    play({
      ground: GRASS,
      space: 40,
      creatures: Array.from({ length: count }, () => COW),
      distance: 40,
      daylight,
      draws: [0],
    }).change;
  t.is(cows(1, 0), 0);
  t.is(cows(2, 0.4), -1);
  t.is(cows(2, 0.5), 0);
  t.is(cows(3, 1), -1);
});

test('the creature that vanishes is counted in the order in which they entered the chunk', (t) => {
  const { entities } = play({
    ground: PATH,
    space: 144,
    creatures: [SKELETON, SKELETON, SKELETON],
    distance: 20,
    pick: 1,
    draws: [0],
  });
  t.deepEqual(
    entities.map(({ y }) => y),
    [0, 2],
  );
});
