/** A moment of an episode as plain data, to go back to. */
import { Entity, PLAYER } from './entity.js';
import { MersenneTwister, type TwisterState } from './mt19937.js';
import { Player } from './player.js';
import type { AchievementName } from './rules.js';
import { World } from './world.js';

interface EntityState {
  readonly kind: number;
  readonly x: number;
  readonly y: number;
  readonly health: number;
  readonly facing: number;
  readonly timer: number;
}

const PLAYER_COUNTERS = ['hunger', 'thirst', 'fatigue', 'recover', 'lastHealth'] as const;

interface PlayerState {
  readonly sleeping: boolean;
  readonly items: Int32Array;
  readonly achieved: Int32Array;
  readonly counters: readonly number[];
}

/** What {@link takeState} takes: the world and the player. */
export interface WorldState {
  /** Cells of the world. */
  readonly width: number;
  readonly height: number;
  readonly materials: Uint8Array;
  readonly random: TwisterState;
  /** In order of creation; the player is the first. */
  readonly entities: readonly EntityState[];
  /** The visited chunks in order, by a cell of theirs, with their members in order, as indices into `entities`. */
  readonly chunks: readonly { readonly x: number; readonly y: number; readonly members: readonly number[] }[];
  readonly player: PlayerState;
}

export interface State extends WorldState {
  readonly episode: number;
  readonly step: number;
  readonly lastHealth: number;
  readonly unlocked: readonly AchievementName[];
}

export function takeState(world: World, player: Player): WorldState {
  const indices = new Map(world.entities.map((entity, index) => [entity, index]));
  return {
    width: world.width,
    height: world.height,
    materials: world.materials.slice(),
    random: world.random.snapshot(),
    entities: world.entities.map(({ kind, x, y, health, facing, timer }) => ({ kind, x, y, health, facing, timer })),
    chunks: world.visitedChunks.map(({ xMin, yMin, members }) => ({
      x: xMin,
      y: yMin,
      members: members.map((entity) => indices.get(entity) as number),
    })),
    player: {
      sleeping: player.sleeping,
      items: player.items.slice(),
      achieved: player.achieved.slice(),
      counters: PLAYER_COUNTERS.map((name) => player[name]),
    },
  };
}

/** @throws RangeError when the state is of a world of another size. */
export function restoreState(state: WorldState, width: number, height: number): { world: World; player: Player } {
  if (state.width !== width || state.height !== height) throw new RangeError('a state of a world of another size');
  const random = new MersenneTwister(0);
  random.restore(state.random);
  const world = new World(width, height, random);
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) world.setMaterial(x, y, state.materials[x * height + y] as number);
  const player = new Player(0, 0);
  const entities = state.entities.map(({ kind, x, y, health, facing, timer }) => {
    const entity = kind === PLAYER ? player : new Entity(kind, x, y, facing);
    return Object.assign(entity, { x, y, health, facing, timer });
  });
  world.restoreObjects(
    entities,
    state.chunks.map(({ x, y, members }) => ({ x, y, members: members.map((index) => entities[index] as Entity) })),
  );
  player.sleeping = state.player.sleeping;
  player.items.set(state.player.items);
  player.achieved.set(state.player.achieved);
  PLAYER_COUNTERS.forEach((name, i) => (player[name] = state.player.counters[i] as number));
  return { world, player };
}
