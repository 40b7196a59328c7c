/**
 * How well the expert plays: the Crafter score over many seeds, and how often each achievement is reached.
 *
 *     node scripts/build.mjs --tests && nice node build/bench/expert.js [--length N] [--seeds FIRST..LAST]
 *
 * An episode is over at its length or at death. One in which all is achieved is not played on: nothing it could still
 * bring counts for the score.
 */
import { expertPolicy } from '../rules/crafter/agent/expert/policy.js';
import { actionsOf, toolCallsOf } from '../rules/crafter/agent/reply-parsing.js';
import { SYSTEM_PROMPT } from '../rules/crafter/agent/prompt.js';
import { crafterScore } from '../rules/crafter/agent/report/score.js';
import { Crafter } from '../rules/crafter/sim/crafter.js';
import { ACHIEVEMENTS, type AchievementName } from '../rules/crafter/sim/rules.js';
import { commandLine } from './command-line.js';

interface Game {
  readonly seed: number;
  readonly achieved: ReadonlySet<AchievementName>;
  readonly steps: number;
  readonly isDead: boolean;
}

async function play(seed: number, length: number): Promise<Game> {
  const game = new Crafter({ seed, length });
  game.reset();
  const policy = expertPolicy();
  const achieved = new Set<AchievementName>();
  const { signal } = new AbortController();
  for (let turn = 0; ; turn++) {
    const { response } = await policy.answer({ turn, system: SYSTEM_PROMPT, user: '', game, lastStep: length, signal });
    for (const action of actionsOf(toolCallsOf(response), () => undefined)) {
      const { unlocked, done, discount } = game.step(action);
      for (const name of unlocked) achieved.add(name);
      if (done || achieved.size === ACHIEVEMENTS.length)
        return { seed, achieved, steps: game.steps, isDead: discount === 0 };
    }
  }
}

const flags = commandLine('[--length N] [--seeds FIRST..LAST]', ['length', 'seeds']);
const length = flags.number('length', 10_000);
const [first = 0, last = first] = (flags.text('seeds') ?? '0..99').split('..').map(Number);
const games: Game[] = [];
for (let seed = first; seed <= last; seed++) {
  const game = await play(seed, length);
  games.push(game);
  const missed = ACHIEVEMENTS.filter((name) => !game.achieved.has(name));
  const ending = missed.length === 0 ? 'all' : game.isDead ? 'death' : 'length';
  console.log(
    `seed ${seed}: ${game.achieved.size}, ${ending} at ${game.steps}${missed.map((name) => ` -${name}`).join('')}`,
  );
}
const rateOf = (name: AchievementName): number =>
  games.filter(({ achieved }) => achieved.has(name)).length / games.length;
for (const name of ACHIEVEMENTS) console.log(`${name.padEnd(20)} ${(100 * rateOf(name)).toFixed(0)} %`);
const mean = games.reduce((sum, { achieved }) => sum + achieved.size, 0) / games.length;
const deaths = games.filter(({ isDead }) => isDead).length;
console.log(
  `${games.length} episodes of at most ${length} steps: score ${crafterScore(ACHIEVEMENTS.map(rateOf)).toFixed(1)} %, ` +
    `${mean.toFixed(2)} achievements an episode, ${deaths} deaths`,
);
