/** Figures by which players are compared. */

/**
 * The Crafter score in percent: the geometric mean of success rates, each a percentage shifted by one so that a single
 * zero does not make it all zero: `exp(mean(ln(1 + s))) - 1` (Hafner, "Benchmarking the Spectrum of Agent
 * Capabilities", 2021).
 *
 * @param rates success rates from 0 to 1, one for each achievement.
 */
export function crafterScore(rates: readonly number[]): number {
  const logs = rates.reduce((sum, rate) => sum + Math.log(1 + 100 * rate), 0);
  return Math.exp(logs / rates.length) - 1;
}

/** How sure {@link wilson} is: the normal quantile of 97.5 %, for intervals that hold the true rate 95 times of 100. */
const Z = 1.959964;

/**
 * The Wilson score interval of a success rate, at 95 %:
 *
 *     (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)     with p = successes / n, z = 1.96
 *
 * (Wilson, "Probable inference, the law of succession, and statistical inference", 1927.) Unlike `p ± z·√(p(1−p)/n)` it
 * stays within 0 and 1 and has a width where all or none succeed.
 */
export function wilson(successes: number, n: number): readonly [low: number, high: number] {
  if (n === 0) return [0, 1];
  const p = successes / n;
  const shift = (Z * Z) / (2 * n);
  const spread = Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n));
  const scale = 1 + (Z * Z) / n;
  return [Math.max(0, (p + shift - spread) / scale), Math.min(1, (p + shift + spread) / scale)];
}
