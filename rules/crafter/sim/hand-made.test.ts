/** Facts that no recorded game reaches, from states made by hand on an empty meadow. */
import test from 'ava';
import { Crafter } from './crafter.js';
import { DOWN, LEFT, RIGHT, UP } from './direction.js';
import { ARROW, COW, Entity, PLANT, SKELETON, ZOMBIE } from './entity.js';
import { COAL, DIAMOND, FURNACE, GRASS, IRON, LAVA, PATH, SAND, STONE, TABLE, TREE, WATER } from './materials.js';
import { type ActionName, ITEMS, type ItemName } from './rules.js';

/** A world of grass with nobody but the player, who faces right. */
function meadow(options: { area?: [number, number]; view?: [number, number]; at?: [number, number] } = {}): Crafter {
  const { area = [64, 64], view = [9, 9] } = options;
  const game = new Crafter({ seed: 1, area, view });
  game.reset();
  const { world, player } = game;
  for (const entity of world.entities.slice(1)) world.remove(entity);
  for (let x = 0; x < area[0]; x++) for (let y = 0; y < area[1]; y++) world.setMaterial(x, y, GRASS);
  const [x, y] = options.at ?? [player.x, player.y];
  world.move(player, x, y);
  player.facing = RIGHT;
  return game;
}

function give(game: Crafter, items: Partial<Record<ItemName, number>>): void {
  for (const [item, amount] of Object.entries(items)) game.player.items[ITEMS.indexOf(item as ItemName)] = amount;
}

function put(game: Crafter, kind: number, dx: number, dy: number, facing = DOWN): Entity {
  const entity = new Entity(kind, game.player.x + dx, game.player.y + dy, facing);
  game.world.add(entity);
  return entity;
}

/** Sets the material at an offset from the player. */
const lay = (game: Crafter, dx: number, dy: number, material: number): void =>
  game.world.setMaterial(game.player.x + dx, game.player.y + dy, material);
const at = (game: Crafter, dx: number, dy: number): number =>
  game.world.material(game.player.x + dx, game.player.y + dy);

/** Makes the generator give these doubles next, and then go on as it was. */
function rig(game: Crafter, ...doubles: number[]): void {
  const { random } = game.world;
  const uniform = random.uniform.bind(random);
  random.uniform = () => doubles.shift() ?? uniform();
}

function wordsTaken(game: Crafter, act: () => void): number {
  const before = game.world.random.snapshot();
  act();
  const target = game.world.random.snapshot();
  game.world.random.restore(before);
  let words = 0;
  for (; words < 100; words++) {
    const now = game.world.random.snapshot();
    if (now.index === target.index && now.key.every((word, i) => word === target.key[i])) break;
    game.world.random.word();
  }
  game.world.random.restore(target);
  return words;
}

// ---- making and placing ----

test('a table serves from one cell away, diagonals included, not from two', (t) => {
  for (const [dx, dy, works] of [
    [1, 1, true],
    [0, -1, true],
    [2, 0, false],
    [-2, 1, false],
  ] as const) {
    const game = meadow();
    give(game, { wood: 1 });
    lay(game, dx, dy, TABLE);
    game.step('make_wood_pickaxe');
    t.is(game.inventory().wood_pickaxe, works ? 1 : 0, `${dx},${dy}`);
  }
});

test('nothing can be made at the left and top borders, but at the right and bottom ones', (t) => {
  for (const [x, y, works] of [
    [0, 30, false],
    [30, 0, false],
    [1, 30, true],
    [63, 30, true],
    [30, 63, true],
  ] as const) {
    const game = meadow({ at: [x, y] });
    give(game, { wood: 1 });
    game.world.setMaterial(x === 63 ? 62 : x + 1, y, TABLE);
    game.step('make_wood_sword');
    t.is(game.inventory().wood_sword, works ? 1 : 0, `${x},${y}`);
  }
});

test('tools need every ingredient, and the iron ones a furnace too', (t) => {
  const tools: [ActionName, ItemName, Partial<Record<ItemName, number>>, boolean][] = [
    ['make_wood_pickaxe', 'wood_pickaxe', { wood: 1 }, false],
    ['make_stone_pickaxe', 'stone_pickaxe', { wood: 1, stone: 1 }, false],
    ['make_iron_pickaxe', 'iron_pickaxe', { wood: 1, coal: 1, iron: 1 }, true],
    ['make_wood_sword', 'wood_sword', { wood: 1 }, false],
    ['make_stone_sword', 'stone_sword', { wood: 1, stone: 1 }, false],
    ['make_iron_sword', 'iron_sword', { wood: 1, coal: 1, iron: 1 }, true],
  ];
  for (const [action, tool, uses, furnace] of tools) {
    const make = (items: Partial<Record<ItemName, number>>, nearby: number[]) => {
      const game = meadow();
      give(game, items);
      nearby.forEach((material, i) => {
        lay(game, -1, i, material);
      });
      game.step(action);
      return game.inventory();
    };
    const made = make(uses, [TABLE, FURNACE]);
    t.is(made[tool], 1);
    for (const item of Object.keys(uses) as ItemName[]) {
      t.is(made[item], 0);
      const without = make({ ...uses, [item]: 0 }, [TABLE, FURNACE]);
      t.is(without[tool], 0, `${tool} without ${item}`);
      for (const other of Object.keys(uses) as ItemName[]) t.is(without[other], other === item ? 0 : 1);
    }
    t.is(make(uses, [TABLE])[tool], furnace ? 0 : 1, `${tool} without a furnace`);
    t.is(make(uses, [FURNACE])[tool], 0, `${tool} without a table`);
  }
});

