import type { LeafRuns } from './sqlite-pages.js';

/** Rowids from `first` to `last`, both included. */
export interface RowRange {
  readonly first: number;
  readonly last: number;
}

/** Ranges that rise and do not touch. */
export type RowRanges = readonly RowRange[];

/**
 * The rows that may differ between two states of a table: those of runs that are not in both as they are. A rowid
 * outside of them has the same row in both, or none in both.
 */
export function changedRows(before: LeafRuns, after: LeafRuns): RowRanges {
  const changed: RowRange[] = [];
  let [a, b] = [0, 0];
  while (a < before.first.length || b < after.first.length) {
    const [x, y] = [before.first[a] ?? Infinity, after.first[b] ?? Infinity];
    if (x === y && isSame(before, a, after, b)) {
      a++;
      b++;
      continue;
    }
    // Of two that begin alike but differ both have changed.
    if (x <= y) changed.push({ first: x, last: before.last[a++] ?? x });
    if (y <= x) changed.push({ first: y, last: after.last[b++] ?? y });
  }
  return unionOf(changed);
}

function isSame(before: LeafRuns, a: number, after: LeafRuns, b: number): boolean {
  return before.last[a] === after.last[b] && before.rows[a] === after.rows[b] && before.hash[a] === after.hash[b];
}

export function unionOf(ranges: readonly RowRange[]): RowRanges {
  const union: { first: number; last: number }[] = [];
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    const end = union.at(-1);
    if (end !== undefined && first <= end.last + 1) end.last = Math.max(end.last, last);
    else union.push({ first, last });
  }
  return union;
}

/** Whether any rowid from `first` to `last` is in one of the ranges. */
export function touches(ranges: RowRanges, first: number, last: number): boolean {
  // The first range that does not end before `first`.
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.last ?? Infinity) < first) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range.first <= last;
}
