/** What the tests of the simulator share: fixtures of the published game and the texts their digests are made of. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import type { Crafter } from './crafter.js';
import { KIND_NAMES } from './entity.js';
import { ACHIEVEMENTS, ITEMS } from './rules.js';
import type { Texture } from './texture.js';

const FIXTURES = join('test', 'fixtures', 'crafter');

/** Reads a fixture. Its shape is the caller's claim. */
export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
}

/** The synthetic textures by name. */
export async function syntheticTextures(): Promise<Map<string, Texture>> {
  const folder = join(FIXTURES, 'textures');
  const textures = new Map<string, Texture>();
  for (const file of readdirSync(folder)) {
    const { data, info } = await sharp(readFileSync(join(folder, file)))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const channels = info.channels === 4 ? 4 : 3;
    textures.set(basename(file, '.png'), { width: info.width, height: info.height, channels, data });
  }
  return textures;
}

export const sha256 = (...data: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const piece of data) hash.update(piece);
  return hash.digest('hex');
};

/** All objects in order of creation: `Class:x,y,health`, joined by `;`. */
export const objectText = ({ world }: Crafter): string =>
  world.entities.map(({ kind, x, y, health }) => `${KIND_NAMES[kind]}:${x},${y},${health}`).join(';');

/** Everything about the moment that the fixtures compare, in one line. */
export function stateText(game: Crafter): string {
  const inventory = game.inventory();
  const achievements = game.achievements();
  return [
    game.position.join(),
    game.facing.join(),
    game.sleeping ? '1' : '0',
    ITEMS.map((item) => inventory[item]).join(),
    ACHIEVEMENTS.map((name) => achievements[name]).join(),
    objectText(game),
    String(game.world.random.peek()),
  ].join('|');
}

/** The first 12 hex digits of the digest of {@link stateText}. */
export const stateDigest = (game: Crafter): string => sha256(stateText(game)).slice(0, 12);
