/**
 * The candidate a mistyped name most likely meant, or undefined where none is close.
 *
 * Close means: equal but for case and `-`/`_`, at most a third of the letters edited (a swap of neighbours is one edit),
 * or one is the beginning of the other. Ties go to the first candidate.
 */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = simplified(name);
  let best: string | undefined;
  let bestScore = Math.floor(wanted.length / 3) + 0.5;
  for (const candidate of candidates) {
    if (candidate === name) continue;
    const score = distanceBelow(wanted, simplified(candidate), bestScore);
    if (score < bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}

function simplified(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** The distance, or `limit` where it is not below that. */
function distanceBelow(a: string, b: string, limit: number): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  const prefix = shorter >= 3 && (a.startsWith(b) || b.startsWith(a)) ? 1 : limit;
  if (Math.abs(a.length - b.length) >= limit) return Math.min(prefix, limit);
  return Math.min(prefix, editDistance(a, b));
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(older, j - 2) + 1);
      row.push(cost);
    }
    [older, previous] = [previous, row];
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
