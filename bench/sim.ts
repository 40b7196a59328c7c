/**
 * How fast the simulator is, on one thread: best and median of interleaved runs. Where `python3` has the published
 * package, that runs in between.
 *
 *     node scripts/build.mjs --tests && node build/bench/sim.js [ROUNDS]
 *
 * Random play: any action, each as likely, and a new episode after each death; its reset counts. Long life: the same
 * actions of a player who is made whole before each, so that the days go on; it includes nights, which cost most.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { encodePng } from '../rules/crafter/agent/png.js';
import { ownTextures } from '../rules/crafter/art/textures.js';
import { Crafter } from '../rules/crafter/sim/crafter.js';
import { MersenneTwister } from '../rules/crafter/sim/mt19937.js';
import { ACTIONS, ITEMS, MOST_OF_AN_ITEM } from '../rules/crafter/sim/rules.js';

interface Contest {
  readonly name: string;
  readonly unit: string;
  /** How much is done in a run. */
  readonly count: number;
  /** Does that much. */
  readonly run: (count: number) => Promise<void> | void;
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
    run: player(64, { livesLong: false, pictures: true }),
    python: { name: 'frames-64-random', count: 600 },
  },
  {
    name: '64x64 frames, long life',
    unit: 'steps',
    count: 20 * DAY,
    run: player(64, { livesLong: true, pictures: true }),
  },
  {
    name: 'state only, random play',
    unit: 'steps',
    count: 20_000,
    run: player(64, { livesLong: false, pictures: false }),
  },
  {
    name: 'state only, long life',
    unit: 'steps',
    count: 100 * DAY,
    run: player(64, { livesLong: true, pictures: false }),
  },
  {
    name: '512x512 frames, long life',
    unit: 'steps',
    count: DAY,
    run: player(512, { livesLong: true, pictures: true }),
    python: { name: 'frames-512-long', count: DAY },
  },
  { name: 'resets', unit: 'resets', count: 200, run: resets(), python: { name: 'resets', count: 5 } },
  { name: '64x64 PNG frames', unit: 'frames', count: 1000, run: pngFrames(64) },
  { name: '512x512 PNG frames', unit: 'frames', count: 60, run: pngFrames(512) },
];

const script = fileURLToPath(new URL('../../bench/sim-python.py', import.meta.url));

function python(args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('python3', args, { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

const rounds = Number(process.argv[2] ?? 5);
const hasPython = python(['-c', 'import crafter']) !== undefined;
const ours = CONTESTS.map((): number[] => []);
const theirs = CONTESTS.map((): number[] => []);
for (const { run, count } of CONTESTS) await run(Math.ceil(count / 4));
for (let round = 0; round < rounds; round++)
  for (const [i, { run, count, python: other }] of CONTESTS.entries()) {
    const start = performance.now();
    await run(count);
    ours[i]?.push((1000 * count) / (performance.now() - start));
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
for (const [i, { name, unit }] of CONTESTS.entries()) {
  const rates = ours[i] ?? [];
  const other = theirs[i] ?? [];
  const comparison =
    other.length === 0
      ? ''
      : `; Python best ${shown(best(other))}, median ${shown(median(other))}: ${(median(rates) / median(other)).toFixed(0)} times`;
  console.log(
    `  ${name.padEnd(26)} best ${shown(best(rates)).padStart(7)} ${unit}/s, median ${shown(median(rates)).padStart(7)}${comparison}`,
  );
}
