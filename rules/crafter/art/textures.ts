/** The pictures that the game uses unless it is given others: drawn for this project. */
import type { Texture } from '../sim/texture.js';
import { BEINGS } from './beings.js';
import { DIGITS } from './digits.js';
import { textureOf } from './drawing.js';
import { GROUND } from './ground.js';
import { THINGS } from './things.js';

let textures: ReadonlyMap<string, Texture> | undefined;

export function ownTextures(): ReadonlyMap<string, Texture> {
  textures ??= new Map(
    Object.entries({ ...GROUND, ...BEINGS, ...THINGS, ...DIGITS }).map(([name, rows]) => [name, textureOf(rows)]),
  );
  return textures;
}