test('a table takes 2 wood, a furnace 4 stone, and less is not enough', (t) => {
  for (const [action, item, amount, material] of [
    ['place_table', 'wood', 2, TABLE],
    ['place_furnace', 'stone', 4, FURNACE],
    ['place_stone', 'stone', 1, STONE],
  ] as const) {
    const game = meadow();
    give(game, { [item]: amount - 1 });
    game.step(action);
    t.is(at(game, 1, 0), GRASS);
    t.is(game.inventory()[item], amount - 1);
    give(game, { [item]: amount });
    game.step(action);
    t.is(at(game, 1, 0), material);
    t.is(game.inventory()[item], 0);
    t.is(game.achievements()[action], 1);
  }
});

test('things are placed on the right ground only, and never on an object', (t) => {
  const allowed: Record<string, number[]> = {
    place_stone: [GRASS, SAND, PATH, WATER, LAVA],
    place_table: [GRASS, SAND, PATH],
    place_furnace: [GRASS, SAND, PATH],
    place_plant: [GRASS],
  };
  for (const [action, grounds] of Object.entries(allowed))
    for (const ground of [WATER, GRASS, STONE, PATH, SAND, TREE, LAVA, COAL, IRON, DIAMOND, TABLE, FURNACE])
      for (const occupied of [false, true]) {
        const game = meadow();
        give(game, { sapling: 9, wood: 9, stone: 9 });
        lay(game, 1, 0, ground);
        if (occupied) put(game, PLANT, 1, 0);
        game.step(action as ActionName);
        const placed = game.achievements()[action as 'place_stone'] === 1;
        t.is(placed, grounds.includes(ground) && !occupied, `${action} on ${ground}`);
      }
});

// ---- collecting ----

test('stone and coal need the wood pickaxe, iron the stone one, diamond the iron one', (t) => {
  for (const [material, item, tool] of [
    [STONE, 'stone', 'wood_pickaxe'],
    [COAL, 'coal', 'wood_pickaxe'],
    [IRON, 'iron', 'stone_pickaxe'],
    [DIAMOND, 'diamond', 'iron_pickaxe'],
  ] as const)
    for (const owned of ['wood_pickaxe', 'stone_pickaxe', 'iron_pickaxe'] as const) {
      const game = meadow();
      give(game, { [owned]: 1 });
      lay(game, 1, 0, material);
      const words = wordsTaken(game, () => game.step('do'));
      t.is(game.inventory()[item], owned === tool ? 1 : 0, `${item} with ${owned}`);
      t.is(at(game, 1, 0), owned === tool ? PATH : material);
      t.is(words, owned === tool ? 2 : 0);
    }
});

test('a sapling comes from one tenth of the tries, the border included', (t) => {
  for (const [draw, found] of [
    [0.1, 1],
    [0.1000001, 0],
  ] as const) {
    const game = meadow();
    rig(game, draw);
    game.step('do');
    t.is(game.inventory().sapling, found);
    t.is(game.achievements().collect_sapling, found);
  }
});

test('the world ends at its border: nothing to face, to do or to place there', (t) => {
  const game = meadow({ at: [63, 63] });
  give(game, { stone: 1, sapling: 1, wood: 9 });
  for (const action of ['do', 'place_stone', 'place_plant', 'place_table', 'move_right', 'move_down', 'do'] as const)
    game.step(action);
  t.deepEqual(game.position, [63, 63]);
  t.is(game.inventory().stone, 1);
});

// ---- fighting ----

test('damage is 1, 2, 3 and 5 by the best sword', (t) => {
  for (const [sword, damage] of [
    [undefined, 1],
    ['wood_sword', 2],
    ['stone_sword', 3],
    ['iron_sword', 5],
  ] as const) {
    const game = meadow();
    if (sword !== undefined) give(game, { wood_sword: 1, [sword]: 1 });
    if (sword === 'iron_sword') give(game, { stone_sword: 1 });
    const zombie = put(game, ZOMBIE, 1, 0);
    game.step('do');
    t.is(zombie.health, 5 - damage);
    t.is(game.achievements().defeat_zombie, damage === 5 ? 1 : 0);
    t.is(zombie.removed, damage === 5);
  }
});

