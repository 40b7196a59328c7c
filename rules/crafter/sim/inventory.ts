import type { Layout } from './layout.js';
import type { Player } from './player.js';
import { ITEMS } from './rules.js';
import { type Canvas, type Gallery, amountTexture, draw } from './texture.js';

/** The inventory below the world's part of a frame: a cell an item, and only cells whose amount changed are redrawn. */
export class Inventory {
  private readonly shown = new Int32Array(ITEMS.length);

  constructor(
    private readonly layout: Layout,
    private readonly gallery: Gallery,
  ) {}

  /** `frame` must always be the same, and black there at first. */
  draw(frame: Canvas, player: Player): void {
    for (let k = 0; k < ITEMS.length; k++) {
      const amount = player.amountAt(k);
      if (amount === this.shown[k]) continue;
      this.shown[k] = amount;
      this.drawItem(frame, k, amount);
    }
  }

  private drawItem(frame: Canvas, k: number, amount: number): void {
    const { left, top: worldTop, unitX, unitY, columns, rows } = this.layout;
    const top = worldTop + rows * unitY;
    const column = k % columns;
    const row = Math.floor(k / columns);
    for (let line = 0; line < unitY; line++) {
      const start = ((top + row * unitY + line) * frame.width + left + column * unitX) * 3;
      frame.data.fill(0, start, start + unitX * 3);
    }
    if (amount < 1) return;
    // Positions and sizes are cut to whole pixels, so both pictures stay within the cell.
    const place = (name: string, offset: number, share: number): void => {
      const texture = this.gallery.texture(name, Math.trunc(share * unitX), Math.trunc(share * unitY));
      const x = Math.trunc(column * unitX + offset * unitX);
      const y = Math.trunc(row * unitY + offset * unitY);
      draw(texture, frame, left + x, top + y);
    };
    place(ITEMS[k] as string, 0.1, 0.8);
    place(amountTexture(amount), 0.4, 0.6);
  }
}
