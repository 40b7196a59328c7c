import test from 'ava';
import { Crafter } from './crafter.js';
import { ACTIONS } from './rules.js';
import { sha256, stateText, syntheticTextures } from './testing.js';
import { resize } from './texture.js';

/** A fixed sequence of all kinds of actions. */
const actionAt = (step: number) => ACTIONS[(step * 7 + (step >> 3)) % ACTIONS.length] ?? 'noop';

test('a snapshot restores everything, night and chunks included', async (t) => {
  const textures = await syntheticTextures();
  const game = new Crafter({ seed: 3, textures });
  game.reset();
  for (let step = 0; step < 145; step++) game.step(actionAt(step));
  const state = structuredClone(game.snapshot());
  const play = (player: Crafter): string[] =>
    Array.from({ length: 80 }, (_, i) => {
      const { reward, done, frame } = player.step(actionAt(i + 3));
      return `${stateText(player)} ${reward} ${done} ${sha256(frame?.data ?? '')}`;
    });
  const first = play(game);
  game.restore(state);
  t.deepEqual(play(game), first);
  const other = new Crafter({ seed: 99, textures });
  other.restore(state);
  t.deepEqual(play(other), first);
  // The second has as many cells.
  for (const area of [
    [32, 32],
    [32, 128],
  ] as const)
    t.throws(() => new Crafter({ seed: 1, area }).restore(state), { instanceOf: RangeError });
});

test('a snapshot of a sleeper by night is one: it dreams on in the same way', (t) => {
  const game = new Crafter({ seed: 4 });
  game.reset();
  for (let step = 0; step < 200; step++) {
    // Not whole: a sleeper wakes who has less health than a step ago.
    game.player.health = 5;
    game.player.lastHealth = 5;
    game.step(step < 170 ? 'noop' : 'sleep');
  }
  t.true(game.sleeping);
  t.true(game.daylight < 0.5);
  const state = structuredClone(game.snapshot());
  const dream = (player: Crafter): string[] =>
    Array.from({ length: 120 }, () => `${player.step('noop').reward} ${stateText(player)}`);
  const other = new Crafter({ seed: 8 });
  other.restore(state);
  t.deepEqual(dream(other), dream(game));
});

test('without pictures the same happens, by day and by night', async (t) => {
  const textures = await syntheticTextures();
  for (const size of [
    [64, 64],
    [100, 93],
  ] as const) {
    // prettier-ignore
    const seen = new Crafter({ seed: 5, size, textures });
    const unseen = new Crafter({ seed: 5, size });
    const sometimes = new Crafter({ seed: 5, size, textures });
    t.not(seen.reset(), null);
    t.is(unseen.reset(), null);
    t.is(sometimes.reset(false), null);
    for (let step = 0; step < 200; step++) {
      const { frame } = seen.step(actionAt(step));
      t.is(unseen.step(actionAt(step)).frame, null);
      const third = sometimes.step(actionAt(step), step % 3 === 0).frame;
      if (third !== null) t.deepEqual(third.data, frame?.data ?? new Uint8Array());
    }
    t.is(stateText(unseen), stateText(seen));
    t.is(stateText(sometimes), stateText(seen));
  }
});

test('creatures stay in balance over a long life in a world that is not square', (t) => {
  const game = new Crafter({ seed: 12, area: [40, 52], length: null });
  game.reset();
  for (let step = 0; step < 3000; step++) {
    game.player.health = 9;
    game.step(actionAt(step));
    const { entities, visitedChunks } = game.world;
    if (step % 500 !== 0) continue;
    t.is(
      visitedChunks.reduce((sum, { members }) => sum + members.length, 0),
      entities.length,
    );
    for (const chunk of visitedChunks) {
      const cells = new Int32Array(13);
      for (let x = chunk.xMin; x < chunk.xMax; x++)
        for (let y = chunk.yMin; y < chunk.yMax; y++) {
          const material = game.world.material(x, y);
          cells[material] = (cells[material] ?? 0) + 1;
        }
      t.deepEqual(chunk.cells, cells);
      for (const entity of chunk.members) t.is(entity.chunk, chunk);
    }
    t.true(entities.length < 150);
  }
});

test('what cannot be is refused at once', async (t) => {
  const refuses = (options: object, message: RegExp) =>
    t.throws(() => new Crafter({ seed: 1, ...options }), { instanceOf: RangeError, message });
  refuses({ size: [17, 64] }, /17x64 pixels is too small/);
  refuses({ view: [9, 2] }, /no room for the world/);
  refuses({ view: [4, 4] }, /no room for the world/);
  refuses({ area: [0, 5] }, /0x5/);
  refuses({ length: 0 }, /0 steps/);
  refuses({ seed: 0.5 }, /./);
  const textures = await syntheticTextures();
  textures.delete('cow');
  refuses({ textures }, /missing: cow$/);
  t.throws(() => new Crafter({ seed: 1 }).step('noop'), { message: /not reset/ });
  const game = new Crafter({ seed: 1 });
  game.reset();
  const before = stateText(game);
  t.throws(() => game.step('fly' as 'noop'), { instanceOf: RangeError, message: /unknown action: fly/ });
  t.is(stateText(game), before);
  t.is(game.steps, 0);
});

test('a view may have an even width, and be other than square', async (t) => {
  const textures = await syntheticTextures();
  const game = new Crafter({ seed: 2, view: [6, 8], size: [64, 72], textures });
  const frame = game.reset();
  const { materials } = game.world;
  const [x, y] = game.position;
  // Cells are 10 x 9 pixels; the world's part is 6 x 5 cells from (2, 0); the player is in column 3, row 2.
  const corner = { x: x - 3, y: y - 2 };
  const names = ['', 'water', 'grass', 'stone', 'path', 'sand', 'tree', 'lava', 'coal', 'iron', 'diamond'];
  const name = names[materials[corner.x * 64 + corner.y] ?? 0] ?? '';
  t.is(game.world.entity(corner.x, corner.y), null);
  const texture = textures.get(name);
  if (texture === undefined || frame === null) return t.fail();
  const scaled = resize(texture, 10, 9);
  const [red = 0, green = 0, blue = 0] = scaled.data;
  // Step 0 has daylight 0.797, which fades colours a little.
  const grey = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
  const dusk = 0.5 * Math.floor((3 * grey + 2 * red) / 5);
  t.is(frame.data[2 * 3], Math.trunc(game.daylight * red + (1 - game.daylight) * dusk));
});
