import { DIRECTION_NAMES } from './direction.js';
import { ARROW, COW, type Entity, PLANT, PLAYER, SKELETON, ZOMBIE } from './entity.js';
import { Inventory } from './inventory.js';
import { type Layout, type Size, type View, layoutOf, nightWords } from './layout.js';
import { NIGHTFALL } from './light.js';
import { MATERIALS, NOTHING } from './materials.js';
import type { Painter } from './painter.js';
import { PlainPainter } from './plain-painter.js';
import { isRipe } from './plant.js';
import type { Player } from './player.js';
import { ITEMS } from './rules.js';
import { type Canvas, Gallery, OBJECT_TEXTURES, type Textures, draw, drawOpaque } from './texture.js';
import { KernelPainter } from './wasm/painter.js';
import { Pictures } from './wasm/pictures.js';
import type { World } from './world.js';

/** A picture: RGB, 8 bits a channel, row by row. */
export type Frame = Canvas;

/** Cells outside the world. */
const OUTSIDE_GREY = 127;

// What an object looks like, as its place in OBJECT_TEXTURES.
const NO_OBJECT = OBJECT_TEXTURES.length;
const LOOKS = NO_OBJECT + 1;
const look = (name: (typeof OBJECT_TEXTURES)[number]): number => OBJECT_TEXTURES.indexOf(name);
const AWAKE = DIRECTION_NAMES.map((direction) => look(`player-${direction}`));
const ASLEEP = look('player-sleep');
const ARROWS = DIRECTION_NAMES.map((direction) => look(`arrow-${direction}`));
const UNRIPE = look('plant');
const RIPE = look('plant-ripe');
const CREATURES: Readonly<Record<number, number>> = {
  [COW]: look('cow'),
  [ZOMBIE]: look('zombie'),
  [SKELETON]: look('skeleton'),
};

function lookOf(entity: Entity, sleeping: boolean): number {
  switch (entity.kind) {
    case PLAYER:
      return sleeping ? ASLEEP : (AWAKE[entity.facing] as number);
    case ARROW:
      return ARROWS[entity.facing] as number;
    case PLANT:
      return isRipe(entity) ? RIPE : UNRIPE;
    default:
      return CREATURES[entity.kind] as number;
  }
}

function painterOf(layout: Layout): Painter {
  const kernels = Pictures.get();
  return kernels === null ? new PlainPainter(layout) : new KernelPainter(layout, kernels);
}

const UNKNOWN_TILE = 0xffffffff;

/**
 * Takes pictures of one size. A cell's colours by day depend only on its material and on what stands there, so that
 * such tiles are drawn once, and lit by the painter picture by picture.
 */
export class Camera {
  private readonly layout: Layout;
  private readonly frame: Frame;
  private readonly gallery: Gallery;
  private readonly inventory: Inventory;
  private readonly painter: Painter | undefined;
  /** The number of a material's tile with an object of some look on it, at `material * LOOKS + look`. */
  private readonly numbers = new Uint32Array(MATERIALS.length * LOOKS).fill(UNKNOWN_TILE);
  private tiles = 0;
  /** The numbers of the tiles that the picture shows, column by column. */
  private readonly cells: Uint32Array;

  /** Without textures it can only {@link skip}. */
  constructor(view: View, size: Size, textures: Textures | undefined) {
    this.layout = layoutOf(view, size, ITEMS.length);
    const [width, height] = size;
    this.frame = { width, height, data: new Uint8Array(textures === undefined ? 0 : width * height * 3) };
    this.gallery = new Gallery(textures ?? new Map());
    this.inventory = new Inventory(this.layout, this.gallery);
    this.cells = new Uint32Array(this.layout.columns * this.layout.rows);
    if (textures !== undefined) this.painter = painterOf(this.layout);
  }

  /** Draws as many random numbers as a picture would, without making one. */
  skip(world: World): void {
    if (world.daylight < NIGHTFALL) world.random.skip(nightWords(this.layout));
  }

  /** Takes a picture; by night that draws random numbers. The frame is overwritten by the next picture. */
  capture(world: World, player: Player): Frame {
    const { layout, frame, cells, painter } = this;
    if (painter === undefined) throw new Error('a camera without textures takes no pictures');
    const left = player.x - Math.floor(layout.columns / 2);
    const top = player.y - Math.floor(layout.rows / 2);
    let cell = 0;
    for (let x = left; x < left + layout.columns; x++)
      for (let y = top; y < top + layout.rows; y++) {
        const entity = world.entity(x, y);
        const look = entity === null ? NO_OBJECT : lookOf(entity, player.sleeping);
        const kind = world.material(x, y) * LOOKS + look;
        const known = this.numbers[kind] as number;
        cells[cell++] = known === UNKNOWN_TILE ? this.addTile(painter, kind) : known;
      }
    painter.paint(frame, cells, { daylight: world.daylight, sleeping: player.sleeping }, world.random);
    this.inventory.draw(frame, player);
    return frame;
  }

  private addTile(painter: Painter, kind: number): number {
    const { unitX: width, unitY: height } = this.layout;
    const canvas = { width, height, data: new Uint8Array(width * height * 3).fill(OUTSIDE_GREY) };
    const material = Math.floor(kind / LOOKS);
    const object = OBJECT_TEXTURES[kind % LOOKS];
    if (material !== NOTHING)
      drawOpaque(this.gallery.texture(MATERIALS[material] ?? 'unknown', width, height), canvas, 0, 0);
    if (object !== undefined) draw(this.gallery.texture(object, width, height), canvas, 0, 0);
    painter.addTile(canvas.data);
    this.numbers[kind] = this.tiles;
    return this.tiles++;
  }
}
