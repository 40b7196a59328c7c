import type { Light } from './light.js';
import type { MersenneTwister } from './mt19937.js';
import type { Canvas } from './texture.js';

/** Paints the world's part of frames of one layout. What it shows, the camera says; it knows only tiles and light. */
export interface Painter {
  /** Learns what a cell can look like by day: RGB row by row. Tiles are numbered from 0 in this order. */
  addTile(colours: Uint8Array): void;
  /**
   * Paints the numbered tiles of all cells, column by column. Below {@link NIGHTFALL} there is noise over them: two
   * words of the generator a pixel, column by column.
   */
  paint(frame: Canvas, cells: Uint32Array, light: Light, random: MersenneTwister): void;
}
