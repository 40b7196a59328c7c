/** One picture with many frames, for a person to look at. */
import type { Canvas } from '../sim/texture.js';
import { LETTER_HEIGHT, LETTER_WIDTH, forEachDot } from './font.js';

export interface CaptionedFrame {
  readonly frame: Canvas;
  readonly caption: string;
}

const MARGIN = 8;
const BACKGROUND = 0x18;
const INK = 0xe8;
/** Smaller frames are magnified by a whole number to at least this width. */
const LEAST_WIDTH = 192;
/** Captions are written with a dot of a pixel for so many of a frame's width, where they fit. */
const WIDTH_PER_DOT = 96;

/** Frames of one size in a grid, about as wide as high, each with its caption below. */
export function contactSheet(frames: readonly CaptionedFrame[]): Canvas {
  const first = frames[0]?.frame;
  const width = first?.width ?? 1;
  const height = first?.height ?? 1;
  const scale = Math.max(1, Math.ceil(LEAST_WIDTH / width));
  const letters = Math.max(1, ...frames.map(({ caption }) => caption.length));
  const fitting = Math.floor((width * scale) / (letters * LETTER_WIDTH));
  const pen = Math.max(1, Math.min(Math.floor((width * scale) / WIDTH_PER_DOT), fitting));
  const cellWidth = width * scale + MARGIN;
  const cellHeight = height * scale + LETTER_HEIGHT * pen + 2 * MARGIN;
  const columns = Math.max(1, Math.ceil(Math.sqrt((frames.length * cellHeight) / cellWidth)));
  const rows = Math.max(1, Math.ceil(frames.length / columns));
  const sheet = { width: columns * cellWidth + MARGIN, height: rows * cellHeight + MARGIN };
  const data = new Uint8Array(sheet.width * sheet.height * 3).fill(BACKGROUND);
  frames.forEach(({ frame, caption }, n) => {
    const left = MARGIN + (n % columns) * cellWidth;
    const top = MARGIN + Math.floor(n / columns) * cellHeight;
    for (let y = 0; y < height * scale; y++)
      for (let x = 0; x < width * scale; x++) {
        const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * 3;
        const to = ((top + y) * sheet.width + left + x) * 3;
        data.set(frame.data.subarray(from, from + 3), to);
      }
    forEachDot(caption, (dotX, dotY) => {
      for (let y = 0; y < pen; y++)
        for (let x = 0; x < pen; x++) {
          const column = left + dotX * pen + x;
          const row = top + height * scale + MARGIN / 2 + dotY * pen + y;
          if (column < left + cellWidth)
            data.fill(INK, (row * sheet.width + column) * 3, (row * sheet.width + column + 1) * 3);
        }
    });
  });
  return { ...sheet, data };
}
