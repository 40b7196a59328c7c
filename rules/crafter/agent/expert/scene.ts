/** What the expert sees of a moment, and what it may want. */
import type { Crafter } from '../../sim/crafter.js';
import { COAL, DIAMOND, IRON, STONE, TREE, materialSet } from '../../sim/materials.js';
import type { AchievementName, ActionName, ItemName } from '../../sim/rules.js';
import { type Route, Routes, diggable } from './routes.js';

/** A goal says what its next action is, about how many steps it still takes, and why in words. */
export interface Goal {
  readonly name: string;
  readonly action: ActionName;
  /** Steps until it is reached, weighed: lower is better. */
  readonly cost: number;
  readonly reason: string;
}

/** What goals are judged by. */
export interface Scene {
  readonly game: Crafter;
  readonly routes: Routes;
  /** Ways as they would be with the best pickaxe. */
  readonly dreams: Routes;
  /** There is time: to stay in at night, and for a plant to ripen. */
  readonly isPatient: boolean;
  has(achievement: AchievementName): boolean;
  amount(item: ItemName): number;
}

/** With fewer steps left than this, risks are taken. */
const LONG = 350;

export function sceneOf(game: Crafter): Scene {
  const { world, player } = game;
  const achieved = game.achievements();
  const digs = diggable(player);
  const all = digs | materialSet(STONE, COAL, IRON, DIAMOND, TREE);
  const routes = new Routes(world, player);
  const left = (game.length ?? Infinity) - game.steps;
  let dreams: Routes | undefined;
  return {
    game,
    routes,
    isPatient: left > LONG,
    get dreams() {
      return (dreams ??= all === digs ? routes : new Routes(world, player, all));
    },
    has: (name) => achieved[name] > 0,
    amount: (item) => player.amount(item),
  };
}

/** `3 left, 1 up`: where something is, seen from the player. */
export function whereabouts({ game }: Scene, x: number, y: number): string {
  const [px, py] = game.position;
  const dx = x - px;
  const dy = y - py;
  const parts = [
    dx === 0 ? '' : `${Math.abs(dx)} ${dx < 0 ? 'left' : 'right'}`,
    dy === 0 ? '' : `${Math.abs(dy)} ${dy < 0 ? 'up' : 'down'}`,
  ].filter((part) => part !== '');
  return parts.join(', ') || 'here';
}

/** Go to a route's end and act there. */
export function act(
  scene: Scene,
  name: string,
  route: Route | undefined,
  extra: number,
  reason: string,
  action: ActionName = 'do',
): Goal | undefined {
  if (route === undefined) return undefined;
  const where = route.first === undefined ? 'right in front of me' : whereabouts(scene, route.x, route.y);
  return { name, action: route.first ?? action, cost: route.cost + extra, reason: `${reason} (${where}).` };
}

/** Steps back to a table or furnace beyond which a new one is cheaper. */
const FAR = 12;
export const TABLE_WOOD = 2;

export const isFar = ({ routes }: Scene, material: number): boolean =>
  (routes.nearest(materialSet(material))?.cost ?? Infinity) >= FAR;
