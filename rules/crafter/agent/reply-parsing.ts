/** From what a model replied to the actions that are carried out. */
import type { Json, JsonObject } from 'vlmbuild';
import { ACTIONS, type ActionName } from '../sim/rules.js';
import { TOOL_NAME, type ToolCall } from './tools.js';

const ALIASES: Readonly<Record<string, ActionName>> = {
  left: 'move_left',
  right: 'move_right',
  up: 'move_up',
  down: 'move_down',
  interact: 'do',
  use: 'do',
  action: 'do',
  rest: 'sleep',
  craft_wood_pickaxe: 'make_wood_pickaxe',
  craft_stone_pickaxe: 'make_stone_pickaxe',
  craft_iron_pickaxe: 'make_iron_pickaxe',
  craft_wood_sword: 'make_wood_sword',
  craft_stone_sword: 'make_stone_sword',
  craft_iron_sword: 'make_iron_sword',
};
const NAMES = new Map<string, ActionName>([
  ...ACTIONS.map((name): [string, ActionName] => [name, name]),
  ...Object.entries(ALIASES),
]);

/** The action that a name or one of its aliases means. */
export const actionNamed = (name: string): ActionName | undefined =>
  NAMES.get(name.trim().toLowerCase().replaceAll(' ', '_'));

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// ---- actions in plain text ----

const PREFIXES = ['ACTION:', 'Action:', 'action:', 'ACTION', '-', '*', '•', '**ACTION:**'];

const known = (names: Iterable<string>): ActionName[] =>
  [...names].map(actionNamed).filter((action) => action !== undefined);

const tagged = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

function lineActions(line: string): ActionName[] {
  let rest = line.trim();
  const prefix = PREFIXES.find((candidate) => rest.startsWith(candidate));
  if (prefix !== undefined) rest = rest.slice(prefix.length).trim();
  rest = rest.replace(/^\d+\.\s*/, '');
  return known(rest.split(/[,;]|\s(?:and|then)\s/i).map((piece) => piece.trim().replace(/^(["'])(.*)\1$/, '$2')));
}

/** The actions that a text names: in tags if there are any, else as the whole text, else line by line. */
export function actionsInText(text: string): readonly ActionName[] {
  const inTags = tagged(text, /<action>(.*?)<\/action>/gis);
  if (inTags.length > 0) return known(inTags);
  const inBrackets = tagged(text, /\[action\](.*?)(?:\[\/action\]|$)/gim);
  if (inBrackets.length > 0) return known(inBrackets);
  const whole = actionNamed(text);
  if (whole !== undefined) return [whole];
  return text.split(/\r\n|\r|\n/).flatMap(lineActions);
}

// ---- tool calls of a chat completion ----

function parsedArguments(value: Json | undefined): JsonObject {
  if (typeof value !== 'string') return isObject(value) ? value : {};
  try {
    const parsed = JSON.parse(value) as Json;
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function messagesOf(response: JsonObject): JsonObject[] {
  const { choices } = response;
  if (!isList(choices)) return [];
  return choices
    .map((choice) => (isObject(choice) ? choice['message'] : undefined))
    .filter((message) => isObject(message));
}

function toolCallOf(item: Json, index: number): ToolCall | undefined {
  if (!isObject(item)) return undefined;
  const source = isObject(item['function']) ? item['function'] : item;
  const { name, arguments: given } = source;
  if (typeof name !== 'string') return undefined;
  const id = typeof item['id'] === 'string' ? item['id'] : `call_${index}`;
  if (name !== TOOL_NAME) return { id, name, arguments: typeof given === 'string' || isObject(given) ? given : {} };
  const { actions } = parsedArguments(given);
  let list = isList(actions) ? actions : [];
  // The tool's own example, parroted: only its first half was meant.
  if (list.length === 2 && list[0] === 'move_right' && list[1] === 'do') list = ['move_right'];
  return { id, name, arguments: { actions: list } };
}

/** The tool calls of a reply; one is made of the actions in its text where it has none. Empty: nothing was found. */
export function toolCallsOf(response: JsonObject): readonly ToolCall[] {
  const messages = messagesOf(response);
  const items = messages.flatMap(({ tool_calls: calls }) => (isList(calls) ? calls : []));
  const calls = items.map(toolCallOf).filter((call) => call !== undefined);
  if (calls.length > 0) return calls;
  const text = messages.map(({ content }) => content).find((content) => typeof content === 'string' && content !== '');
  const actions = typeof text === 'string' ? actionsInText(text) : [];
  return actions.length === 0 ? [] : [{ id: 'call_0', name: TOOL_NAME, arguments: { actions: [...actions] } }];
}

// ---- from calls to actions ----

function actionOf(value: Json | undefined): ActionName | undefined {
  if (typeof value === 'number') return ACTIONS[value];
  return typeof value === 'string' ? actionNamed(value) : undefined;
}

/**
 * The actions that calls ask for. Unknown ones are skipped and `warn`ed of; where nothing is left it is one `noop`.
 */
export function actionsOf(calls: readonly ToolCall[], warn: (message: string) => void): readonly ActionName[] {
  const actions: ActionName[] = [];
  for (const call of calls) {
    const args = parsedArguments(call.arguments);
    const listed = isList(args['actions']) ? args['actions'] : [];
    const wanted = listed.length > 0 || call.name === TOOL_NAME ? listed : [args['action'] ?? call.name];
    for (const value of wanted) {
      const action = actionOf(value);
      if (action === undefined) warn(`unknown action ${JSON.stringify(value)}: skipped`);
      else actions.push(action);
    }
  }
  return actions.length === 0 ? ['noop'] : actions;
}
