/**
 * Safe places to sleep: a pocket of at most a few cells that nobody can walk into. In rock one is made by digging two
 * cells deep, stepping back, and closing the entrance with a stone:
 *
 *     # # # #          # # # #          # # # #
 *     . E T D #   →    . E P d #   →    . S P d #      E entrance, P player, S stone
 *     # # # #          # # # #          # # # #
 */
import { opposite, stepX, stepY } from '../../sim/direction.js';
import { PLAYER } from '../../sim/entity.js';
import { LAVA, type MaterialSet, WALKABLE, WATER, contains, materialSet } from '../../sim/materials.js';
import type { World } from '../../sim/world.js';
import { diggable, moveIn } from './routes.js';
import type { Goal, Scene } from './scene.js';

const DIRECTIONS = [0, 1, 2, 3] as const;
/** A larger pocket is no shelter: creatures appear seven cells off, on ground of their own. */
const LARGEST_POCKET = 4;

type Cell = readonly [number, number];

/** Whether whoever stands in a cell is cut off from the rest, if `closed` were closed too. */
function isPocket(world: World, start: Cell, closed?: Cell): boolean {
  const pocket: Cell[] = [start];
  for (const [x, y] of pocket)
    for (const direction of DIRECTIONS) {
      const nx = x + stepX(direction);
      const ny = y + stepY(direction);
      if (closed?.[0] === nx && closed[1] === ny) continue;
      // Arrows fly over water and lava.
      if (contains(materialSet(WATER, LAVA), world.material(nx, ny))) return false;
      if (!contains(WALKABLE, world.material(nx, ny)) || pocket.some(([px, py]) => px === nx && py === ny)) continue;
      if (pocket.length === LARGEST_POCKET) return false;
      pocket.push([nx, ny]);
    }
  return pocket.every(([x, y]) => (world.entity(x, y)?.kind ?? PLAYER) === PLAYER);
}

export function isSheltered({ game }: Scene): boolean {
  const { world, player } = game;
  return isPocket(world, [player.x, player.y]);
}

/** The next step to a safe place, if there is a way to have one. */
export function shelter(scene: Scene, why: string): Goal | undefined {
  const { world, player } = scene.game;
  const goal = (action: Goal['action'], cost: number, reason: string): Goal => ({
    name: 'shelter',
    action,
    cost,
    reason,
  });
  if (player.amount('stone') > 0) {
    const ahead: Cell = [player.targetX, player.targetY];
    if (world.isFree(...ahead, WALKABLE) && isPocket(world, [player.x, player.y], ahead))
      return goal('place_stone', 1, `${why}: I close my shelter with a stone.`);
    // From the end of a hole: the step back faces the entrance.
    for (const direction of DIRECTIONS) {
      const x = player.x + stepX(direction);
      const y = player.y + stepY(direction);
      const entrance: Cell = [x + stepX(direction), y + stepY(direction)];
      if (world.isFree(x, y, WALKABLE) && world.isFree(...entrance, WALKABLE) && isPocket(world, [x, y], entrance))
        return goal(moveIn(direction), 2, `${why}: I turn to close my shelter.`);
    }
  }
  const end = nearestHole(scene);
  if (end === undefined) return undefined;
  const [x, y] = end;
  return goal(scene.routes.firstStep(x, y), scene.routes.cost(x, y) + 3, `${why}: I dig myself a shelter in the rock.`);
}

/** The inner cell of the nearest place for a hole of two cells. */
function nearestHole({ game, routes }: Scene): Cell | undefined {
  const { world, player } = game;
  const room = WALKABLE | diggable(player);
  // A stone is needed to close it, and digging gives one.
  if (player.amount('wood_pickaxe') === 0) return undefined;
  let best: Cell | undefined;
  let bestCost = Infinity;
  for (let x = 1; x < world.width - 1; x++)
    for (let y = 1; y < world.height - 1; y++) {
      const cost = routes.cost(x, y);
      if (cost >= bestCost || cost === 0 || !contains(room, world.material(x, y))) continue;
      for (const direction of DIRECTIONS)
        if (isHole(world, [x, y], direction, room)) {
          best = [x, y];
          bestCost = cost;
        }
    }
  return best;
}

/** Whether a cell and the next one in a direction (to the entrance) would be walled in, were the entrance closed. */
function isHole(world: World, [x, y]: Cell, direction: number, room: MaterialSet): boolean {
  const dx = stepX(direction);
  const dy = stepY(direction);
  const isWall = (cellX: number, cellY: number): boolean =>
    !contains(WALKABLE | materialSet(WATER, LAVA), world.material(cellX, cellY));
  if (!contains(room, world.material(x + dx, y + dy)) || !contains(room, world.material(x + 2 * dx, y + 2 * dy)))
    return false;
  if ((world.entity(x + dx, y + dy)?.kind ?? PLAYER) !== PLAYER) return false;
  const inner = DIRECTIONS.every((side) => side === direction || isWall(x + stepX(side), y + stepY(side)));
  const outer = DIRECTIONS.every(
    (side) => side === direction || side === opposite(direction) || isWall(x + dx + stepX(side), y + dy + stepY(side)),
  );
  return inner && outer;
}
