/** Textures from PNG files, in place of the project's own. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from 'vlmbuild';
import { ownTextures } from '../art/textures.js';
import { TEXTURE_NAMES, type Texture, type Textures } from '../sim/texture.js';

/** A texture's file, read when it is needed. */
export interface TextureFile {
  readonly name: string;
  bytes(): Promise<Uint8Array>;
}

const SIDE = 16;
const NEXT = 'point `textures` at the folder `assets` of an installed Crafter, or leave it out';

async function decode(name: string, bytes: Uint8Array): Promise<Texture> {
  const { default: sharp } = await import('sharp');
  let image;
  try {
    image = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  } catch (cause) {
    throw new UserError(`texture \`${name}\` is not a PNG picture`, { next: NEXT, cause });
  }
  const { width, height, channels } = image.info;
  if (width !== SIDE || height !== SIDE)
    throw new UserError(`texture \`${name}\` is ${width}x${height} pixels, not ${SIDE}x${SIDE}`, { next: NEXT });
  if (channels !== 3 && channels !== 4)
    throw new UserError(`texture \`${name}\` is neither RGB nor RGBA`, { next: NEXT });
  return { width, height, channels, data: image.data };
}

/**
 * The textures of a folder, as an installed Crafter has them in `assets`: `NAME.png` for each name. Other files are
 * left alone.
 *
 * @throws UserError for a missing file, or one that is no picture of 16x16 pixels.
 */
export async function loadTextures(files: Iterable<TextureFile>): Promise<Textures> {
  const byName = new Map([...files].map((file) => [file.name, file]));
  const missing = TEXTURE_NAMES.filter((name) => !byName.has(`${name}.png`));
  if (missing.length > 0)
    throw new UserError(`the textures lack ${missing.map((name) => `\`${name}.png\``).join(', ')}`, {
      next: NEXT,
    });
  const textures = new Map<string, Texture>();
  for (const name of TEXTURE_NAMES) {
    const file = byName.get(`${name}.png`);
    if (file !== undefined) textures.set(name, await decode(file.name, await file.bytes()));
  }
  return textures;
}

/** The files of a folder on disk. @throws UserError if it cannot be read. */
export async function textureFiles(folder: string): Promise<TextureFile[]> {
  try {
    const names = await readdir(folder);
    return names.map((name) => ({ name, bytes: () => readFile(join(folder, name)) }));
  } catch (cause) {
    throw new UserError(`the textures' folder \`${folder}\` cannot be read`, { next: NEXT, cause });
  }
}

/** The project's own textures where no files are given. */
export async function texturesFrom(files: readonly TextureFile[]): Promise<Textures> {
  return files.length === 0 ? ownTextures() : loadTextures(files);
}
