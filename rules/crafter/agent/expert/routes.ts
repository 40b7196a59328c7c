/** Ways through the world: what they cost in steps, and how they begin. */
import { DOWN, LEFT, RIGHT, UP, stepX, stepY } from '../../sim/direction.js';
import { PLANT, PLAYER } from '../../sim/entity.js';
import {
  COAL,
  DIAMOND,
  IRON,
  MATERIALS,
  type MaterialSet,
  STONE,
  TREE,
  WALKABLE,
  WATER,
  contains,
  materialSet,
} from '../../sim/materials.js';
import { isRipe } from '../../sim/plant.js';
import type { Player } from '../../sim/player.js';
import type { ActionName } from '../../sim/rules.js';
import type { World } from '../../sim/world.js';

const MOVES = ['move_left', 'move_right', 'move_up', 'move_down'] as const;
const DIRECTIONS = [0, 1, 2, 3] as const;

// Steps that it takes to enter a cell, turning towards it included.
const WALK = 1;
const PUSH_THROUGH_CREATURE = 4;
const DIG = 3;
const BRIDGE = 4;
const NEVER = Infinity;
const UNREACHED = 32767;

/** What can be dug away with these tools. */
export function diggable(player: Player): MaterialSet {
  let set = materialSet(TREE);
  if (player.amount('wood_pickaxe') > 0) set |= materialSet(STONE, COAL);
  if (player.amount('stone_pickaxe') > 0) set |= materialSet(IRON);
  if (player.amount('iron_pickaxe') > 0) set |= materialSet(DIAMOND);
  return set;
}

/** The stones beside a plant: they stay until it is ripe. */
function fenceCells(world: World, x: number, y: number): number[] {
  return DIRECTIONS.map((side) => [x + stepX(side), y + stepY(side)] as const)
    .filter(([sideX, sideY]) => world.material(sideX, sideY) === STONE)
    .map(([sideX, sideY]) => sideX * world.height + sideY);
}

export const isFence = (world: World, x: number, y: number): boolean =>
  DIRECTIONS.some((side) => world.entity(x + stepX(side), y + stepY(side))?.kind === PLANT);

function entryCosts(world: World, player: Player, digs: MaterialSet): Uint8Array {
  const canBridge = player.amount('stone') > 0 && player.amount('wood_pickaxe') > 0;
  const byMaterial = MATERIALS.map((_, material) => {
    if (contains(WALKABLE, material)) return WALK;
    if (contains(digs, material)) return DIG;
    return material === WATER && canBridge ? BRIDGE : 0;
  });
  const costs = world.materials.map((material) => byMaterial[material] ?? 0);
  for (const entity of world.entities) {
    const { kind, x, y } = entity;
    const cell = x * world.height + y;
    if (kind === PLANT) {
      costs[cell] = 0;
      if (isRipe(entity)) continue;
      for (const side of fenceCells(world, x, y)) costs[side] = 0;
    } else if (kind !== PLAYER) costs[cell] = PUSH_THROUGH_CREATURE;
  }
  return costs;
}

/** A place to act at: go beside it, face it. */
export interface Route {
  readonly x: number;
  readonly y: number;
  /** Steps until one faces it, about. */
  readonly cost: number;
  /** The first step; `undefined` when one faces it already. */
  readonly first: ActionName | undefined;
}

/** Farther than this nothing is looked for. */
const FARTHEST = 250;
// Dial's algorithm: a queue for each of the next few costs, which are small whole numbers. Kept between searches.
const queues: number[][] = Array.from({ length: Math.max(WALK, PUSH_THROUGH_CREATURE, DIG, BRIDGE) + 1 }, () => []);

/** All ways from where the player stands. */
export class Routes {
  /** Steps that it takes to enter each cell from beside it; 0: it cannot be entered. */
  private readonly entries: Uint8Array;
  /** Steps to get into each cell; {@link UNREACHED} where there is no way. */
  private readonly costs: Int16Array;
  /** The direction in which a cell is entered. */
  private readonly entered: Int8Array;
  private readonly origin: number;

  constructor(
    private readonly world: World,
    private readonly player: Player,
    /** What may be dug through. */
    digs: MaterialSet = diggable(player),
  ) {
    this.origin = player.x * world.height + player.y;
    this.entries = entryCosts(world, player, digs);
    this.costs = new Int16Array(this.entries.length).fill(UNREACHED);
    this.entered = new Int8Array(this.entries.length).fill(-1);
    this.search();
  }

