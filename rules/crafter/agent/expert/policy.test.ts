import test from 'ava';
import { Crafter } from '../../sim/crafter.js';
import { type AchievementName, ITEMS } from '../../sim/rules.js';
import { PLANT } from '../../sim/entity.js';
import { GRASS, STONE } from '../../sim/materials.js';
import { stateText } from '../../sim/testing.js';
import { SYSTEM_PROMPT } from '../prompt.js';
import { actionsOf, toolCallsOf } from '../reply-parsing.js';
import { decide } from './decide.js';
import { expertPolicy } from './policy.js';
import { sceneOf } from './scene.js';
import { isSheltered } from './shelter.js';

/** Plays an episode: what was achieved, the reasons that were given, and how often one said sleep where none came. */
async function play(seed: number, length: number) {
  const game = new Crafter({ seed, length });
  game.reset();
  const policy = expertPolicy();
  const achieved = new Set<AchievementName>();
  const reasons: string[] = [];
  let dishonest = 0;
  for (let turn = 0, done = false; !done; turn++) {
    const before = stateText(game);
    const { signal } = new AbortController();
    const { response } = await policy.answer({ turn, system: SYSTEM_PROMPT, user: '', game, lastStep: length, signal });
    if (stateText(game) !== before) throw new Error('the game was changed by thinking about it');
    const [{ message }] = (response as { choices: [{ message: { content: string } }] }).choices;
    reasons.push(message.content);
    for (const action of actionsOf(toolCallsOf(response), () => undefined)) {
      const outcome = game.step(action);
      const isAwake = !game.sleeping && !outcome.done && game.inventory().energy < 9;
      if (action === 'sleep' && isAwake && !message.content.includes('too startled')) dishonest++;
      for (const name of outcome.unlocked) achieved.add(name);
      done = outcome.done;
      if (done) break;
    }
  }
  return { achieved, reasons, dishonest, health: game.inventory().health };
}

test('the expert plays well within 100 steps and stays alive', async (t) => {
  const games = [];
  for (let seed = 0; seed < 6; seed++) games.push(await play(seed, 100));
  for (const { reasons, health } of games) {
    t.true(health > 0);
    t.true(reasons.every((reason) => reason.endsWith('.')));
  }
  const mean = games.reduce((sum, { achieved }) => sum + achieved.size, 0) / games.length;
  t.true(mean >= 10, `${mean} achievements`);
});

test('the expert says so where it lies down and sleep does not come', async (t) => {
  for (const seed of [20, 21, 22]) t.is((await play(seed, 250)).dishonest, 0, `seed ${seed}`);
});

test('a tired expert digs in, closes the entrance and sleeps where nobody can come', (t) => {
  const game = new Crafter({ seed: 1, length: null });
  game.reset();
  const { world, player } = game;
  for (const entity of world.entities.slice(1)) world.remove(entity);
  for (let x = 0; x < 64; x++) for (let y = 0; y < 64; y++) world.setMaterial(x, y, x < 30 ? STONE : GRASS);
  for (const [item, amount] of Object.entries({ wood_pickaxe: 1, energy: 2, food: 9, drink: 9 }))
    player.items[ITEMS.indexOf(item as 'energy')] = amount;
  const isSafe = () => isSheltered(sceneOf(game));
  for (let step = 0; step < 60 && !player.sleeping; step++)
    game.step(decide(game, undefined, () => (isSafe() ? 'safe' : 'harmed')).action);
  t.true(player.sleeping);
  t.true(isSafe());
  t.is(game.achievements().place_stone, 1);
  t.true(player.x < 30);
});

test('a patient expert plants the sapling, fences it with stones and leaves the fence alone', (t) => {
  const game = new Crafter({ seed: 1, length: null });
  game.reset();
  const { world, player } = game;
  for (const entity of world.entities.slice(1)) world.remove(entity);
  for (let x = 0; x < 64; x++) for (let y = 0; y < 64; y++) world.setMaterial(x, y, GRASS);
  for (const [item, amount] of Object.entries({ wood_pickaxe: 1, sapling: 1, stone: 6 }))
    player.items[ITEMS.indexOf(item as 'stone')] = amount;
  const isFenced = () => {
    const plant = world.entities.find(({ kind }) => kind === PLANT);
    return (
      plant !== undefined &&
      [-1, 1].every(
        (side) =>
          world.material(plant.x + side, plant.y) === STONE && world.material(plant.x, plant.y + side) === STONE,
      )
    );
  };
  for (let step = 0; step < 60 && !isFenced(); step++) game.step(decide(game, undefined, () => 'harmed').action);
  t.true(isFenced());
  t.is(player.amount('stone'), 2);
  for (let step = 0; step < 30; step++) game.step(decide(game, undefined, () => 'harmed').action);
  t.true(isFenced());
});
