/** The colours of dusk, night and sleep. */

/** Below this daylight a frame has noise. */
export const NIGHTFALL = 0.5;

/** Brightness from 0 to 255, in the weights of ITU-R 601. */
const brightness = (red: number, green: number, blue: number): number =>
  (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;

/** `floor((3 * grey + 2 * value) / 5)`: what is left of a colour when it loses three fifths of its saturation. */
const fade = (grey: number, value: number): number => ((3 * grey + 2 * value) * 13108) >>> 16;

// Night tints by half towards this colour, sleep replaces colour by half of this one.
const NIGHT_GREEN = 16;
const NIGHT_BLUE = 64;
const SLEEP_BLUE = 16;

/** How a moment's light changes colours. */
export interface Light {
  readonly daylight: number;
  readonly sleeping: boolean;
}

/**
 * Writes the pixel at `to`: its colour by day is the one of `base` at `from`, its colour by night is worked out from
 * (red, green, blue), which is the same but for the noise.
 */
function shade(
  base: Uint8Array,
  from: number,
  red: number,
  green: number,
  blue: number,
  { daylight, sleeping }: Light,
  out: Uint8Array,
  to: number,
): void {
  const grey = brightness(red, green, blue);
  const dark = 1 - daylight;
  const r = daylight * (base[from] as number) + dark * (0.5 * fade(grey, red));
  const g = daylight * (base[from + 1] as number) + dark * (0.5 * fade(grey, green) + 0.5 * NIGHT_GREEN);
  const b = daylight * (base[from + 2] as number) + dark * (0.5 * fade(grey, blue) + 0.5 * NIGHT_BLUE);
  if (sleeping) {
    const dim = 0.5 * brightness(Math.trunc(r), Math.trunc(g), Math.trunc(b));
    out[to] = dim;
    out[to + 1] = dim;
    out[to + 2] = dim + 0.5 * SLEEP_BLUE;
  } else {
    out[to] = r;
    out[to + 1] = g;
    out[to + 2] = b;
  }
}

/** Pixels without noise, three bytes each: `out` gets the colours of `base` in this light. */
export function shadeAll(base: Uint8Array, light: Light, out: Uint8Array): void {
  for (let p = 0; p < base.length; p += 3)
    shade(base, p, base[p] as number, base[p + 1] as number, base[p + 2] as number, light, out, p);
}

/** How much of the noise shows where, from 0 in the middle to nearly 1 in the corners; column by column. */
export function vignette(width: number, height: number): Float64Array {
  const spread = (n: number): Float64Array => {
    const step = 2 / (n - 1);
    return Float64Array.from({ length: n }, (_, i) => (i === n - 1 ? 1 : i * step - 1));
  };
  const weights = new Float64Array(width * height);
  let at = 0;
  const rows = spread(height);
  for (const x of spread(width)) for (const y of rows) weights[at++] = 1 - Math.exp((-0.5 * (x * x + y * y)) / 0.25);
  return weights;
}

/** A cell's place in the noise and in the frame, in pixels. */
export interface NightCell {
  /** Width and height of the cell. */
  readonly unitX: number;
  readonly unitY: number;
  /** Where the cell starts in `noise` and `weights`, which go column by column, and how far apart columns are. */
  readonly noiseStart: number;
  readonly noiseStride: number;
  /** Where the cell starts in the frame's bytes, and how far apart rows are. */
  readonly start: number;
  readonly stride: number;
}

/** Draws a cell of a night frame: as {@link shadeAll}, but with noise that grows towards the frame's corners. */
export function shadeNoisy(
  base: Uint8Array,
  light: Light,
  noise: Float64Array,
  weights: Float64Array,
  cell: NightCell,
  out: Uint8Array,
): void {
  const amount = 2 * (0.5 - light.daylight);
  let from = 0;
  for (let row = 0; row < cell.unitY; row++) {
    let at = cell.noiseStart + row;
    let to = cell.start + row * cell.stride;
    for (let column = 0; column < cell.unitX; column++, from += 3, to += 3, at += cell.noiseStride) {
      const mask = amount * (weights[at] as number);
      const keep = 1 - mask;
      const grain = mask * (noise[at] as number);
      const red = Math.trunc(keep * (base[from] as number) + grain);
      const green = Math.trunc(keep * (base[from + 1] as number) + grain);
      const blue = Math.trunc(keep * (base[from + 2] as number) + grain);
      shade(base, from, red, green, blue, light, out, to);
    }
  }
}
