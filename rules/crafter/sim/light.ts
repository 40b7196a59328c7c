/** The colours of dusk, night and sleep, pixel by pixel. */

/** How light it is, from 0 to 1, and whether the player, through whose eyes a picture looks, is asleep. */
export interface Light {
  readonly daylight: number;
  readonly sleeping: boolean;
}

/** Below this daylight a picture has noise: a number from 32 to 127 a pixel. */
export const NIGHTFALL = 0.5;
export const DARKEST_NOISE = 32;
export const BRIGHTEST_NOISE = 127;

// Night tints by half towards this colour; sleep takes the colour away and tints by half towards that one.
const NIGHT_COLOUR = [0, 16, 64] as const;
const SLEEP_COLOUR = [0, 0, 16] as const;

type Colour = readonly [number, number, number];

/** Brightness from 0 to 255, in the weights of ITU-R 601. */
const brightness = ([red, green, blue]: Colour): number => (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;

/** How much of the noise shows at a pixel: `weight` is the vignette's. */
export const noiseShare = ({ daylight }: Light, weight: number): number => 2 * (0.5 - daylight) * weight;

/** A colour's bytes in this light, where `share` of it by night is `noise`. */
export function lit(day: Colour, light: Light, share: number, noise: number): Colour {
  const night = day.map((byte) => Math.trunc((1 - share) * byte + share * noise)) as unknown as Colour;
  const grey = 3 * brightness(night);
  const seen = day.map((byte, channel) => {
    // Night takes three fifths of the saturation.
    const faded = Math.floor((grey + 2 * (night[channel] ?? 0)) / 5);
    const tinted = 0.5 * faded + 0.5 * (NIGHT_COLOUR[channel] ?? 0);
    return Math.trunc(light.daylight * byte + (1 - light.daylight) * tinted);
  }) as unknown as Colour;
  if (!light.sleeping) return seen;
  const dim = 0.5 * brightness(seen);
  return SLEEP_COLOUR.map((byte) => Math.trunc(dim + 0.5 * byte)) as unknown as Colour;
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
