/** How much is still needed for what was not achieved yet. */
import type { AchievementName } from '../../sim/rules.js';
import type { Scene } from './scene.js';

export const woodFor: readonly (readonly [AchievementName, number])[] = [
  ['place_table', 2],
  ['make_wood_pickaxe', 1],
  ['make_wood_sword', 1],
  ['make_stone_pickaxe', 1],
  ['make_stone_sword', 1],
  ['make_iron_pickaxe', 1],
  ['make_iron_sword', 1],
];
export const stoneFor: readonly (readonly [AchievementName, number])[] = [
  ['make_stone_pickaxe', 1],
  ['make_stone_sword', 1],
  ['place_furnace', 4],
  ['place_stone', 1],
];

export const wanted = (scene: Scene, needs: readonly (readonly [AchievementName, number])[]): number =>
  needs.reduce((sum, [name, amount]) => sum + (scene.has(name) ? 0 : amount), 0);

export const ironTools = (scene: Scene): number =>
  (scene.has('make_iron_pickaxe') ? 0 : 1) + (scene.has('make_iron_sword') ? 0 : 1);
