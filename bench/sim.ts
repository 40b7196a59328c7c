/**
 * How fast the simulator is, on one thread: best and median of interleaved runs. Where `python3` has the published
 * package, that runs in between.
 *
 *     node scripts/build.mjs --tests && node build/bench/sim.js [--rounds N]
 *
 * Random play: any action, each as likely, and a new episode after each death; its reset counts. Long life: the same
 * actions of a player who is made whole before each, so that the days go on; it includes nights, which cost most.
 *
 * Rates are per second of processor time (all threads of the process, so garbage collection counts), because other
 * work on the machine disturbs that least; writing PNGs, which waits for other threads, is timed by the clock.
 *
 * At the end 1,000 episodes are played in games of their own, and what they leave in memory is shown.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodePng } from '../rules/crafter/agent/png.js';
import { ownTextures } from '../rules/crafter/art/textures.js';
import { Crafter } from '../rules/crafter/sim/crafter.js';
import { MersenneTwister } from '../rules/crafter/sim/mt19937.js';
import { ACTIONS, ITEMS, MOST_OF_AN_ITEM } from '../rules/crafter/sim/rules.js';
import { commandLine } from './command-line.js';

interface Contest {
  readonly name: string;
  readonly unit: string;
  /** How much is done in a run. */
  readonly count: number;
  /** Does that much. */
  readonly run: (count: number) => Promise<void> | void;
  /** Rates: what must be, and what would be good. */
  readonly goals?: { readonly budget: number; readonly stretch: number };
  /** The contest of sim-python.py, and how much Python does in a run. */
  readonly python?: { readonly name: string; readonly count: number };
}

const NEEDS = ['food', 'drink', 'energy'].map((name) => ITEMS.findIndex((item) => item === name));
const DAY = 300;

/** Steps of random actions; goes on in the next run where it stopped. */
function player(size: number, options: { readonly livesLong: boolean; readonly pictures: boolean }) {
  const game = new Crafter({
    seed: 0,
    size: [size, size],
    length: null,
    ...(options.pictures ? { textures: ownTextures() } : {}),
  });
  const random = new MersenneTwister(0);
  game.reset();
  return (count: number): void => {
    for (let step = 0; step < count; step++) {
      if (options.livesLong) {
        game.player.health = MOST_OF_AN_ITEM;
        for (const item of NEEDS) game.player.items[item] = MOST_OF_AN_ITEM;
      }
      const { done } = game.step(ACTIONS[random.integer(0, ACTIONS.length)] ?? 'noop');
      if (done) game.reset();
    }
  };
}

function resets(): (count: number) => void {
  const game = new Crafter({ seed: 0 });
  return (count) => {
    for (let i = 0; i < count; i++) game.reset();
  };
}

/** Steps a game and writes each of its frames as PNG. */
function pngFrames(size: number): (count: number) => Promise<void> {
  const game = new Crafter({ seed: 0, size: [size, size], length: null, textures: ownTextures() });
  const random = new MersenneTwister(0);
  let frame = game.reset();
  return async (count) => {
    for (let i = 0; i < count; i++) {
      if (frame !== null) await encodePng(frame.data, size, size);
      const outcome = game.step(ACTIONS[random.integer(0, ACTIONS.length)] ?? 'noop');
      frame = outcome.done ? game.reset() : outcome.frame;
    }
  };
}

