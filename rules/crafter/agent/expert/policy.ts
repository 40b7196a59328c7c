/** The expert as a policy: several actions a turn, each decided on where the ones before it lead. */
import { Crafter } from '../../sim/crafter.js';
import type { ActionName } from '../../sim/rules.js';
import { type Intention, type Policy, builtInPolicy } from '../policy.js';
import { type Sleep, decide } from './decide.js';

const LEAST_ACTIONS = 2;
const MOST_ACTIONS = 5;
/** Sleep that lasts longer than this is not foreseen. */
const LONGEST_SLEEP = 300;

/** A game to try things in: exactly like the one that is played until the last step, and without pictures. */
function copyOf({ area, view, size }: Crafter, lastStep: number | null): Crafter {
  return new Crafter({ seed: 0, area, view, size, length: lastStep });
}

export function expertPolicy(): Policy {
  let current: string | undefined;
  let trial: Crafter | undefined;
  let dream: Crafter | undefined;

  /** Sleeps in a copy of the game until the player wakes. */
  function sleepIn(game: Crafter): Sleep {
    dream ??= copyOf(game, game.length);
    dream.restore(game.snapshot());
    const { player } = dream;
    const { health } = player;
    for (let step = 0; step < LONGEST_SLEEP; step++) {
      const { done } = dream.step('sleep');
      if (dream.player.health < health) return 'harmed';
      if (done) return step > 0 && dream.player.health > 0 ? 'safe' : 'harmed';
      if (!dream.player.sleeping) return step > 0 ? 'safe' : 'awake at once';
    }
    return 'safe';
  }

  function intend(game: Crafter, lastStep: number | null): Intention {
    trial ??= copyOf(game, lastStep);
    trial.restore(game.snapshot());
    const copy = trial;
    const actions: ActionName[] = [];
    const reasons: string[] = [];
    while (actions.length < MOST_ACTIONS) {
      const { goal, action, reason } = decide(copy, current, () => sleepIn(copy));
      if (goal !== current && actions.length >= LEAST_ACTIONS && !isParroted(actions)) break;
      if (goal !== current || reasons.length === 0) reasons.push(reason);
      current = goal;
      actions.push(action);
      if (copy.step(action).done) break;
    }
    return { reason: reasons.join(' '), actions };
  }

  return builtInPolicy('expert', ({ game, lastStep }) => intend(game, lastStep));
}

/** See `unambiguous` in policy.ts: this pair alone would be cut. */
const isParroted = (actions: readonly ActionName[]): boolean =>
  actions.length === 2 && actions[0] === 'move_right' && actions[1] === 'do';
