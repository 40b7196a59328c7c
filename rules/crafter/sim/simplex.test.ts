import test from 'ava';
import { FullNoiseTable, NoiseMemory, NoiseTable } from './noise-table.js';
import { Gradients, noise } from './simplex.js';
import { fixture } from './testing.js';

type Point = readonly [number, number, number, number];
const known = fixture('simplex.json') as {
  sets: readonly { seed: string; perm: number[]; points: Point[]; lattice?: Point[] }[];
};

test('noise is exact to the last bit, at lattice points too, computed or tabled', (t) => {
  for (const { seed, perm, points, lattice = [] } of known.sets) {
    const gradients = new Gradients(BigInt(seed));
    t.deepEqual([...gradients.permutation], perm);
    const all = [...points, ...lattice];
    const pointAt = (n: number) => {
      const [x = 0, y = 0, z = 0] = all[n] ?? [];
      return [x, y, z] as const;
    };
    const memory = new NoiseMemory();
    memory.seed(BigInt(seed));
    const table = new NoiseTable(memory, all.length, pointAt);
    const full = new FullNoiseTable(memory, all.length, pointAt);
    full.fill();
    all.forEach(([x, y, z, value], n) => {
      t.is(noise(gradients, x, y, z), value, `seed ${seed} at ${x}, ${y}, ${z}`);
      t.is(table.at(n), value);
      t.is(table.at(n), value, 'remembered');
      t.is(full.at(n), value);
    });
  }
});
