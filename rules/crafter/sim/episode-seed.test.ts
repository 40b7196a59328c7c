import test from 'ava';
import { episodeSeed, pairHash } from './episode-seed.js';
import { fixture } from './testing.js';

const known = fixture('rng.json') as {
  episodeSeed: readonly { seed: string; episode: number; hash: string; worldSeed: number }[];
};

test('pairs hash as in Python, negative and large seeds too', (t) => {
  for (const { seed, episode, hash, worldSeed } of known.episodeSeed) {
    t.is(pairHash(BigInt(seed), BigInt(episode)), BigInt(hash));
    t.is(episodeSeed(BigInt(seed), episode), worldSeed);
  }
});
