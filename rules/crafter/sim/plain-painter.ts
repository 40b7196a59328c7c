import type { Layout } from './layout.js';
import { BRIGHTEST_NOISE, DARKEST_NOISE, type Light, NIGHTFALL, lit, noiseShare, vignette } from './light.js';
import type { MersenneTwister } from './mt19937.js';
import type { Painter } from './painter.js';
import type { Canvas } from './texture.js';

/**
 * Says what is to be painted, a pixel at a time. The kernels that paint fast are tested against it; where they do not run,
 * it paints.
 */
export class PlainPainter implements Painter {
  private readonly tiles: Uint8Array[] = [];
  private readonly weights: Float64Array;

  constructor(private readonly layout: Layout) {
    this.weights = vignette(layout.columns * layout.unitX, layout.rows * layout.unitY);
  }

  addTile(colours: Uint8Array): void {
    this.tiles.push(colours);
  }

  paint(frame: Canvas, cells: Uint32Array, light: Light, random: MersenneTwister): void {
    const { left, top, unitX, unitY, columns, rows } = this.layout;
    const height = rows * unitY;
    for (let x = 0; x < columns * unitX; x++)
      for (let y = 0; y < height; y++) {
        const column = Math.floor(x / unitX);
        const row = Math.floor(y / unitY);
        const tile = this.tiles[cells[column * rows + row] as number] as Uint8Array;
        const from = 3 * ((y - row * unitY) * unitX + (x - column * unitX));
        const day = [tile[from] as number, tile[from + 1] as number, tile[from + 2] as number] as const;
        const isNoisy = light.daylight < NIGHTFALL;
        const share = isNoisy ? noiseShare(light, this.weights[x * height + y] as number) : 0;
        const noise = isNoisy ? random.uniformBetween(DARKEST_NOISE, BRIGHTEST_NOISE) : 0;
        frame.data.set(lit(day, light, share, noise), 3 * ((top + y) * frame.width + left + x));
      }
  }
}
