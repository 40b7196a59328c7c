import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { layoutOf } from '../layout.js';
import { MersenneTwister } from '../mt19937.js';
import { PlainPainter } from '../plain-painter.js';
import { KernelPainter } from './painter.js';
import { Pictures } from './pictures.js';

const TILES = 5;

const kernels = Pictures.get() as Pictures;

/** A layout of cells of 2 to 40 pixels a side, with borders. */
const layouts = fc
  .record({
    columns: fc.integer({ min: 1, max: 11 }),
    rows: fc.integer({ min: 1, max: 8 }),
    unitX: fc.integer({ min: 2, max: 40 }),
    unitY: fc.integer({ min: 2, max: 40 }),
    borderX: fc.nat(8),
    borderY: fc.nat(8),
  })
  .map(({ columns, rows, unitX, unitY, borderX, borderY }) => {
    const allRows = rows + Math.ceil(16 / columns);
    const size = [columns * unitX + Math.min(borderX, columns - 1), allRows * unitY + Math.min(borderY, allRows - 1)];
    return layoutOf([columns, allRows], size as [number, number], 16);
  });

/** Twilight on both sides of nightfall, deepest night, full day. */
const daylights = fc.oneof(
  fc.constantFrom(0, 0.4999999999999999, 0.5, 0.8749999999999999, 0.8750000000000002, 1),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

const pictures = fc.record({ daylight: daylights, sleeping: fc.boolean(), cells: fc.array(fc.nat(TILES - 1)) });

test('the kernels paint what the plain painter paints, and draw as often', (t) => {
  fc.assert(
    fc.property(layouts, fc.nat(1000), fc.array(pictures, { minLength: 1, maxLength: 4 }), (layout, drawn, takes) => {
      const { width, height, columns, rows, unitX, unitY } = layout;
      const [plain, fast] = [new PlainPainter(layout), new KernelPainter(layout, kernels)];
      const frames = [plain, fast].map(() => ({ width, height, data: new Uint8Array(width * height * 3) }));
      const randoms = [plain, fast].map(() => new MersenneTwister(drawn));
      for (const random of randoms) for (let i = 0; i < drawn; i++) random.word();
      const colours = new MersenneTwister(unitX);
      for (let i = 0; i < TILES; i++) {
        const tile = Uint8Array.from({ length: unitX * unitY * 3 }, () => colours.integer(0, 256));
        plain.addTile(tile);
        fast.addTile(tile);
      }
      for (const { daylight, sleeping, cells } of takes) {
        const shown = Uint32Array.from({ length: columns * rows }, (_, i) => cells[i % cells.length] ?? 0);
        [plain, fast].forEach((painter, i) => {
          const [frame, random] = [frames[i], randoms[i]];
          if (frame !== undefined && random !== undefined) painter.paint(frame, shown, { daylight, sleeping }, random);
        });
        t.is(Buffer.compare(frames[0]?.data ?? Buffer.of(), frames[1]?.data ?? Buffer.of(1)), 0);
        t.is(randoms[1]?.peek(), randoms[0]?.peek());
      }
    }),
    { numRuns: 150 },
  );
});

test('painters that take turns do not get in one another’s way', (t) => {
  const sizes = [
    [64, 64],
    [200, 150],
    [31, 27],
  ] as const;
  const tileOf = (bytes: number, number: number) =>
    Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + number * 17) % 256);
  const pairs = sizes.map((size) => {
    const layout = layoutOf([9, 9], size, 16);
    const canvas = () => ({ width: size[0], height: size[1], data: new Uint8Array(size[0] * size[1] * 3) });
    return {
      layout,
      painters: [new PlainPainter(layout), new KernelPainter(layout, kernels)],
      frames: [canvas(), canvas()],
      randoms: [new MersenneTwister(1), new MersenneTwister(1)],
    };
  });
  for (let turn = 0; turn < 12; turn++)
    for (const { layout, painters, frames, randoms } of pairs) {
      // A new tile each turn, and the same tiles in another order.
      const cells = Uint32Array.from({ length: 63 }, (_, i) => (i + turn) % (turn + 1));
      painters.forEach((painter, i) => {
        painter.addTile(tileOf(layout.unitX * layout.unitY * 3, turn));
        const [frame, random] = [frames[i], randoms[i]];
        if (frame !== undefined && random !== undefined)
          painter.paint(frame, cells, { daylight: (turn % 4) / 4, sleeping: turn % 3 === 0 }, random);
      });
      t.deepEqual(frames[1], frames[0]);
    }
});

test('where the kernels do not run, the game is the same', (t) => {
  const program = `
    import { Crafter } from ${JSON.stringify(new URL('../crafter.js', import.meta.url))};
    import { Pictures } from ${JSON.stringify(new URL('pictures.js', import.meta.url))};
    import { syntheticTextures } from ${JSON.stringify(new URL('../testing.js', import.meta.url))};
    import { createHash } from 'node:crypto';
    const game = new Crafter({ seed: 1, textures: await syntheticTextures() });
    const seen = createHash('sha256');
    seen.update(game.reset().data);
    for (let step = 1; step <= 170; step++) seen.update(game.step('noop', step % 8 === 0).frame?.data ?? '');
    console.log(seen.digest('hex'), game.world.random.peek());
    console.error(Pictures.get() === null);`;
  const play = (...flags: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    t.is(status, 0, stderr);
    return { stdout, isPlain: stderr.trim() === 'true' };
  };
  const fast = play();
  // The flag changes nothing on processors other than x64.
  const plain = play('--no-enable-sse4-1');
  t.false(fast.isPlain);
  t.is(plain.isPlain, process.arch === 'x64');
  t.is(plain.stdout, fast.stdout);
});