  private search(): void {
    const { costs, entries, entered } = this;
    const { width, height } = this.world;
    const relax = (cell: number, cost: number, direction: number): void => {
      const entry = entries[cell] as number;
      if (entry === 0 || cost + entry >= (costs[cell] as number)) return;
      costs[cell] = cost + entry;
      entered[cell] = direction;
      (queues[(cost + entry) % queues.length] as number[]).push(cell);
    };
    costs[this.origin] = 0;
    for (const queue of queues) queue.length = 0;
    queues[0]?.push(this.origin);
    for (let cost = 0; cost <= FARTHEST; cost++) {
      const queue = queues[cost % queues.length] as number[];
      for (const cell of queue) {
        if (costs[cell] !== cost) continue;
        const y = cell % height;
        if (cell >= height) relax(cell - height, cost, LEFT);
        if (cell < (width - 1) * height) relax(cell + height, cost, RIGHT);
        if (y > 0) relax(cell - 1, cost, UP);
        if (y < height - 1) relax(cell + 1, cost, DOWN);
      }
      queue.length = 0;
    }
  }

  /** Steps to get into a cell. */
  cost(x: number, y: number): number {
    if (!this.world.isInside(x, y)) return NEVER;
    const cost = this.costs[x * this.world.height + y] as number;
    return cost === UNREACHED ? NEVER : cost;
  }

  /** The way to face a cell that cannot be walked into (or holds somebody). */
  facing(x: number, y: number): Route | undefined {
    const { player } = this;
    let best: { cost: number; direction: number } | undefined;
    for (const direction of DIRECTIONS) {
      const cost = this.cost(x - stepX(direction), y - stepY(direction));
      if (cost === NEVER) continue;
      const arrives = this.arrival(x - stepX(direction), y - stepY(direction));
      const total = cost + (arrives === direction ? 0 : 1);
      if (best === undefined || total < best.cost) best = { cost: total, direction };
    }
    if (best === undefined) return undefined;
    const fromX = x - stepX(best.direction);
    const fromY = y - stepY(best.direction);
    if (fromX === player.x && fromY === player.y)
      return { x, y, cost: best.cost, first: player.facing === best.direction ? undefined : moveIn(best.direction) };
    return { x, y, cost: best.cost, first: this.firstStep(fromX, fromY) };
  }

  /** Where the player would look on arriving at a cell. */
  private arrival(x: number, y: number): number {
    const cell = x * this.world.height + y;
    return cell === this.origin ? this.player.facing : (this.entered[cell] as number);
  }

  /** The first step of the way to a cell. */
  firstStep(x: number, y: number): ActionName {
    const { world, player } = this;
    let direction = 0;
    for (let cellX = x, cellY = y; cellX !== player.x || cellY !== player.y;) {
      direction = this.entered[cellX * world.height + cellY] as number;
      cellX -= stepX(direction);
      cellY -= stepY(direction);
    }
    const nextX = player.x + stepX(direction);
    const nextY = player.y + stepY(direction);
    if (world.isFree(nextX, nextY, WALKABLE) || player.facing !== direction) return moveIn(direction);
    return world.material(nextX, nextY) === WATER ? 'place_stone' : 'do';
  }

  /** The cell before the first one on the way to (x, y) that the player cannot enter with what they have. */
  stopBefore(x: number, y: number, own: Routes): readonly [number, number] {
    const { world } = this;
    const way: [number, number][] = [];
    for (let cellX = x, cellY = y; cellX !== this.player.x || cellY !== this.player.y;) {
      way.push([cellX, cellY]);
      const direction = this.entered[cellX * world.height + cellY] as number;
      cellX -= stepX(direction);
      cellY -= stepY(direction);
    }
    let stop: readonly [number, number] = [this.player.x, this.player.y];
    for (const [cellX, cellY] of way.reverse()) {
      if (own.entries[cellX * world.height + cellY] === 0) break;
      stop = [cellX, cellY];
    }
    return stop;
  }

  /** The nearest of the cells of some materials, to face. */
  nearest(materials: MaterialSet, skip?: (x: number, y: number) => boolean): Route | undefined {
    const { width, height, materials: map } = this.world;
    let best: Route | undefined;
    for (let x = 0; x < width; x++)
      for (let y = 0; y < height; y++) {
        if (!contains(materials, map[x * height + y] as number) || skip?.(x, y) === true) continue;
        const distance = Math.abs(x - this.player.x) + Math.abs(y - this.player.y) - 1;
        if (best !== undefined && distance >= best.cost) continue;
        const route = this.facing(x, y);
        if (route !== undefined && (best === undefined || route.cost < best.cost)) best = route;
      }
    return best;
  }
}

export const moveIn = (direction: number): ActionName => MOVES[direction] ?? 'noop';
