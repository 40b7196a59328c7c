/** Drawings as text: a letter a pixel, sixteen rows of sixteen. */
import { PALETTE } from './palette.js';
import type { Texture } from '../sim/texture.js';

export const SIDE = 16;

/** Rows of letters of the palette; `.` is transparent. */
export type Drawing = readonly string[];

/** A drawing from its rows, one a line. @throws Error unless it is sixteen rows of sixteen. */
export function drawing(text: string): Drawing {
  const rows = text.trim().split(/\s+/);
  if (rows.length !== SIDE || rows.some((row) => row.length !== SIDE))
    throw new Error(`a drawing is ${SIDE} rows of ${SIDE} letters:\n${text}`);
  return rows;
}

export const mirrored = (rows: Drawing): Drawing => rows.map((row) => Array.from(row).reverse().join(''));

/** A quarter turn clockwise. */
export const turned = (rows: Drawing): Drawing =>
  rows.map((_, y) =>
    rows
      .map((row) => row.charAt(y))
      .reverse()
      .join(''),
  );

/** One drawing laid over another. */
export const over = (top: Drawing, bottom: Drawing): Drawing =>
  bottom.map((row, y) => Array.from(row, (below, x) => (top[y]?.[x] ?? '.').replace('.', below)).join(''));

/** The same drawing with some letters exchanged. */
export const recoloured = (rows: Drawing, letters: Readonly<Record<string, string>>): Drawing =>
  rows.map((row) => Array.from(row, (letter) => letters[letter] ?? letter).join(''));

/** The pixels of a drawing. @throws Error for a letter that the palette lacks. */
export function textureOf(rows: Drawing): Texture {
  const data = new Uint8Array(SIDE * SIDE * 4);
  rows.forEach((row, y) => {
    Array.from(row).forEach((letter, x) => {
      if (letter === '.') return;
      const colour = PALETTE[letter];
      if (colour === undefined) throw new Error(`the palette has no colour \`${letter}\``);
      const rgb = parseInt(colour, 16);
      data.set([rgb >> 16, (rgb >> 8) & 255, rgb & 255, 255], (y * SIDE + x) * 4);
    });
  });
  return { width: SIDE, height: SIDE, channels: 4, data };
}
