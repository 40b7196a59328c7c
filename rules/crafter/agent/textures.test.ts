import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { folderHandle } from '../../lib/testing/play.js';
import { TEXTURE_NAMES } from '../sim/texture.js';
import { syntheticTextures } from '../sim/testing.js';
import { textureFiles, texturesFrom } from './textures.js';

const KNOWN = 'test/fixtures/crafter/textures';

function assets(t: { teardown(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'textures-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(KNOWN, folder, { recursive: true });
  return folder;
}

const filesIn = async (folder: string) => textureFiles(folderHandle(folder));

test('a folder of PNG files replaces the own art; its other files are not looked at', async (t) => {
  const folder = assets(t);
  const known = await filesIn(folder);
  writeFileSync(join(folder, 'notes.yaml'), 'hello');
  writeFileSync(join(folder, 'debug-2.png'), 'no picture');
  const files = await filesIn(folder);
  t.deepEqual(Object.keys(files), Object.keys(known));
  const textures = await texturesFrom(files);
  const expected = await syntheticTextures();
  for (const name of TEXTURE_NAMES) t.deepEqual(textures.get(name), expected.get(name), name);
});

test('colour profiles do not change what is drawn', async (t) => {
  const folder = assets(t);
  const path = join(folder, 'grass.png');
  const plain = (await texturesFrom(await filesIn(folder))).get('grass');
  writeFileSync(path, await sharp(join(KNOWN, 'grass.png')).withIccProfile('p3', { attach: true }).png().toBuffer());
  const { data } = await sharp(path, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
  t.truthy((await sharp(path).metadata()).icc);
  t.notDeepEqual(new Uint8Array(data), new Uint8Array(plain?.data ?? []), 'the profile changes the bytes in the file');
  t.deepEqual(
    new Uint8Array((await texturesFrom(await filesIn(folder))).get('grass')?.data ?? []),
    new Uint8Array(data),
  );
});

test('a folder that lacks a file, or has a wrong one, is refused by name', async (t) => {
  const folder = assets(t);
  rmSync(join(folder, 'cow.png'));
  rmSync(join(folder, '3.png'));
  const load = async () => filesIn(folder);
  const lacking = await t.throwsAsync(load, { name: 'UserError' });
  t.true(lacking.message.startsWith(`the textures in \`${folder}\` lack `), lacking.message);
  t.regex(lacking.message, /`cow\.png`/);
  t.regex(lacking.message, /`3\.png`/);
  cpSync(KNOWN, folder, { recursive: true });
  const large = sharp({ create: { width: 32, height: 16, channels: 3, background: 'red' } });
  await large.png().toFile(join(folder, 'cow.png'));
  await t.throwsAsync(load, { name: 'UserError', message: /cow\.png` is 32x16 pixels, not 16x16/ });
  await sharp(join(KNOWN, 'cow.png')).jpeg().toFile(join(folder, 'cow.png'));
  await t.throwsAsync(load, { name: 'UserError', message: /cow\.png` is not a PNG picture/ });
  writeFileSync(join(folder, 'cow.png'), Buffer.from('89504e470d0a1a0a0000', 'hex'));
  await t.throwsAsync(load, { name: 'UserError', message: /cow\.png` is a PNG picture that cannot be read/ });
});
