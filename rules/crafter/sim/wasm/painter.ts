import type { Layout } from '../layout.js';
import { type Light, NIGHTFALL, vignette } from '../light.js';
import type { MersenneTwister } from '../mt19937.js';
import type { Painter } from '../painter.js';
import type { Canvas } from '../texture.js';
import type { Pictures } from './pictures.js';

/** In a tile's memory, before its colours. */
const TILE_HEAD = 16;

/**
 * Paints with the kernels of `pictures.as`. They have one memory and one layout at a time: a painter that finds
 * another's there sets up its own first. So any number of games can live, and painting in turns costs a little.
 */
export class KernelPainter implements Painter {
  private static owner: KernelPainter | undefined;
  private readonly tiles: Uint8Array[] = [];
  private weights: Float64Array | undefined;
  /** Whether the weights are in the kernels' memory. */
  private hasWeights = false;
  /** How many tiles are in the kernels' memory. */
  private loaded = 0;
  private pictures = 0;
  private tilesStart = 0;
  // Views of the kernels' memory.
  private cells = new Uint32Array();
  private strip = new Uint8Array();

  constructor(
    private readonly layout: Layout,
    private readonly kernels: Pictures,
  ) {}

  addTile(colours: Uint8Array): void {
    this.tiles.push(colours);
  }

  paint(frame: Canvas, cells: Uint32Array, { daylight, sleeping }: Light, random: MersenneTwister): void {
    const { kernels } = this;
    if (KernelPainter.owner !== this) this.setUp(kernels);
    if (this.loaded < this.tiles.length) this.load(kernels);
    this.cells.set(cells);
    if (daylight < NIGHTFALL) {
      if (!this.hasWeights) this.loadWeights(kernels);
      random.lend(kernels.key, (index) => kernels.exports.drawNoisy(index, daylight, sleeping));
    } else kernels.exports.draw(++this.pictures, daylight, sleeping);
    frame.data.set(this.strip, this.layout.top * frame.width * 3);
  }

  private setUp(kernels: Pictures): void {
    const { exports } = kernels;
    const { width, left, columns, rows, unitX, unitY } = this.layout;
    this.tilesStart = exports.lay(width, left, columns, rows, unitX, unitY);
    kernels.ensure(this.tilesStart);
    this.view(kernels);
    this.strip.fill(0);
    this.hasWeights = false;
    this.loaded = 0;
    KernelPainter.owner = this;
  }

  private loadWeights({ exports }: Pictures): void {
    const { columns, rows, unitX, unitY } = this.layout;
    this.weights ??= vignette(columns * unitX, rows * unitY);
    new Float64Array(exports.memory.buffer, exports.vignetteStart(), this.weights.length).set(this.weights);
    this.hasWeights = true;
  }

  private view({ exports }: Pictures): void {
    const { width, columns, rows, unitY } = this.layout;
    const { buffer } = exports.memory;
    this.cells = new Uint32Array(buffer, exports.CELLS.value, columns * rows);
    this.strip = new Uint8Array(buffer, exports.stripStart(), 3 * width * rows * unitY);
  }

  /** Puts the tiles that are not yet in the kernels' memory there. */
  private load(kernels: Pictures): void {
    const { exports } = kernels;
    const size = exports.sizeOfTile();
    kernels.ensure(this.tilesStart + this.tiles.length * size);
    this.view(kernels);
    for (; this.loaded < this.tiles.length; this.loaded++) {
      const tile = new Uint8Array(exports.memory.buffer, this.tilesStart + this.loaded * size, size).fill(0);
      this.separate(this.tiles[this.loaded] as Uint8Array, tile.subarray(TILE_HEAD), exports.sizeOfTilePlane());
    }
  }

  /** Three planes of `colours` row by row, then three column by column. */
  private separate(colours: Uint8Array, planes: Uint8Array, plane: number): void {
    const { unitX, unitY } = this.layout;
    let from = 0;
    for (let y = 0; y < unitY; y++)
      for (let x = 0; x < unitX; x++)
        for (let channel = 0; channel < 3; channel++) {
          const byte = colours[from++] as number;
          planes[channel * plane + y * unitX + x] = byte;
          planes[(3 + channel) * plane + x * unitY + y] = byte;
        }
  }
}
