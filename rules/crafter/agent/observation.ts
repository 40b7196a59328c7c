/** What a player is told about the game. */
import type { Crafter, Outcome } from '../sim/crafter.js';
import { ACHIEVEMENTS } from '../sim/rules.js';

/** The state after an action, without the picture. Maps are indexed `[x][y]`. */
export interface Observation {
  readonly inventory: Readonly<Record<string, number>>;
  readonly achievements_status: Readonly<Record<string, boolean>>;
  readonly player_position: readonly [number, number];
  /** `[dx, dy]`, y downwards. */
  readonly player_direction: readonly [number, number];
  readonly semantic_map: readonly (readonly number[])[];
  readonly world_material_map: readonly (readonly number[])[];
  readonly num_steps_taken: number;
  readonly max_steps_episode: number;
  readonly error_info: string | null;
  /** The reward of the last step alone. */
  readonly reward_last_step: number;
  readonly total_reward_episode: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** Only after an error. */
  readonly tool_error?: string;
  /** 7 rows (y) of 7 tile ids around the player, 0 outside the world. */
  readonly semantic_map_patch7: readonly (readonly number[])[];
}

/** The picture in an observation. */
export interface ObservedImage {
  readonly observation_image_base64: string;
  readonly observation_image_format: 'png';
  readonly observation_image_width: number;
  readonly observation_image_height: number;
  readonly observation_image_data_url: string;
}

/** What a game does not remember itself. */
export interface Progress {
  readonly lastReward: number;
  readonly totalReward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

export const NOTHING_YET: Progress = { lastReward: 0, totalReward: 0, terminated: false, truncated: false };

/** The progress after a step. An episode is terminated by death and truncated by its step limit. */
export function advance(before: Progress, { reward, discount, done }: Outcome): Progress {
  const terminated = discount === 0;
  return { lastReward: reward, totalReward: before.totalReward + reward, terminated, truncated: done && !terminated };
}

export const isOver = ({ terminated, truncated }: Progress): boolean => terminated || truncated;

function columnsOf(map: Uint8Array, width: number, height: number): number[][] {
  return Array.from({ length: width }, (_, x) => Array.from(map.subarray(x * height, (x + 1) * height)));
}

function patch(map: readonly (readonly number[])[], [x, y]: readonly [number, number], reach: number): number[][] {
  const side = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  return side.map((dy) => side.map((dx) => map[x + dx]?.[y + dy] ?? 0));
}

export function observe(game: Crafter, progress: Progress): Observation {
  const [width, height] = game.area;
  const achieved = game.achievements();
  const semantic = columnsOf(game.semantic(), width, height);
  return {
    inventory: game.inventory(),
    achievements_status: Object.fromEntries(ACHIEVEMENTS.map((name) => [name, achieved[name] > 0])),
    player_position: game.position,
    player_direction: game.facing,
    semantic_map: semantic,
    world_material_map: columnsOf(game.materials(), width, height),
    num_steps_taken: game.steps,
    max_steps_episode: game.length ?? 0,
    error_info: null,
    reward_last_step: progress.lastReward,
    total_reward_episode: progress.totalReward,
    terminated: progress.terminated,
    truncated: progress.truncated,
    semantic_map_patch7: patch(semantic, game.position, 3),
  };
}

/** The picture's part of an observation. */
export function observeImage(png: Uint8Array, width: number, height: number): ObservedImage {
  const base64 = Buffer.from(png).toString('base64');
  return {
    observation_image_base64: base64,
    observation_image_format: 'png',
    observation_image_width: width,
    observation_image_height: height,
    observation_image_data_url: `data:image/png;base64,${base64}`,
  };
}
