import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { TEXTURE_NAMES } from '../sim/texture.js';
import { syntheticTextures } from '../sim/testing.js';
import { textureFiles, texturesFrom } from './textures.js';

function assets(t: { teardown(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'textures-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync('test/fixtures/crafter/textures', folder, { recursive: true });
  return folder;
}

test('a folder of PNG files replaces the own art', async (t) => {
  const folder = assets(t);
  writeFileSync(join(folder, 'notes.yaml'), 'hello');
  const textures = await texturesFrom(await textureFiles(folder));
  const known = await syntheticTextures();
  for (const name of TEXTURE_NAMES) t.deepEqual(textures.get(name), known.get(name), name);
});

test('a folder that lacks a file, or has a wrong one, is refused by name', async (t) => {
  const folder = assets(t);
  rmSync(join(folder, 'cow.png'));
  rmSync(join(folder, '3.png'));
  const load = async () => texturesFrom(await textureFiles(folder));
  const lacking = await t.throwsAsync(load, { name: 'UserError' });
  t.regex(lacking.message, /lack .*`cow\.png`/);
  t.regex(lacking.message, /`3\.png`/);
  cpSync('test/fixtures/crafter/textures', folder, { recursive: true });
  const large = sharp({ create: { width: 32, height: 16, channels: 3, background: 'red' } });
  await large.png().toFile(join(folder, 'cow.png'));
  await t.throwsAsync(load, { name: 'UserError', message: /`cow\.png` is 32x16 pixels, not 16x16/ });
  writeFileSync(join(folder, 'cow.png'), 'no picture');
  await t.throwsAsync(load, { name: 'UserError', message: /`cow\.png` is not a PNG picture/ });
  await t.throwsAsync(textureFiles(join(folder, 'nowhere')), { name: 'UserError', message: /cannot be read/ });
});
