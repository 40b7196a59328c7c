/** Who plays: given the prompt of a turn, a policy answers as a chat model would. */
import type { JsonObject } from 'vlmbuild';
import type { ModelCall } from '../../lib/tracing/call-record.js';
import type { Crafter } from '../sim/crafter.js';
import type { ActionName } from '../sim/rules.js';
import type { UserContent } from './prompt.js';
import { TOOL, TOOL_NAME } from './tools.js';

/** A turn as the policy meets it. */
export interface Prompt {
  readonly turn: number;
  readonly system: string;
  readonly user: UserContent;
  /** The game itself, for players with full knowledge. They leave it as it is. */
  readonly game: Crafter;
  /** At this step the episode is over at the latest; `null` for no limit. */
  readonly lastStep: number | null;
  readonly signal: AbortSignal;
}

/** A policy's answer: a chat completion, and how it was asked for. */
export type Answer = Pick<ModelCall, 'request' | 'response' | 'usage'>;

export interface Policy {
  /** Recorded as the model's name. */
  readonly model: string;
  readonly provider: string;
  answer(prompt: Prompt): Promise<Answer> | Answer;
}

/** What a player of our own wants to do in a turn, and why. */
export interface Intention {
  readonly reason: string;
  readonly actions: readonly ActionName[];
}

/** A player of our own: no model, but it answers like one. */
export function builtInPolicy(model: string, intend: (prompt: Prompt) => Intention): Policy {
  return {
    model,
    provider: 'vlmbuild',
    answer(prompt) {
      const { reason, actions } = intend(prompt);
      return {
        request: { model, tools: [TOOL], tool_choice: 'required' },
        response: completion(model, prompt.turn, reason, unambiguous(actions)),
        usage: null,
      };
    },
  };
}

/**
 * Readers take exactly this pair for the parroted example of a prompt and drop its second half, so it is never said.
 */
function unambiguous(actions: readonly ActionName[]): readonly ActionName[] {
  return actions.length === 2 && actions[0] === 'move_right' && actions[1] === 'do' ? ['move_right'] : actions;
}

function completion(model: string, turn: number, content: string, actions: readonly ActionName[]): JsonObject {
  return {
    id: `${model}-${turn}`,
    object: 'chat.completion',
    created: 0,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content,
          tool_calls: [
            {
              id: `call_${turn}`,
              type: 'function',
              function: { name: TOOL_NAME, arguments: JSON.stringify({ actions }) },
            },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
  };
}
