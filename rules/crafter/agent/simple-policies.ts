/** Players that do not look: one plays by chance, the other by heart. */
import { episodeSeed } from '../sim/episode-seed.js';
import { MersenneTwister } from '../sim/mt19937.js';
import { ACTIONS, type ActionName } from '../sim/rules.js';
import { type Policy, builtInPolicy } from './policy.js';

/** Any action, each as likely as the others; another sequence for each seed. */
export function randomPolicy(seed: number, perTurn: number): Policy {
  // The world's own generator starts elsewhere: at the hash of its first episode.
  const random = new MersenneTwister(episodeSeed(seed, 0));
  return builtInPolicy('random', () => ({
    reason: 'Trying something.',
    actions: Array.from({ length: perTurn }, () => ACTIONS[random.integer(0, ACTIONS.length)] ?? 'noop'),
  }));
}

/** The same actions over and over. */
export function scriptedPolicy(actions: readonly ActionName[], perTurn: number): Policy {
  let next = 0;
  return builtInPolicy('scripted', () => ({
    reason: 'Following the script.',
    actions: Array.from({ length: perTurn }, () => actions[next++ % actions.length] ?? 'noop'),
  }));
}
