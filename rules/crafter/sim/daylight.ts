/**
 * Daylight: `1 - |cos(pi * p)|^3` for a day of 300 steps, where the cosine and the cube are each the correctly
 * rounded value. `Math.cos` and `**` are not (they are off by a unit in the last place now and then), so both are
 * worked out in whole numbers. Values are kept by step and not by step within the day: the rounding of `step / 300`
 * differs from day to day. But it differs so little that a day's cosines are found from those of another day.
 */

const DAY = 300;
/** Binary places of the fixed-point cosine; 140 would do to round all arguments right. */
const PLACES = 192n;
const ONE = 1n << PLACES;

/** An angle with its cosine and sine, fixed-point. */
interface Turn {
  readonly angle: number;
  readonly cosine: bigint;
  readonly sine: bigint;
}

/** A double of at most 8 whose last bit is worth at least 2^-60, fixed-point: exact. */
const fixed = (value: number): bigint => BigInt(value * 2 ** 60) << (PLACES - 60n);
const times = (a: bigint, b: bigint): bigint => (a * b) >> PLACES;

/** Sums a Taylor series from `term` on, which is over n! and is followed by every other power of `angle`. */
function series(term: bigint, n: bigint, square: bigint): bigint {
  let sum = 0n;
  for (; term !== 0n; n += 2n) {
    sum += term;
    term = -(times(term, square) / ((n + 1n) * (n + 2n)));
  }
  return sum;
}

function turnBy(angle: number): Turn {
  const x = fixed(angle);
  const square = times(x, x);
  return { angle, cosine: series(ONE, 0n, square), sine: series(x, 1n, square) };
}

/** Further from a turn than this, its cosine does not help. */
const NEAR = 2 ** -40;

/** The cosine of an angle near a turn, with an error of about 2^-160: `cos a - d sin a - d^2/2 cos a + d^3/6 sin a`. */
function cosineNear({ angle, cosine, sine }: Turn, other: number): bigint {
  // Angles so close differ by a double, exactly.
  const d = fixed(other - angle);
  const square = times(d, d);
  return cosine - times(d, sine) - times(square, cosine) / 2n + times(times(square, d), sine) / 6n;
}

/** The cube of a double of at most 1 and at least 2^-57, rounded once. */
function cube(value: number): number {
  const scaled = BigInt(value * 2 ** 110);
  return Number(scaled * scaled * scaled) * 2 ** -330;
}

const known: number[] = [];
/** The turn at each step of a day, as it was first met. */
const turns: Turn[] = [];

/** How light it is after `step` steps, from 0 to 1. */
export function daylight(step: number): number {
  const before = known[step];
  if (before !== undefined) return before;
  const angle = Math.PI * (((step / DAY) % 1) + 0.3);
  const turn = (turns[step % DAY] ??= turnBy(angle));
  const exact = Math.abs(angle - turn.angle) < NEAR ? cosineNear(turn, angle) : turnBy(angle).cosine;
  // Converting a BigInt rounds to nearest, ties to even; scaling by a power of two is exact.
  const cosine = Number(exact) * 2 ** -Number(PLACES);
  const value = 1 - cube(Math.abs(cosine));
  known[step] = value;
  return value;
}
