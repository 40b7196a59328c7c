import test from 'ava';
import { MATERIALS } from '../sim/materials.js';
import { TEXTURE_NAMES, resize } from '../sim/texture.js';
import { contactSheet } from './contact-sheet.js';
import { ownTextures } from './textures.js';

test('there is a drawing for every name, and no other', (t) => {
  t.deepEqual([...ownTextures().keys()].sort(), [...TEXTURE_NAMES].sort());
});

test('ground covers its cell; what stands on it lets the ground show', (t) => {
  for (const [name, { data }] of ownTextures()) {
    const alphas = data.filter((_, i) => i % 4 === 3);
    t.is(alphas.includes(0), !(MATERIALS as readonly string[]).includes(name), name);
  }
});

test('no two drawings look the same at the size of a cell in a 64 x 64 frame', (t) => {
  const sizes = { '4': TEXTURE_NAMES.filter((name) => /^\d$/.test(name)), '5': TEXTURE_NAMES, '7': TEXTURE_NAMES };
  for (const [size, names] of Object.entries(sizes)) {
    const seen = new Map<string, string>();
    for (const name of names) {
      const texture = ownTextures().get(name);
      if (texture === undefined) return t.fail(name);
      const pixels = resize(texture, Number(size), Number(size)).data.join();
      t.is(seen.get(pixels), undefined, `${name} at ${size}`);
      seen.set(pixels, name);
    }
  }
  return t.pass();
});

test('a contact sheet holds every frame and its caption', (t) => {
  const frame = (value: number) => ({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(value) });
  const sheet = contactSheet([100, 110, 120].map((value) => ({ frame: frame(value), caption: `${value} move_left` })));
  t.is(sheet.data.length, sheet.width * sheet.height * 3);
  // Magnified three times: 192 x 192 pixels each, three channels.
  for (const value of [100, 110, 120]) t.is(sheet.data.filter((byte) => byte === value).length, 192 * 192 * 3);
  t.is(contactSheet([]).data.length > 0, true);
});
