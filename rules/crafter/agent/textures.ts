/** Textures from PNG files, in place of the project's own. */
import { type DirectoryInput, type DirectorySlice, UserError } from 'vlmbuild';
import { z } from 'zod';
import { shownPath } from '../../lib/paths.js';
import { ownTextures } from '../art/textures.js';
import { TEXTURE_NAMES, type Texture, type Textures } from '../sim/texture.js';

/** The param that gives the input `textures`: the engine makes it part of the key. */
export const texturesParam = z
  .string()
  .min(1)
  .optional()
  .describe(
    'A folder of textures to draw with, such as `assets` of an installed Crafter: a PNG of 16x16 pixels for each name. Default: the own ones.',
  );

/** The files of a texture set by their names, `cow.png`. */
export type TextureFiles = Readonly<Record<string, DirectorySlice>>;

const SIDE = 16;
const NEXT = 'name the folder `assets` of an installed Crafter in `textures`, or leave it out';
const PNG_SIGNATURE = '89504e470d0a1a0a';

/**
 * The files of a folder that are textures, as an installed Crafter has them in `assets`: `NAME.png` for each name. Its
 * other files are left alone.
 *
 * @throws UserError where one is missing, or is no PNG of 16x16 pixels.
 */
export async function textureFiles(folder: DirectoryInput): Promise<TextureFiles> {
  const wanted = new Set(TEXTURE_NAMES.map((name) => `${name}.png`));
  const files: Record<string, DirectorySlice> = {};
  for await (const file of folder.entries()) if (wanted.delete(file.name)) files[file.name] = file;
  const shown = shownPath(folder.path);
  if (wanted.size > 0) {
    const names = [...wanted].map((name) => `\`${name}\``).join(', ');
    throw new UserError(`the textures in \`${shown}\` lack ${names}`, { next: NEXT });
  }
  for (const file of Object.values(files)) await decode(file, `${shown}/${file.name}`);
  return files;
}

/** Decoded: the project's own where no files are given. */
export async function texturesFrom(files: TextureFiles): Promise<Textures> {
  if (Object.keys(files).length === 0) return ownTextures();
  const textures = new Map<string, Texture>();
  for (const [file, slice] of Object.entries(files))
    textures.set(file.slice(0, -'.png'.length), await decode(slice, file));
  return textures;
}

/** The pixels as they are in the file: what it says of colour profiles and gamma does not count. */
async function decode(file: DirectorySlice, shown: string): Promise<Texture> {
  const { default: sharp } = await import('sharp');
  const refuse = (what: string, cause?: unknown) =>
    new UserError(`texture \`${shown}\` is ${what}`, { next: NEXT, cause });
  const bytes = await file.bytes();
  if (Buffer.from(bytes.subarray(0, 8)).toString('hex') !== PNG_SIGNATURE) throw refuse('not a PNG picture');
  let image;
  try {
    image = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
  } catch (cause) {
    throw refuse('a PNG picture that cannot be read', cause);
  }
  const { width, height, channels } = image.info;
  if (width !== SIDE || height !== SIDE) throw refuse(`${width}x${height} pixels, not ${SIDE}x${SIDE}`);
  if (channels !== 3 && channels !== 4) throw refuse('neither RGB nor RGBA');
  return { width, height, channels, data: image.data };
}
