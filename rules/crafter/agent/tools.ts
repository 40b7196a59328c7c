/** The one tool a player has. */
import type { JsonObject } from 'vlmbuild';
import { ACTIONS } from '../sim/rules.js';

export const TOOL_NAME = 'interact_many';
export const MOST_ACTIONS = 8;

export const TOOL: JsonObject = {
  type: 'function',
  function: {
    name: TOOL_NAME,
    description: 'Carry out several Crafter actions, one after another, in the order given.',
    parameters: {
      type: 'object',
      properties: {
        actions: {
          type: 'array',
          description: 'The actions to carry out, first to last.',
          items: { type: 'string', enum: [...ACTIONS] },
          minItems: 1,
          maxItems: MOST_ACTIONS,
        },
      },
      required: ['actions'],
      additionalProperties: false,
    },
  },
};

/** A call of a tool. `arguments` is JSON text, or an object where a model sent one. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string | JsonObject;
}
