/** Which goal the expert follows, and when it sleeps. */
import type { Crafter } from '../../sim/crafter.js';
import type { ActionName } from '../../sim/rules.js';
import { type Goal, goalsOf, sceneOf } from './goals.js';

export interface Decision {
  /** The goal's name: as long as it stays the same, one reason covers all actions. */
  readonly goal: string;
  readonly action: ActionName;
  readonly reason: string;
}

/** How much cheaper another goal must be before the one at hand is given up. */
const PERSISTENCE = 3;
const LOW_ENERGY = 3;

const asDecision = ({ name, action, reason }: Goal): Decision => ({ goal: name, action, reason });

/**
 * @param current the name of the goal followed so far.
 * @param sleepsSafely whether nothing would happen to the player if they went to sleep now; asked only when it matters.
 */
export function decide(game: Crafter, current: string | undefined, sleepsSafely: () => boolean): Decision {
  const { player } = game;
  if (player.sleeping) return { goal: 'sleep', action: 'sleep', reason: 'I sleep on until I am rested.' };
  const scene = sceneOf(game);
  const goals = goalsOf(scene).map((goal) => ({
    ...goal,
    cost: goal.cost - (goal.name === current ? PERSISTENCE : 0),
  }));
  goals.sort((a, b) => a.cost - b.cost);
  const best = goals[0];
  const energy = scene.amount('energy');
  const isTired = energy <= LOW_ENERGY;
  // Eleven steps of sleep give back a point of energy; waking up rested is an achievement.
  const napCost = (9 - energy) * 11 + 2;
  const wouldNap = energy < 9 && !scene.has('wake_up') && (best === undefined || best.cost > napCost);
  if ((isTired || wouldNap) && (best === undefined || best.cost > -10) && sleepsSafely())
    return {
      goal: 'sleep',
      action: 'sleep',
      reason: isTired ? 'I am tired, and nobody is near: I sleep.' : 'Nobody is near: a nap.',
    };
  if (best !== undefined) return asDecision(best);
  return { goal: 'wait', action: 'noop', reason: 'There is nothing I can do now but wait.' };
}
