import { createHash } from 'node:crypto';
import test from 'ava';
import { Crafter } from './crafter.js';
import { ACTIONS } from './rules.js';
import { fixture, sha256, stateDigest, syntheticTextures } from './testing.js';

interface Case {
  name: string;
  seed: number;
  episode: number;
  size: [number, number];
  view: [number, number];
  area: [number, number];
  actions: number[];
  extraRenders: [number, [number, number], string][];
  frames: { step: number; sleeping: boolean; daylight: string; sha256: string }[];
  allFrames: string;
  lastDigest: string;
}
const { cases } = fixture('frames.json') as { cases: readonly Case[] };
const { textures: published } = fixture('textures.json') as { textures: readonly { name: string; pixels: string }[] };

test('the synthetic textures are decoded as published', async (t) => {
  const textures = await syntheticTextures();
  for (const { name, pixels } of published) t.is(sha256(textures.get(name)?.data ?? ''), pixels, name);
});

for (const known of cases)
  test(`frames of ${known.name} at ${known.size.join('x')} are equal to the byte`, async (t) => {
    const { seed, episode, size, view, area } = known;
    const game = new Crafter({ seed, size, view, area, textures: await syntheticTextures() });
    const all = createHash('sha256');
    const expected = new Map(known.frames.map((frame) => [frame.step, frame]));
    const check = (step: number, data: Uint8Array | undefined): boolean => {
      if (data === undefined) return false;
      all.update(data);
      const frame = expected.get(step);
      if (frame === undefined) return true;
      t.is(game.sleeping, frame.sleeping);
      t.is(game.daylight.toFixed(12), frame.daylight);
      return sha256(data) === frame.sha256;
    };
    for (let n = 1; n < episode; n++) game.reset();
    if (!check(0, game.reset()?.data)) return t.fail('another first frame');
    for (const [index, id] of known.actions.entries()) {
      const step = index + 1;
      if (!check(step, game.step(ACTIONS[id] ?? 'noop').frame?.data)) return t.fail(`another frame at step ${step}`);
      for (const [at, extra, hash] of known.extraRenders)
        if (at === step) t.is(sha256(game.render(extra)?.data ?? ''), hash, `extra frame at step ${step}`);
    }
    t.is(all.digest('hex'), known.allFrames);
    t.is(stateDigest(game), known.lastDigest);
  });