test('a zombie that dies still bites, a sleeper harder', (t) => {
  const game = meadow();
  give(game, { iron_sword: 1 });
  put(game, ZOMBIE, 1, 0);
  game.step('do');
  t.is(game.inventory().health, 7);

  const asleep = meadow();
  give(asleep, { energy: 3 });
  put(asleep, ZOMBIE, 1, 0);
  asleep.step('sleep');
  t.is(asleep.inventory().health, 2);
  t.true(asleep.sleeping);
  asleep.step('noop');
  t.false(asleep.sleeping);
  t.is(asleep.achievements().wake_up, 0);
});

test('a skeleton shoots in the very step in which it dies', (t) => {
  const game = meadow();
  give(game, { iron_sword: 1 });
  const skeleton = put(game, SKELETON, 1, 0);
  // It wants to get away but its cell to the right is taken, so it shoots: to the left, where the player stands, is
  // no room; so the player is two cells off and the blow is struck by hand.
  game.world.move(game.player, game.player.x - 1, game.player.y);
  skeleton.health = 0;
  lay(game, 3, 0, STONE);
  rig(game, 0.5, 0.4);
  game.step('noop');
  t.true(skeleton.removed);
  const arrow = game.world.entities.find(({ kind }) => kind === ARROW);
  t.deepEqual([arrow?.x, arrow?.y, arrow?.facing], [skeleton.x - 1, skeleton.y, LEFT]);
  t.is(skeleton.timer, 4);
});

// ---- arrows and plants ----

test('an arrow flies over water and lava, breaks tables and furnaces, and hurts what it meets by 2', (t) => {
  for (const [material, becomes] of [
    [TABLE, PATH],
    [FURNACE, PATH],
    [STONE, STONE],
    [TREE, TREE],
    [COAL, COAL],
  ] as const) {
    const game = meadow();
    lay(game, 3, 0, material);
    const arrow = put(game, ARROW, 2, 0, RIGHT);
    game.step('noop');
    t.true(arrow.removed);
    t.is(at(game, 3, 0), becomes);
  }
  for (const material of [WATER, LAVA, PATH, SAND]) {
    const game = meadow();
    lay(game, 3, 0, material);
    const arrow = put(game, ARROW, 2, 0, RIGHT);
    game.step('noop');
    t.false(arrow.removed);
    t.is(arrow.x, game.player.x + 3);
  }
  const game = meadow();
  const zombie = put(game, ZOMBIE, -5, 0);
  rig(game, 0.95);
  zombie.timer = 9;
  const plant = put(game, PLANT, 4, 4);
  put(game, ARROW, 4, 3, DOWN);
  put(game, ARROW, 1, 0, LEFT);
  game.step('noop');
  t.is(game.inventory().health, 7);
  t.is(plant.health, 0);
  t.false(plant.removed, 'a plant goes in its own update');
  game.step('noop');
  t.true(plant.removed);
});

test('an arrow beyond the border is gone', (t) => {
  for (const [x, y, facing] of [
    [0, 5, LEFT],
    [5, 0, UP],
    [63, 5, RIGHT],
    [5, 63, DOWN],
  ] as const) {
    const game = meadow({ at: [x === 63 ? 60 : 8, y === 63 ? 60 : 8] });
    const arrow = new Entity(ARROW, x, y, facing);
    game.world.add(arrow);
    game.step('noop');
    t.true(arrow.removed);
  }
});

test('a plant is ripe at 301 and not at 300, and feeds by 4', (t) => {
  for (const [age, ripe] of [
    [300, false],
    [301, true],
  ] as const) {
    const game = meadow();
    give(game, { food: 3 });
    const plant = put(game, PLANT, 1, 0);
    plant.timer = age;
    game.step('do');
    t.is(game.inventory().food, ripe ? 7 : 3);
    t.is(game.achievements().eat_plant, ripe ? 1 : 0);
    t.is(plant.timer, ripe ? 1 : 301);
    t.is(plant.health, 1, 'an unripe plant is not harmed');
  }
});

test('a plant at the border grows; a cow beside it eats it', (t) => {
  const game = meadow({ at: [2, 2] });
  const plant = put(game, PLANT, -2, -2);
  game.step('noop');
  t.is(plant.timer, 1);
  game.world.add(new Entity(COW, 1, 0, DOWN));
  rig(game, 0.9);
  game.step('noop');
  t.true(plant.removed);
});

// ---- life ----

test('without energy health falls awake, and rises asleep', (t) => {
  const awake = meadow();
  awake.player.items[3] = 0;
  awake.player.recover = -15;
  awake.step('noop');
  t.is(awake.inventory().health, 8);

  const asleep = meadow();
  asleep.player.items[3] = 0;
  asleep.player.health = 5;
  asleep.player.lastHealth = 5;
  asleep.player.recover = 25;
  asleep.step('sleep');
  t.is(asleep.inventory().health, 6);
});

test('health 0 is the end, but the game can be played on', (t) => {
  const game = meadow();
  lay(game, 1, 0, LAVA);
  const outcome = game.step('move_right');
  t.is(outcome.reward, -0.9);
  t.true(outcome.done);
  t.is(outcome.discount, 0);
  game.player.recover = 25;
  t.false(game.step('noop').done);
});
