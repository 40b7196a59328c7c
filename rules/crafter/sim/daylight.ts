/**
 * Daylight: `1 - |cos(pi * p)|^3` for a day of 300 steps, where the cosine and the cube are each the correctly
 * rounded value. `Math.cos` and `**` are not (they are off by a unit in the last place now and then), so both are
 * worked out in whole numbers. Values are kept by step and not by step within the day: the rounding of `step / 300`
 * differs from day to day.
 */

const DAY = 300;
/** Binary places of the fixed-point cosine; 140 would do to round all arguments right. */
const PLACES = 192n;
const ONE = 1n << PLACES;

/** The cosine of a double between 0.5 and 8, rounded correctly. */
function cosine(angle: number): number {
  // The angle's last bit is worth at least 2^-54, so this is exact.
  const x = BigInt(angle * 2 ** 60) << (PLACES - 60n);
  const square = (x * x) >> PLACES;
  let sum = 0n;
  let term = ONE;
  for (let n = 1n; term !== 0n; n += 2n) {
    sum += term;
    term = -(((term * square) >> PLACES) / (n * (n + 1n)));
  }
  // Converting a BigInt rounds to nearest, ties to even; scaling by a power of two is exact.
  return Number(sum) * 2 ** -Number(PLACES);
}

/** The cube of a double of at most 1 and at least 2^-57, rounded once. */
function cube(value: number): number {
  const scaled = BigInt(value * 2 ** 110);
  return Number(scaled * scaled * scaled) * 2 ** -330;
}

const known: number[] = [];

/** How light it is after `step` steps, from 0 to 1. */
export function daylight(step: number): number {
  const before = known[step];
  if (before !== undefined) return before;
  const phase = ((step / DAY) % 1) + 0.3;
  const value = 1 - cube(Math.abs(cosine(Math.PI * phase)));
  known[step] = value;
  return value;
}
