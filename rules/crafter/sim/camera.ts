import { DIRECTION_NAMES } from './direction.js';
import { ARROW, COW, type Entity, PLANT, PLAYER, SKELETON, ZOMBIE } from './entity.js';
import { type Layout, type Size, type View, layoutOf, nightWords } from './layout.js';
import { Light, NIGHTFALL, vignette } from './light.js';
import { MATERIALS, NOTHING } from './materials.js';
import { isRipe } from './plant.js';
import type { Player } from './player.js';
import { ITEMS } from './rules.js';
import { type Canvas, type Texture, type Textures, amountTexture, draw, drawOpaque, resize } from './texture.js';
import type { World } from './world.js';

/** A picture: RGB, 8 bits a channel, row by row. */
export type Frame = Canvas;

/** Cells outside the world. */
const OUTSIDE_GREY = 127;
const NO_OBJECT = '';

/** A material with an object on it or none, at the size of a cell. */
interface Tile {
  readonly base: Uint8Array;
  /** In the light of the frame numbered `shadedFor`. */
  readonly shaded: Uint8Array;
  shadedFor: number;
}

function objectTexture(entity: Entity | null, sleeping: boolean): string {
  switch (entity?.kind) {
    case PLAYER:
      return sleeping ? 'player-sleep' : `player-${DIRECTION_NAMES[entity.facing]}`;
    case COW:
      return 'cow';
    case ZOMBIE:
      return 'zombie';
    case SKELETON:
      return 'skeleton';
    case ARROW:
      return `arrow-${DIRECTION_NAMES[entity.facing]}`;
    case PLANT:
      return isRipe(entity) ? 'plant-ripe' : 'plant';
    default:
      return NO_OBJECT;
  }
}

/**
 * Takes pictures of one size. A frame's colours depend on where a pixel is only at night, so that tiles are drawn
 * once, shaded once a frame, and copied; the inventory is redrawn only when it changes.
 */
export class Camera {
  private readonly layout: Layout;
  private readonly frame: Frame;
  private readonly tiles = new Map<string, Map<number, Tile>>();
  private frames = 0;
  private shownItems: string | undefined;
  private night: { readonly noise: Float64Array; readonly weights: Float64Array } | undefined;

  constructor(
    view: View,
    size: Size,
    private readonly textures: Textures | undefined,
  ) {
    this.layout = layoutOf(view, size, ITEMS.length);
    const [width, height] = size;
    this.frame = { width, height, data: new Uint8Array(textures === undefined ? 0 : width * height * 3) };
  }

  /** Draws as many random numbers as a picture would, without making one. */
  skip(world: World): void {
    if (world.daylight < NIGHTFALL) world.random.skip(nightWords(this.layout));
  }

  /** Takes a picture; by night that draws random numbers. The frame is overwritten by the next picture. */
  capture(world: World, player: Player): Frame {
    const { layout, frame } = this;
    const { unitX, unitY, columns, rows } = layout;
    const { sleeping } = player;
    const light = new Light(world.daylight, sleeping);
    const night = light.isNight ? this.drawNoise(world) : undefined;
    const stride = frame.width * 3;
    this.frames++;
    for (let column = 0; column < columns; column++)
      for (let row = 0; row < rows; row++) {
        const x = player.x + column - Math.floor(columns / 2);
        const y = player.y + row - Math.floor(rows / 2);
        const tile = this.tile(world.material(x, y), objectTexture(world.entity(x, y), sleeping));
        const start = (layout.top + row * unitY) * stride + (layout.left + column * unitX) * 3;
        if (night !== undefined) {
          const noiseStride = rows * unitY;
          const noiseStart = column * unitX * noiseStride + row * unitY;
          const cell = { unitX, unitY, noiseStart, noiseStride, start, stride };
          light.shadeNoisy(tile.base, night.noise, night.weights, cell, frame.data);
        } else {
          if (tile.shadedFor !== this.frames) {
            light.shade(tile.base, tile.shaded);
            tile.shadedFor = this.frames;
          }
          const bytes = unitX * 3;
          for (let line = 0, from = 0, to = start; line < unitY; line++, to += stride - bytes)
            for (const end = from + bytes; from < end;) frame.data[to++] = tile.shaded[from++] as number;
        }
      }
    this.drawItems(player);
    return frame;
  }

  private drawNoise(world: World): { readonly noise: Float64Array; readonly weights: Float64Array } {
    const { unitX, unitY, columns, rows } = this.layout;
    const width = columns * unitX;
    const height = rows * unitY;
    this.night ??= { noise: new Float64Array(width * height), weights: vignette(width, height) };
    world.random.fillUniform(this.night.noise, 32, 127);
    return this.night;
  }

  private texture(name: string, width: number, height: number): Texture {
    const texture = this.textures?.get(name);
    if (texture === undefined) throw new Error(`there is no texture \`${name}\``);
    return resize(texture, width, height);
  }

  private tile(material: number, object: string): Tile {
    let tiles = this.tiles.get(object);
    if (tiles === undefined) {
      tiles = new Map();
      this.tiles.set(object, tiles);
    }
    let tile = tiles.get(material);
    if (tile === undefined) {
      const { unitX: width, unitY: height } = this.layout;
      const base = new Uint8Array(width * height * 3).fill(OUTSIDE_GREY);
      const canvas = { width, height, data: base };
      if (material !== NOTHING) drawOpaque(this.texture(MATERIALS[material] ?? 'unknown', width, height), canvas, 0, 0);
      if (object !== NO_OBJECT) draw(this.texture(object, width, height), canvas, 0, 0);
      tile = { base, shaded: new Uint8Array(base.length), shadedFor: 0 };
      tiles.set(material, tile);
    }
    return tile;
  }

  private drawItems(player: Player): void {
    const { layout, frame } = this;
    const { unitX, unitY, columns } = layout;
    const amounts = ITEMS.map((item) => player.amount(item));
    const shown = amounts.join();
    if (shown === this.shownItems) return;
    this.shownItems = shown;
    const top = layout.top + layout.rows * unitY;
    for (let row = top; row < top + layout.itemRows * unitY; row++) {
      const start = (row * frame.width + layout.left) * 3;
      frame.data.fill(0, start, start + columns * unitX * 3);
    }
    ITEMS.forEach((item, k) => {
      const amount = amounts[k] ?? 0;
      if (amount < 1) return;
      const column = k % columns;
      const row = Math.floor(k / columns);
      const place = (name: string, offset: number, share: number): void => {
        const texture = this.texture(name, Math.trunc(share * unitX), Math.trunc(share * unitY));
        const x = Math.trunc(column * unitX + offset * unitX);
        const y = Math.trunc(row * unitY + offset * unitY);
        draw(texture, frame, layout.left + x, top + y);
      };
      place(item, 0.1, 0.8);
      place(amountTexture(amount), 0.4, 0.6);
    });
  }
}
