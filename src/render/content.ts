import type { ContentDifference, Names, Numbers } from '../artifacts/compare.js';
import { formatBytes, formatCount, plural } from '../base/units.js';

/**
 * Where two artifacts differ, a line for each way.
 *
 * @param sides what the two are called: `locked`, `rebuilt`
 */
export function contentLines(content: ContentDifference, sides: readonly [before: string, now: string]): string[] {
  const [earlier, later] = sides;
  switch (content.unit) {
    case 'bytes': {
      const [before, now] = content.sizes;
      const sizes = before === now ? '' : `; ${formatBytes(before)} → ${formatBytes(now)}`;
      return [`differs from byte ${formatCount(content.offset)} on${sizes}`];
    }
    case 'rows': {
      const [before, now] = content.counts;
      const lines = [
        numbersText('changed', content.changed),
        numbersText(`only in the ${earlier}`, content.removed),
        numbersText(`only in the ${later}`, content.added),
      ].filter((line) => line !== '');
      if (content.reordered) lines.push('the same rows in another order');
      if (before !== now) lines.push(`${plural(before, 'row')} → ${formatCount(now)}`);
      return lines;
    }
    case 'entries':
      return [
        namesText('changed', content.changed),
        namesText(`only in the ${earlier}`, content.removed),
        namesText(`only in the ${later}`, content.added),
      ].filter((line) => line !== '');
    case 'tables': {
      const changed = content.changed.map(({ name, rows: [before, now] }) =>
        before === now
          ? `table ${name} differs (${plural(now, 'row')})`
          : `table ${name} differs (${plural(before, 'row')} → ${formatCount(now)})`,
      );
      return [
        ...changed,
        content.changedCount > changed.length
          ? `${formatCount(content.changedCount - changed.length)} more tables differ`
          : '',
        namesText(`tables only in the ${earlier}`, content.removed),
        namesText(`tables only in the ${later}`, content.added),
        content.shape ? 'columns, indexes or views differ' : '',
      ].filter((line) => line !== '');
    }
  }
}

/** `rows changed: 3, 5-8, 12 and 4 more`; `row changed: 3`, which is its number. */
function numbersText(what: string, { first, count }: Numbers): string {
  if (count === 0) return '';
  const ranges: [number, number][] = [];
  for (const n of first) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  const shown = ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
  return `${count === 1 ? 'row' : 'rows'} ${what}: ${shown}${more(count - first.length)}`;
}

function namesText(what: string, { first, count }: Names): string {
  return count === 0 ? '' : `${what}: ${first.join(', ')}${more(count - first.length)}`;
}

function more(count: number): string {
  return count > 0 ? ` and ${formatCount(count)} more` : '';
}