const CONTESTS: readonly Contest[] = [
  {
    name: '64x64 frames, random play',
    unit: 'steps',
    count: 6000,
    goals: { budget: 20_000, stretch: 60_000 },
    run: player(64, { livesLong: false, pictures: true }),
    python: { name: 'frames-64-random', count: 600 },
  },
  {
    name: '64x64 frames, long life',
    unit: 'steps',
    count: 20 * DAY,
    goals: { budget: 20_000, stretch: 60_000 },
    run: player(64, { livesLong: true, pictures: true }),
  },
  {
    name: 'state only, random play',
    unit: 'steps',
    count: 20_000,
    goals: { budget: 60_000, stretch: 150_000 },
    run: player(64, { livesLong: false, pictures: false }),
  },
  {
    name: 'state only, long life',
    unit: 'steps',
    count: 100 * DAY,
    goals: { budget: 120_000, stretch: 400_000 },
    run: player(64, { livesLong: true, pictures: false }),
  },
  {
    name: '512x512 frames, long life',
    unit: 'steps',
    count: 2 * DAY,
    goals: { budget: 400, stretch: 1200 },
    run: player(512, { livesLong: true, pictures: true }),
    python: { name: 'frames-512-long', count: DAY },
  },
  {
    name: 'resets',
    unit: 'resets',
    count: 200,
    goals: { budget: 500, stretch: 1000 },
    run: resets(),
    python: { name: 'resets', count: 5 },
  },
  { name: '64x64 PNG frames', unit: 'frames', count: 1000, run: pngFrames(64) },
  { name: '512x512 PNG frames', unit: 'frames', count: 60, run: pngFrames(512) },
];

const script = fileURLToPath(new URL('../../bench/sim-python.py', import.meta.url));

function python(args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('python3', args, { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

async function secondsOf(run: Contest['run'], count: number): Promise<number> {
  const start = performance.now();
  const before = process.cpuUsage();
  const pending = run(count);
  const { user, system } = process.cpuUsage(before);
  if (pending === undefined) return (user + system) / 1e6;
  await pending;
  return (performance.now() - start) / 1000;
}

const rounds = commandLine('[--rounds N]', ['rounds']).number('rounds', 5);
const hasPython = python(['-c', 'import crafter']) !== undefined;
const ours = CONTESTS.map((): number[] => []);
const theirs = CONTESTS.map((): number[] => []);
for (const { run, count } of CONTESTS) await run(Math.ceil(count / 4));
for (let round = 0; round < rounds; round++)
  for (const [i, { run, count, python: other }] of CONTESTS.entries()) {
    ours[i]?.push(count / (await secondsOf(run, count)));
    if (!hasPython || other === undefined) continue;
    const seconds = Number(python([script, other.name, String(other.count)]));
    theirs[i]?.push(other.count / seconds);
  }

const best = (rates: readonly number[]): number => Math.max(...rates);
const median = (rates: readonly number[]): number => rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? Number.NaN;
const shown = (rate: number): string => (rate < 100 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en'));
console.log(
  `simulator, one thread, ${rounds} interleaved runs${hasPython ? '' : '; python3 has no crafter to compare with'}`,
);
for (const [i, { name, unit, goals }] of CONTESTS.entries()) {
  const rates = ours[i] ?? [];
  const other = theirs[i] ?? [];
  const aims =
    goals === undefined
      ? ''
      : `; budget ${shown(goals.budget)}: ${(median(rates) / goals.budget).toFixed(1)} times, stretch ${shown(goals.stretch)}: ${(median(rates) / goals.stretch).toFixed(1)} times`;
  const comparison =
    other.length === 0
      ? ''
      : `; Python best ${shown(best(other))}, median ${shown(median(other))}: ${(median(rates) / median(other)).toFixed(0)} times`;
  const milliseconds = unit === 'resets' ? ` (${(1000 / median(rates)).toFixed(2)} ms)` : '';
  console.log(
    `  ${name.padEnd(26)} best ${shown(best(rates)).padStart(7)} ${unit}/s, median ${shown(median(rates)).padStart(7)}${milliseconds}${aims}${comparison}`,
  );
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Plays episodes at random, each in a game of its own. */
function playEpisodes(from: number, to: number): void {
  const textures = ownTextures();
  const random = new MersenneTwister(0);
  for (let seed = from; seed < to; seed++) {
    const game = new Crafter({ seed, textures });
    game.reset();
    while (!game.step(ACTIONS[random.integer(0, ACTIONS.length)] ?? 'noop').done);
  }
}

console.log('memory after episodes, in MiB: V8 heap, buffers outside of it, resident');
let played = 0;
for (const episodes of [100, 250, 500, 750, 1000]) {
  playEpisodes(played, episodes);
  played = episodes;
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  const parts = [heapUsed, external, rss].map((bytes) => (bytes / 2 ** 20).toFixed(1).padStart(6));
  console.log(`  ${String(episodes).padStart(5)} episodes ${parts.join(' ')}`);
}
