/** Policies as params name them. */
import { z } from 'zod';
import { expertPolicy } from './expert/policy.js';
import { modelParams } from './model/params.js';
import { type Means, modelPolicy } from './model/policy.js';
import { modeFor } from './model/request.js';
import { action } from './params.js';
import type { Policy } from './policy.js';
import type { Mode } from './prompt.js';
import { randomPolicy, scriptedPolicy } from './simple-policies.js';
import { MOST_ACTIONS } from './tools.js';

const perTurn = z.int().min(1).max(MOST_ACTIONS).default(4).describe('How many actions it takes in a turn.');

export const policyParams = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('expert').describe('A planner that knows the whole world.'),
  }),
  z.strictObject({
    kind: z.literal('random').describe('Any action, each as likely as the others.'),
    actions_per_turn: perTurn,
  }),
  z.strictObject({
    kind: z.literal('scripted').describe('The same actions over and over.'),
    actions: z.array(action).min(1).describe('The actions, in order.'),
    actions_per_turn: perTurn,
  }),
  modelParams,
]);
export type PolicyParams = z.output<typeof policyParams>;

/** What the policy is shown in a mode. */
export const shownMode = (params: PolicyParams, mode: Mode): Mode =>
  params.kind === 'model' ? modeFor(params, mode) : mode;

/** A new player for an episode. */
export function makePolicy(params: PolicyParams, seed: number, means: Means): Policy {
  switch (params.kind) {
    case 'expert':
      return expertPolicy();
    case 'random':
      return randomPolicy(seed, params.actions_per_turn);
    case 'scripted':
      return scriptedPolicy(params.actions, params.actions_per_turn);
    case 'model':
      return modelPolicy(params, seed, means);
  }
}
