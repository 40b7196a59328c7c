/**
 * Digits, of seven strokes as on a pocket calculator. A frame of 64 by 64 has four by four pixels for a digit; the
 * strokes lie where these are sampled (rows and columns 2, 6, 10 and 14), so that the nine digits differ even there.
 */
import { type Drawing, SIDE } from './drawing.js';

/** Columns and rows, first and last. */
type Stroke = readonly [x0: number, y0: number, x1: number, y1: number];
const TOP: Stroke = [5, 1, 14, 2];
const MIDDLE: Stroke = [5, 7, 14, 8];
const BOTTOM: Stroke = [5, 13, 14, 14];
const UPPER_LEFT: Stroke = [5, 1, 6, 8];
const UPPER_RIGHT: Stroke = [13, 1, 14, 8];
const LOWER_LEFT: Stroke = [5, 7, 6, 14];
const LOWER_RIGHT: Stroke = [13, 7, 14, 14];

const STROKES: Readonly<Record<string, readonly Stroke[]>> = {
  '1': [
    [9, 1, 10, 14],
    [7, 2, 9, 3],
    [7, 13, 12, 14],
  ],
  '2': [TOP, UPPER_RIGHT, MIDDLE, LOWER_LEFT, BOTTOM],
  '3': [TOP, UPPER_RIGHT, MIDDLE, LOWER_RIGHT, BOTTOM],
  // Its bar is lower, where a row is sampled.
  '4': [[5, 1, 6, 10], [5, 9, 14, 10], UPPER_RIGHT, LOWER_RIGHT],
  '5': [TOP, UPPER_LEFT, MIDDLE, LOWER_RIGHT, BOTTOM],
  '6': [TOP, UPPER_LEFT, MIDDLE, LOWER_LEFT, LOWER_RIGHT, BOTTOM],
  '7': [TOP, UPPER_RIGHT, LOWER_RIGHT],
  '8': [TOP, UPPER_LEFT, UPPER_RIGHT, MIDDLE, LOWER_LEFT, LOWER_RIGHT, BOTTOM],
  '9': [TOP, UPPER_LEFT, UPPER_RIGHT, MIDDLE, LOWER_RIGHT, BOTTOM],
};

/** White strokes with a dark rim. */
function digit(strokes: readonly Stroke[]): Drawing {
  const touches = (x: number, y: number, rim: number): boolean =>
    strokes.some(([x0, y0, x1, y1]) => x >= x0 - rim && x <= x1 + rim && y >= y0 - rim && y <= y1 + rim);
  const letter = (x: number, y: number): string => (touches(x, y, 0) ? 'w' : touches(x, y, 1) ? 'k' : '.');
  return Array.from({ length: SIDE }, (_, y) => Array.from({ length: SIDE }, (_, x) => letter(x, y)).join(''));
}

export const DIGITS: Readonly<Record<string, Drawing>> = Object.fromEntries(
  Object.entries(STROKES).map(([name, strokes]) => [name, digit(strokes)]),
);
