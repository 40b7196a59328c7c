import test from 'ava';
import fc from 'fast-check';
import { MersenneTwister } from './mt19937.js';
import { fixture } from './testing.js';

interface Fixture {
  readonly mt19937: readonly { seed: number; first: number[]; at: Record<string, number> }[];
  readonly uniform: readonly {
    seed: number;
    uniform: number[];
    then_uniform_32_127: number[];
    then_shape_3_2: number[][];
    next_word: number;
  }[];
  readonly mixed: readonly {
    seed: number;
    ops: (['u', number] | ['r', number, number, number])[];
    next_word: number;
  }[];
}
const known = fixture('rng.json') as Fixture;

test('words are those of the published generator', (t) => {
  for (const { seed, first, at } of known.mt19937) {
    const random = new MersenneTwister(seed);
    const last = Math.max(...Object.keys(at).map(Number), first.length - 1);
    const words = Array.from({ length: last + 1 }, () => random.word());
    t.deepEqual(words.slice(0, first.length), first);
    for (const [n, word] of Object.entries(at)) t.is(words[Number(n)], word);
  }
});

test('doubles are those of NumPy', (t) => {
  for (const { seed, uniform, then_uniform_32_127, then_shape_3_2, next_word } of known.uniform) {
    const random = new MersenneTwister(seed);
    for (const value of uniform) t.is(random.uniform(), value);
    for (const value of then_uniform_32_127) t.is(random.uniformBetween(32, 127), value);
    for (const value of then_shape_3_2.flat()) t.is(random.uniformBetween(32, 127), value);
    t.is(random.word(), next_word);
  }
});

test('integers and doubles mix as in NumPy', (t) => {
  for (const { seed, ops, next_word } of known.mixed) {
    const random = new MersenneTwister(seed);
    for (const op of ops) {
      if (op[0] === 'u') t.is(random.uniform(), op[1]);
      else t.is(random.integer(op[1], op[2]), op[3]);
    }
    t.is(random.peek(), next_word);
    t.is(random.word(), next_word);
  }
});

test('skipping equals single draws, wherever it starts', (t) => {
  fc.assert(
    fc.property(fc.nat(1400), fc.nat(5000), (before, count) => {
      const one = new MersenneTwister(5);
      const skipping = new MersenneTwister(5);
      for (let i = 0; i < before + count; i++) one.word();
      skipping.skip(before);
      // To look at the next word may renew the key, which must not count.
      if (before % 2 === 0) skipping.peek();
      skipping.skip(count);
      t.deepEqual(
        Array.from({ length: 3 }, () => skipping.word()),
        Array.from({ length: 3 }, () => one.word()),
      );
    }),
    { numRuns: 100 },
  );
});

test('a restored generator goes on where the snapshot was taken', (t) => {
  const random = new MersenneTwister(42);
  random.skip(1000);
  const state = random.snapshot();
  const words = Array.from({ length: 700 }, () => random.word());
  random.restore(state);
  t.deepEqual(
    Array.from({ length: 700 }, () => random.word()),
    words,
  );
});
