/** Figures as they are printed. */

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Rounded to so many decimal places, as Python's `round` does it: by the exact value of the double, what lies in the
 * middle to the even digit. 0 of what is no number (a mean of nothing).
 */
export function rounded(value: number, places: number): number {
  if (!Number.isFinite(value)) return 0;
  const nearest = value.toFixed(places);
  // Where the rest is a half it has places + 1 digits, so 100 tell it from all others.
  const rest = value.toFixed(100).split('.')[1]?.slice(places) ?? '';
  const isTie = /^50*$/.test(rest);
  // Of a tie, `toFixed` takes the one farther from 0.
  const isOdd = Number(nearest.at(-1)) % 2 === 1;
  return Number(isTie && isOdd ? (Number(nearest) - Math.sign(value) / 10 ** places).toFixed(places) : nearest);
}

/** To two places; 0 of nothing. */
export const mean = (values: readonly number[]): number => rounded(sum(values) / values.length, 2);
