import test from 'ava';
import { Crafter } from './crafter.js';
import { KIND_NAMES } from './entity.js';
import { MATERIALS } from './materials.js';
import { fixture, objectText, sha256 } from './testing.js';

interface KnownWorld {
  seed: number | string;
  episode: number;
  area: [number, number];
  materials: string;
  counts: Record<string, number>;
  objects: Record<string, number>;
  objectList: string;
  chunkOrder: [number, number][];
  nextWord: number;
  map?: string[];
  objectText?: string;
}
const { worlds } = fixture('worlds.json') as { worlds: readonly KnownWorld[] };

function countBy<T>(items: Iterable<T>, nameOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
}
const nonZero = (counts: Record<string, number>) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));

for (const known of worlds)
  test(`the world of seed ${known.seed}, episode ${known.episode}, ${known.area.join('x')} cells`, (t) => {
    const game = new Crafter({ seed: BigInt(known.seed), area: known.area });
    for (let episode = 0; episode < known.episode; episode++) game.reset();
    const materials = game.materials();
    const [width, height] = known.area;
    if (known.map !== undefined) {
      const rows = Array.from({ length: width }, (_, x) =>
        Array.from(materials.subarray(x * height, (x + 1) * height), (id) => id.toString(16)).join(''),
      );
      t.deepEqual(rows, known.map);
    }
    if (known.objectText !== undefined) t.is(objectText(game), known.objectText);
    t.deepEqual(
      countBy(materials, (id) => MATERIALS[id] ?? ''),
      nonZero(known.counts),
    );
    t.deepEqual(
      countBy(game.world.entities, ({ kind }) => KIND_NAMES[kind] ?? ''),
      nonZero(known.objects),
    );
    t.is(sha256(materials), known.materials);
    t.is(sha256(objectText(game)), known.objectList);
    t.deepEqual(
      game.world.visitedChunks.map(({ xMin, yMin }) => [xMin, yMin]),
      known.chunkOrder,
    );
    t.is(game.world.random.peek(), known.nextWord);
  });
