/** How to come to look at free ground, which one would walk onto by turning towards it: by arriving in a straight line. */
import { stepX, stepY } from '../../sim/direction.js';
import { LAVA, WALKABLE } from '../../sim/materials.js';
import type { ActionName } from '../../sim/rules.js';
import { moveIn } from './routes.js';
import type { Scene } from './scene.js';

const DIRECTIONS = [0, 1, 2, 3] as const;
const FARTHEST = 40;

export interface Facing {
  readonly x: number;
  readonly y: number;
  readonly cost: number;
  /** The first step; `undefined` when one faces it already. */
  readonly first: ActionName | undefined;
}

/** The quickest way to face one of some cells, on foot: a search over where one stands and looks. */
export function wayToFace({ game }: Scene, isWanted: (x: number, y: number) => boolean): Facing | undefined {
  const { world, player } = game;
  const { height } = world;
  const start = (player.x * height + player.y) * 4 + player.facing;
  // By state: the direction of the first move, and 1.
  const firsts = new Map<number, number>([[start, 0]]);
  let frontier = [start];
  for (let cost = 0; cost <= FARTHEST && frontier.length > 0; cost++) {
    const next: number[] = [];
    for (const state of frontier) {
      const facing = state % 4;
      const cell = (state - facing) / 4;
      const x = Math.floor(cell / height);
      const y = cell % height;
      const first = firsts.get(state) as number;
      const [aheadX, aheadY] = [x + stepX(facing), y + stepY(facing)];
      if (isWanted(aheadX, aheadY))
        return { x: aheadX, y: aheadY, cost, first: first === 0 ? undefined : moveIn(first - 1) };
      for (const direction of DIRECTIONS) {
        const nextX = x + stepX(direction);
        const nextY = y + stepY(direction);
        if (!world.isInside(nextX, nextY) || world.material(nextX, nextY) === LAVA) continue;
        const moves = world.isFree(nextX, nextY, WALKABLE) || (nextX === player.x && nextY === player.y);
        const arrived = (moves ? nextX * height + nextY : cell) * 4 + direction;
        if (firsts.has(arrived)) continue;
        firsts.set(arrived, first === 0 ? direction + 1 : first);
        next.push(arrived);
      }
    }
    frontier = next;
  }
  return undefined;
}
