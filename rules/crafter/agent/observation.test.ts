import test from 'ava';
import { Crafter } from '../sim/crafter.js';
import { STONE, TREE } from '../sim/materials.js';
import { NOTHING_YET, advance, isOver, observe, observeImage } from './observation.js';

test('an observation is what is there after the action', (t) => {
  const game = new Crafter({ seed: 1, area: [20, 30], length: 50 });
  game.reset();
  const { world, player } = game;
  for (const entity of world.entities.slice(1)) world.remove(entity);
  world.setMaterial(player.x + 1, player.y, TREE);
  const before = observe(game, NOTHING_YET);
  t.like(before, { num_steps_taken: 0, max_steps_episode: 50, error_info: null, reward_last_step: 0 });
  t.false('tool_error' in before);
  t.deepEqual(before.player_direction, [0, 1]);
  const turned = advance(NOTHING_YET, game.step('move_right'));
  const collected = advance(turned, game.step('do'));
  const after = observe(game, collected);
  t.like(after, { num_steps_taken: 2, player_position: [10, 15], player_direction: [1, 0] });
  t.is(after.inventory['wood'], 1);
  t.is(Object.keys(after.inventory).length, 16);
  t.deepEqual(
    Object.entries(after.achievements_status).filter(([, reached]) => reached),
    [['collect_wood', true]],
  );
  t.is(Object.keys(after.achievements_status).length, 22);
});

test('maps are indexed by x and then y, the patch around the player by row and then column', (t) => {
  const game = new Crafter({ seed: 1, area: [20, 30] });
  game.reset();
  const { world, player } = game;
  for (const entity of world.entities.slice(1)) world.remove(entity);
  world.move(player, 1, 28);
  world.setMaterial(3, 27, STONE);
  const { semantic_map: seen, world_material_map: ground, semantic_map_patch7: patch } = observe(game, NOTHING_YET);
  t.deepEqual([seen.length, seen[0]?.length, ground.length, ground[0]?.length], [20, 30, 20, 30]);
  t.is(seen[1]?.[28], 13);
  t.is(ground[1]?.[28], world.material(1, 28));
  t.is(seen[3]?.[27], STONE);
  t.deepEqual([patch.length, ...new Set(patch.map((row) => row.length))], [7, 7]);
  t.is(patch[3]?.[3], 13);
  t.is(patch[2]?.[5], STONE);
  // Two columns lie beyond the left border, two rows beyond the lower one.
  for (const row of patch) t.deepEqual(row.slice(0, 2), [0, 0]);
  for (const row of patch.slice(5)) t.deepEqual(row, [0, 0, 0, 0, 0, 0, 0]);
  t.true(patch.slice(0, 5).every((row) => row.slice(2).every((id) => id > 0)));
});

test('rewards are of a step and summed once; death terminates, the last step truncates', (t) => {
  const outcome = { reward: 1, fullReward: 1, done: false, discount: 1, unlocked: [], frame: null } as const;
  const one = advance(NOTHING_YET, outcome);
  const two = advance(one, { ...outcome, reward: 0.5 });
  const three = advance(two, { ...outcome, reward: 0, done: true });
  t.like(one, { lastReward: 1, totalReward: 1 });
  t.like(two, { lastReward: 0.5, totalReward: 1.5 });
  t.deepEqual(three, { lastReward: 0, totalReward: 1.5, terminated: false, truncated: true });
  t.deepEqual([one, two, three].map(isOver), [false, false, true]);
  const dead = advance(two, { ...outcome, reward: -0.2, done: true, discount: 0 });
  t.deepEqual(dead, { lastReward: -0.2, totalReward: 1.3, terminated: true, truncated: false });
  t.true(isOver(dead));
});

test('the picture comes as base64 and as the address made of it', (t) => {
  t.deepEqual(observeImage(Uint8Array.of(1, 2, 3), 8, 4), {
    observation_image_base64: 'AQID',
    observation_image_format: 'png',
    observation_image_width: 8,
    observation_image_height: 4,
    observation_image_data_url: 'data:image/png;base64,AQID',
  });
});
