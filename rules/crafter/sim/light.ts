/** The colours of dusk, night and sleep. */

/** Below this daylight a frame has noise. */
export const NIGHTFALL = 0.5;

// Night tints by half towards this colour; sleep takes the colour away and tints by half towards that one.
const NIGHT_COLOUR = [0, 16, 64] as const;
const SLEEP_BLUE = 16;

/** Brightness from 0 to 255, in the weights of ITU-R 601. */
const brightness = (red: number, green: number, blue: number): number =>
  (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;

/** A byte's share of the result, for all 256 bytes. */
type Shares = Float64Array;

/**
 * A moment's light. A pixel's byte is `daylight * day + (1 - daylight) * night`, where `day` is the byte by day and
 * `night` is what is left of the colour (with noise, if any) when it loses three fifths of its saturation and is
 * tinted. Both products depend on a single byte: they are looked up.
 */
export class Light {
  private readonly day: Shares = new Float64Array(256);
  private readonly nights: readonly [Shares, Shares, Shares] = [
    new Float64Array(256),
    new Float64Array(256),
    new Float64Array(256),
  ];

  constructor(
    readonly daylight: number,
    private readonly sleeping: boolean,
  ) {
    const dark = 1 - daylight;
    for (let byte = 0; byte < 256; byte++) {
      this.day[byte] = daylight * byte;
      this.nights.forEach((shares, channel) => {
        shares[byte] = dark * (0.5 * byte + 0.5 * (NIGHT_COLOUR[channel] ?? 0));
      });
    }
  }

  get isNight(): boolean {
    return this.daylight < NIGHTFALL;
  }

  /** Pixels without noise, three bytes each: `out` gets the colours of `base` in this light. */
  shade(base: Uint8Array, out: Uint8Array): void {
    const { day } = this;
    const [nightRed, nightGreen, nightBlue] = this.nights;
    for (let p = 0; p < base.length; p += 3) {
      const red = base[p] as number;
      const green = base[p + 1] as number;
      const blue = base[p + 2] as number;
      const grey = 3 * brightness(red, green, blue);
      // Multiplying and shifting divides numbers of this size by five.
      out[p] = (day[red] as number) + (nightRed[((grey + 2 * red) * 13108) >>> 16] as number);
      out[p + 1] = (day[green] as number) + (nightGreen[((grey + 2 * green) * 13108) >>> 16] as number);
      out[p + 2] = (day[blue] as number) + (nightBlue[((grey + 2 * blue) * 13108) >>> 16] as number);
    }
    if (this.sleeping) for (let p = 0; p < out.length; p += 3) dream(out, p);
  }

  /** A cell of a night frame: as {@link shade}, but with noise that grows towards the frame's corners. */
  shadeNoisy(base: Uint8Array, noise: Float64Array, weights: Float64Array, cell: NightCell, out: Uint8Array): void {
    const { day, sleeping } = this;
    const [nightRed, nightGreen, nightBlue] = this.nights;
    const { unitX, unitY, noiseStride } = cell;
    const amount = 2 * (0.5 - this.daylight);
    let from = 0;
    for (let row = 0; row < unitY; row++) {
      let at = cell.noiseStart + row;
      let to = cell.start + row * cell.stride;
      for (let column = 0; column < unitX; column++) {
        const mask = amount * (weights[at] as number);
        const keep = 1 - mask;
        const grain = mask * (noise[at] as number);
        const dayRed = base[from] as number;
        const dayGreen = base[from + 1] as number;
        const dayBlue = base[from + 2] as number;
        const red = (keep * dayRed + grain) | 0;
        const green = (keep * dayGreen + grain) | 0;
        const blue = (keep * dayBlue + grain) | 0;
        const grey = 3 * brightness(red, green, blue);
        out[to] = (day[dayRed] as number) + (nightRed[((grey + 2 * red) * 13108) >>> 16] as number);
        out[to + 1] = (day[dayGreen] as number) + (nightGreen[((grey + 2 * green) * 13108) >>> 16] as number);
        out[to + 2] = (day[dayBlue] as number) + (nightBlue[((grey + 2 * blue) * 13108) >>> 16] as number);
        if (sleeping) dream(out, to);
        from += 3;
        to += 3;
        at += noiseStride;
      }
    }
  }
}

/** A pixel as a sleeper sees it. */
function dream(out: Uint8Array, at: number): void {
  const dim = 0.5 * brightness(out[at] as number, out[at + 1] as number, out[at + 2] as number);
  out[at] = dim;
  out[at + 1] = dim;
  out[at + 2] = dim + 0.5 * SLEEP_BLUE;
}

/** A cell's place in the noise and in the frame, in pixels. */
export interface NightCell {
  /** Width and height of the cell. */
  readonly unitX: number;
  readonly unitY: number;
  /** Where the cell starts in the noise, which goes column by column, and how far apart columns are. */
  readonly noiseStart: number;
  readonly noiseStride: number;
  /** Where the cell starts in the frame's bytes, and how far apart rows are. */
  readonly start: number;
  readonly stride: number;
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
