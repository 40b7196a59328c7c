/** Pictures of materials, objects, items and digits. The simulator is handed them decoded. */
import { DIRECTION_NAMES } from './direction.js';
import { MATERIALS } from './materials.js';
import { ITEMS, MOST_OF_AN_ITEM } from './rules.js';

/** Pixels row by row, 8 bits a channel, RGB or RGBA without premultiplication. */
export interface Texture {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}

export type Textures = ReadonlyMap<string, Texture>;

export const OBJECT_TEXTURES = [
  ...DIRECTION_NAMES.map((direction) => `player-${direction}` as const),
  'player-sleep',
  'cow',
  'zombie',
  'skeleton',
  ...DIRECTION_NAMES.map((direction) => `arrow-${direction}` as const),
  'plant',
  'plant-ripe',
] as const;

/** The texture of an amount: a digit. */
export const amountTexture = (amount: number): string => String(amount);

/** Every name that a set of textures needs. */
export const TEXTURE_NAMES: readonly string[] = [
  ...new Set([
    ...MATERIALS.slice(1),
    ...OBJECT_TEXTURES,
    ...ITEMS,
    ...Array.from({ length: MOST_OF_AN_ITEM }, (_, i) => amountTexture(i + 1)),
  ]),
];

/**
 * For each of `to` pixels, which of `from` pixels it takes its colour from. The position is a running sum, as in
 * Pillow's nearest-neighbour resize: multiplying instead would give other pixels for many sizes.
 */
function sampling(from: number, to: number): Int32Array {
  const indices = new Int32Array(to);
  const step = from / to;
  let position = step * 0.5;
  for (let i = 0; i < to; i++, position += step) indices[i] = Math.trunc(position);
  return indices;
}

/** A texture at another size: each pixel takes the colour of the nearest. */
export function resize(texture: Texture, width: number, height: number): Texture {
  if (texture.width === width && texture.height === height) return texture;
  const { channels } = texture;
  const columns = sampling(texture.width, width);
  const rows = sampling(texture.height, height);
  const data = new Uint8Array(width * height * channels);
  let to = 0;
  for (const row of rows)
    for (const column of columns) {
      const from = (row * texture.width + column) * channels;
      for (let c = 0; c < channels; c++) data[to++] = texture.data[from + c] as number;
    }
  return { width, height, channels, data };
}

/** Textures at the sizes in which they were asked for. */
export class Gallery {
  private readonly resized = new Map<string, Texture>();

  constructor(private readonly textures: Textures) {}

  texture(name: string, width: number, height: number): Texture {
    const key = `${name} ${width}x${height}`;
    let texture = this.resized.get(key);
    if (texture === undefined) {
      const original = this.textures.get(name);
      if (original === undefined) throw new Error(`there is no texture \`${name}\``);
      texture = resize(original, width, height);
      this.resized.set(key, texture);
    }
    return texture;
  }
}

const single = Math.fround;

/** Lays a value over another; single precision, rounded after each operation. */
function blend(value: number, below: number, alpha: number): number {
  const a = single(alpha / 255);
  const over = single(a * single(value / 255));
  const under = single(single(1 - a) * single(below / 255));
  return Math.trunc(single(255 * single(over + under)));
}

/** An RGB picture to draw on. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Draws a texture with its left top corner at (x, y). RGBA is blended onto what is there, RGB replaces it. */
export function draw(texture: Texture, canvas: Canvas, x: number, y: number): void {
  const { channels } = texture;
  for (let row = 0; row < texture.height; row++)
    for (let column = 0; column < texture.width; column++) {
      const from = (row * texture.width + column) * channels;
      const to = ((y + row) * canvas.width + x + column) * 3;
      const alpha = channels === 4 ? (texture.data[from + 3] as number) : 255;
      for (let c = 0; c < 3; c++)
        canvas.data[to + c] = blend(texture.data[from + c] as number, canvas.data[to + c] as number, alpha);
    }
}

/** Draws a texture's colours as they are, whatever its alpha says. */
export function drawOpaque(texture: Texture, canvas: Canvas, x: number, y: number): void {
  for (let row = 0; row < texture.height; row++)
    for (let column = 0; column < texture.width; column++) {
      const from = (row * texture.width + column) * texture.channels;
      const to = ((y + row) * canvas.width + x + column) * 3;
      for (let c = 0; c < 3; c++) canvas.data[to + c] = texture.data[from + c] as number;
    }
}
