import test from 'ava';
import { Crafter } from './crafter.js';
import { ACHIEVEMENTS, ACTIONS, ITEMS } from './rules.js';
import { fixture, sha256, stateDigest } from './testing.js';

interface Moment {
  step: number;
  reward: number;
  done: boolean;
  discount: number;
  inventory: number[];
  achievements: number[];
  pos: [number, number];
  facing: [number, number];
  sleeping: boolean;
  daylight: string;
  semantic: string;
  objects: number;
  nextWord: number;
}
interface Trajectory {
  name: string;
  seed: number;
  episode: number;
  size: [number, number];
  view: [number, number];
  area: [number, number];
  length: number;
  reward: boolean;
  actions: number[];
  extraRenders: [number, [number, number]][];
  rewards: [number, number][];
  digests: string[];
  records: Moment[];
}
const known = fixture('trajectories.json') as {
  items: string[];
  achievements: string[];
  actions: string[];
  trajectories: readonly Trajectory[];
};

test('items, achievements and actions have the order of the published game', (t) => {
  t.deepEqual([...ITEMS], known.items);
  t.deepEqual([...ACHIEVEMENTS], known.achievements);
  t.deepEqual([...ACTIONS], known.actions);
});

for (const trajectory of known.trajectories)
  test(`plays ${trajectory.name} as published`, (t) => {
    const { seed, episode, size, view, area, length, reward } = trajectory;
    const game = new Crafter({ seed, size, view, area, length, reward });
    for (let n = 0; n < episode; n++) game.reset();
    if (stateDigest(game) !== trajectory.digests[0]) return t.fail('another state after reset');
    const rewards = new Map(trajectory.rewards);
    const records = new Map(trajectory.records.map((record) => [record.step, record]));
    for (const [index, id] of trajectory.actions.entries()) {
      const step = index + 1;
      const action = ACTIONS[id];
      if (action === undefined) return t.fail(`action ${id}`);
      const outcome = game.step(action);
      for (const [at, extra] of trajectory.extraRenders) if (at === step) game.render(extra);
      if (stateDigest(game) !== trajectory.digests[step]) return t.fail(`another state after step ${step}`);
      t.is(outcome.reward, rewards.get(step) ?? 0, `step ${step}`);
      const record = records.get(step);
      if (record === undefined) continue;
      t.deepEqual(
        {
          step,
          reward: outcome.reward,
          done: outcome.done,
          discount: outcome.discount,
          inventory: Object.values(game.inventory()),
          achievements: Object.values(game.achievements()),
          pos: [...game.position],
          facing: [...game.facing],
          sleeping: game.sleeping,
          daylight: game.daylight.toFixed(12),
          semantic: sha256(game.semantic()),
          objects: game.world.entities.length,
          nextWord: game.world.random.peek(),
        },
        record,
      );
    }
    t.pass();
  });
