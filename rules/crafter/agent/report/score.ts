/** Figures by which players are compared, and how sure they are. */
import { MersenneTwister } from '../../sim/mt19937.js';

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
export function wilson(successes: number, n: number): Interval {
  if (n === 0) return [0, 1];
  const p = successes / n;
  const shift = (Z * Z) / (2 * n);
  const spread = Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n));
  const scale = 1 + (Z * Z) / n;
  return [Math.max(0, (p + shift - spread) / scale), Math.min(1, (p + shift + spread) / scale)];
}

/** Bounds of a figure: 95 % of what chance would have given in its place lie within. */
export type Interval = readonly [low: number, high: number];

const RESAMPLES = 2000;
/** How many of the resamples lie below the interval, and above it. */
const TAIL = 0.025;

/**
 * The 95 % percentile bootstrap intervals of figures that are made of all episodes: as many episodes are drawn with
 * replacement, {@link RESAMPLES} times, and the figures taken of each draw (Efron, "Bootstrap methods: another look at the
 * jackknife", 1979). It fits means of any distribution, and the Crafter score, whose rates hang together. The draws are
 * the same each time. `undefined` where there are fewer than two episodes: one says nothing of others.
 *
 * @param figures the figures of the episodes with these indices.
 */
export function bootstrap(n: number, figures: (drawn: Int32Array) => readonly number[]): Interval[] | undefined {
  if (n < 2) return undefined;
  const random = new MersenneTwister(0);
  const drawn = new Int32Array(n);
  const samples = Array.from({ length: RESAMPLES }, () => {
    for (let i = 0; i < n; i++) drawn[i] = random.integer(0, n);
    return figures(drawn);
  });
  const cut = Math.round(TAIL * RESAMPLES);
  return (samples[0] ?? []).map((_, figure): Interval => {
    const values = Float64Array.from(samples, (sample) => sample[figure] ?? 0).sort();
    return [values[cut] as number, values[RESAMPLES - 1 - cut] as number];
  });
}
