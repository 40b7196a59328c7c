import test from 'ava';
import { observationText } from './observation-text.js';

/** A 64 x 64 map, `[x][y]`, all of one tile but for some. */
function mapOf(base: number, tiles: Readonly<Record<string, number>> = {}): number[][] {
  const map = Array.from({ length: 64 }, () => new Array<number>(64).fill(base));
  for (const [place, tile] of Object.entries(tiles)) {
    const [x = 0, y = 0] = place.split(',').map(Number);
    const column = map[x];
    if (column !== undefined) column[y] = tile;
  }
  return map;
}

test('an observation in words, rows from top to bottom', (t) => {
  const text = observationText({
    num_steps_taken: 12,
    max_steps_episode: 256,
    player_position: [33, 31],
    player_direction: [1, 0],
    inventory: { wood: 2, health: 8, food: 8, drink: 9, energy: 9, stone: 0 },
    achievements_status: { place_table: false, collect_wood: true },
    semantic_map: mapOf(2, {
      ...{ '33,29': 6, '34,29': 6, '34,30': 6, '31,31': 5, '34,31': 6 },
      ...{ '31,32': 5, '32,32': 1, '31,33': 1, '32,33': 1, '33,31': 13 },
    }),
  });
  t.is(
    text,
    `Crafter state
Step: 12/256
Health: 8
Position: [33, 31]
Facing: [1, 0]
Inventory: food:8, drink:9, energy:9, wood:2
Achievements: collect_wood
Nearby (5x5):
grass grass tree tree grass
grass grass grass tree grass
sand grass player tree grass
sand water grass grass grass
water water grass grass grass

Pick the next actions.`,
  );
});

test('what is missing is replaced, what is outside is void, what is unknown is a number', (t) => {
  t.is(observationText({}), '');
  const lines = observationText({ health: 3 }, 7).split('\n');
  t.deepEqual(lines.slice(1, 3), ['Step: 7/100', 'Health: 3']);
  t.true(lines.includes('Inventory: empty'));
  t.true(lines.includes('Achievements: none'));
  t.true(lines.includes('no map'));
  const corner = observationText({
    player_position: [0, 0],
    semantic_map: mapOf(14, { '1,0': 99, '0,1': 18, '2,2': 0 }),
  }).split('\n');
  t.deepEqual(corner.slice(8, 13), [
    'void void void void void',
    'void void void void void',
    'void void player 99 cow',
    'void void plant cow cow',
    'void void cow cow none',
  ]);
});
