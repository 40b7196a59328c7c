/** Which goal the expert follows, and when it rests. */
import type { Crafter } from '../../sim/crafter.js';
import type { ActionName } from '../../sim/rules.js';
import { wantsHarvest } from './farming.js';
import { goalsOf } from './goals.js';
import { type Goal, type Scene, sceneOf } from './scene.js';
import { isSheltered, shelter } from './shelter.js';

export interface Decision {
  /** The goal's name: as long as it stays the same, one reason covers all actions. */
  readonly goal: string;
  readonly action: ActionName;
  readonly reason: string;
}

/**
 * What would come of lying down now: nothing happens until one is rested; somebody does harm; or one is up again in the
 * same step, as whoever was hurt a moment ago is.
 */
export type Sleep = 'safe' | 'harmed' | 'awake at once';

/** How much cheaper another goal must be before the one at hand is given up. */
const PERSISTENCE = 3;
/** Goals below this cost cannot wait: somebody bites, or hunger or thirst is about to. */
const PRESSING = -5;
const MOST_ENERGY = 9;
const LOW_ENERGY = 3;
const LOW_HEALTH = 3;
/** Zombies come out at night: then one is weak with more. */
const LOW_HEALTH_AT_NIGHT = 5;
const DARK = 0.4;
/** Eleven steps of sleep give back a point of energy. */
const STEPS_PER_ENERGY = 11;

const asDecision = ({ name, action, reason }: Goal): Decision => ({ goal: name, action, reason });
const sleep = (reason: string): Decision => ({ goal: 'sleep', action: 'sleep', reason });

/**
 * @param current the name of the goal followed so far.
 * @param sleepNow what would come of going to sleep now; asked only when it matters.
 */
export function decide(game: Crafter, current: string | undefined, sleepNow: () => Sleep): Decision {
  if (game.player.sleeping) return sleep('I sleep on until I am rested.');
  const scene = sceneOf(game);
  const best = cheapest(goalsOf(scene), current);
  if (best !== undefined && best.cost < PRESSING) return asDecision(best);
  const rest = restOf(scene, best, sleepNow);
  if (rest !== undefined) return rest;
  if (best !== undefined) return asDecision(best);
  return { goal: 'wait', action: 'noop', reason: 'There is nothing I can do now but wait.' };
}

function cheapest(goals: readonly Goal[], current: string | undefined): Goal | undefined {
  let best: Goal | undefined;
  let bestCost = Infinity;
  for (const goal of goals) {
    const cost = goal.cost - (goal.name === current ? PERSISTENCE : 0);
    if (cost >= bestCost) continue;
    best = goal;
    bestCost = cost;
  }
  return best;
}

/** To sleep, or to get somewhere safe, if that is better than the best goal. */
function restOf(scene: Scene, best: Goal | undefined, sleepNow: () => Sleep): Decision | undefined {
  const energy = scene.amount('energy');
  const health = scene.amount('health');
  const isTired = energy <= LOW_ENERGY;
  const isDark = scene.game.daylight < DARK;
  const isNight = isDark && scene.isPatient;
  const isWeak = health <= (isDark || scene.isPatient ? LOW_HEALTH_AT_NIGHT : LOW_HEALTH);
  const nap = (MOST_ENERGY - energy) * STEPS_PER_ENERGY + 2;
  const wantsNap = !scene.has('wake_up') && (best === undefined || best.cost > nap);
  const isIdle = best === undefined;
  if (!isTired && !isWeak && !wantsNap && !isIdle && !isNight) return undefined;
  const why = isTired ? 'I am tired' : isWeak ? 'I am hurt' : isNight ? 'It is night' : 'I have time to rest';
  const sleepHere = energy < MOST_ENERGY ? sleepNow() : 'harmed';
  if (sleepHere === 'safe') return sleep(`${why}, and nobody can harm me here: I sleep.`);
  if (sleepHere === 'awake at once')
    return { goal: 'lie down', action: 'sleep', reason: `${why}: I lie down, but am too startled to sleep.` };
  if (isSheltered(scene)) {
    if (isIdle || isWeak || isNight) return { goal: 'rest', action: 'noop', reason: `${why}: I stay in my shelter.` };
    return undefined;
  }
  if (!isTired && !isWeak && !isIdle && !isNight) return undefined;
  // By day one waits beside a plant rather than go away from it.
  if (!isTired && !isWeak && !isNight && wantsHarvest(scene)) return undefined;
  const goal = shelter(scene, why);
  return goal === undefined ? undefined : asDecision(goal);
}
