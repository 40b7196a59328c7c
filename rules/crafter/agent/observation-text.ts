/** An observation in words, as a model reads it. */
import { KIND_NAMES } from '../sim/entity.js';
import { MATERIALS } from '../sim/materials.js';
import { ACHIEVEMENTS, ITEMS } from '../sim/rules.js';
import type { Observation } from './observation.js';

/** The parts of an observation that the text needs; all may be missing, as other recorders leave some out. */
export type Describable = Partial<
  Pick<
    Observation,
    | 'inventory'
    | 'achievements_status'
    | 'player_position'
    | 'player_direction'
    | 'semantic_map'
    | 'num_steps_taken'
    | 'max_steps_episode'
  >
> & { readonly health?: number };

const VIEW_REACH = 2;
const DEFAULT_MAX_STEPS = 100;

const TILE_NAMES = new Map<number, string>([
  ...MATERIALS.entries(),
  ...Object.entries(KIND_NAMES).map(([id, name]): [number, string] => [Number(id), name.toLowerCase()]),
]);

function viewLines(map: Describable['semantic_map'], position: Describable['player_position']): string[] {
  if (map === undefined || position === undefined) return ['no map'];
  const [x, y] = position;
  const offsets = Array.from({ length: 2 * VIEW_REACH + 1 }, (_, i) => i - VIEW_REACH);
  return offsets.map((dy) =>
    offsets
      .map((dx) => {
        if (dx === 0 && dy === 0) return 'player';
        const id = map[x + dx]?.[y + dy];
        return id === undefined ? 'void' : (TILE_NAMES.get(id) ?? String(id));
      })
      .join(' '),
  );
}

const pair = (value: readonly [number, number] | undefined): string =>
  value === undefined ? 'unknown' : `[${value.join(', ')}]`;

/** @param stepIndex the count of single actions, used where the observation has none. */
export function observationText(observation: Describable, stepIndex = 0): string {
  if (Object.keys(observation).length === 0) return '';
  const { inventory = {}, achievements_status: status = {} } = observation;
  const step = observation.num_steps_taken ?? stepIndex;
  const maxSteps = observation.max_steps_episode ?? DEFAULT_MAX_STEPS;
  const health = observation.health ?? inventory['health'] ?? 0;
  const carried = ITEMS.filter((item) => item !== 'health' && (inventory[item] ?? 0) > 0);
  const unlocked = ACHIEVEMENTS.filter((name) => status[name] === true);
  return [
    'Crafter state',
    `Step: ${step}/${maxSteps}`,
    `Health: ${health}`,
    `Position: ${pair(observation.player_position)}`,
    `Facing: ${pair(observation.player_direction)}`,
    `Inventory: ${carried.map((item) => `${item}:${inventory[item]}`).join(', ') || 'empty'}`,
    `Achievements: ${unlocked.join(', ') || 'none'}`,
    `Nearby (${2 * VIEW_REACH + 1}x${2 * VIEW_REACH + 1}):`,
    ...viewLines(observation.semantic_map, observation.player_position),
    '',
    'Pick the next actions.',
  ].join('\n');
}
