/** What is said to the player at every turn: a system prompt and one user message. */
import { ACTIONS } from '../sim/rules.js';
import { MOST_ACTIONS, type ToolCall } from './tools.js';

export const MODES = ['text', 'image', 'both'] as const;
/** What a user message holds: the observation in words, its picture, or both. */
export type Mode = (typeof MODES)[number];

export type UserContent =
  | string
  | readonly (
      | { readonly type: 'text'; readonly text: string }
      | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
    )[];

export const SYSTEM_PROMPT = `You play Crafter, a survival game on a grid seen from above. Your aim is to stay alive and to unlock as many achievements as you can: gather resources, craft tools, look after your health.

How the world works:
- Trees, stone, water, lava, coal and iron block the way; so do diamonds, tables, furnaces, plants and creatures. Lava kills whoever steps into it.
- You face the direction of your last move, also when something blocked it. \`do\` works only on what is directly in front of you: it gathers, drinks, eats or hits.
- Moves can and should be chained, the more so when nothing of use is in sight.

A useful order: wood, then a table, then a wood pickaxe and a wood sword beside the table; stone, then a stone pickaxe and sword; coal; a furnace; iron; with table and furnace both beside you the iron tools; diamond last. In between drink water, eat cows, sleep when your energy is low, and fight zombies and skeletons with a sword.

Achievements:
- gather: collect_wood, collect_stone, collect_coal, collect_iron, collect_diamond, collect_sapling, collect_drink
- place: place_table, place_furnace, place_stone, place_plant
- craft: make_wood_pickaxe, make_stone_pickaxe, make_iron_pickaxe, make_wood_sword, make_stone_sword, make_iron_sword
- survive and fight: eat_cow, eat_plant, wake_up, defeat_zombie, defeat_skeleton

Actions: ${ACTIONS.join(', ')}.

Answer with exactly one call of interact_many that holds two to five actions (never more than ${MOST_ACTIONS}).`;

const HISTORY_HEADING = 'Previous tool calls (newest first):';
const HISTORY_LINES = 3;
const LONGEST_ARGUMENTS = 500;

function argumentsText(call: ToolCall): string {
  const text = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
  // Cut between characters, not inside a surrogate pair.
  return text.length <= LONGEST_ARGUMENTS ? text : Array.from(text).slice(0, LONGEST_ARGUMENTS).join('');
}

/** @param calls the first call of each earlier turn that had one, oldest first. */
export function historyText(calls: readonly ToolCall[]): string {
  const lines = calls
    .slice(-HISTORY_LINES)
    .reverse()
    .map((call) => `- ${call.name}: ${argumentsText(call)}`);
  return [HISTORY_HEADING, ...(lines.length === 0 ? ['- none'] : lines)].join('\n');
}

/** The user message. Without a picture the words are said instead, whatever the mode. */
export function userContent(
  mode: Mode,
  observationText: string,
  history: readonly ToolCall[],
  imageUrl: string | undefined,
): UserContent {
  const text = `${observationText}\n\n${historyText(history)}`;
  if (mode === 'text' || imageUrl === undefined) return text;
  const image = { type: 'image_url', image_url: { url: imageUrl } } as const;
  return mode === 'image' ? [image] : [{ type: 'text', text }, image];
}

const SEEING_MODELS = [
  'gpt-4o',
  'gpt-4-turbo',
  'gpt-4-vision',
  'gpt-4.1',
  'gpt-5',
  'claude-3',
  'gemini',
  'qwen-vl',
  'qwen2-vl',
  'qwen2.5-vl',
  'qwen3-vl',
  'pixtral',
  'llava',
  'phi-3-vision',
  'internvl',
  'cogvlm',
  'vision',
];

/** Whether a model of this name is thought to see pictures. */
export const seesImages = (model: string): boolean => SEEING_MODELS.some((name) => model.toLowerCase().includes(name));
