import type { ContentDifference, Names, Numbers } from '../artifacts/compare.js';
import { isDigest } from '../base/digest.js';
import { formatBytes, formatCount, plural } from '../base/units.js';
import type { RebuildDifference } from '../execute/rebuild.js';
import { table } from './table.js';

/** As many hex digits as tell digests apart for people. */
const SHORT = 12;

/** A line a difference: what it is of, the locked and the found value; below an output, where it differs. */
export function differencesText(differences: readonly RebuildDifference[]): string {
  const lines = table(
    differences.map((difference) => [
      difference.target,
      subjectText(difference),
      `locked ${shortText(difference.locked)}`,
      `found ${shortText(difference.found)}`,
    ]),
  );
  return differences
    .flatMap(({ content, accepted, what, locked }, i) => [
      lines[i] ?? '',
      ...(accepted === undefined ? [] : [`  the locked result was accepted: ${accepted}`]),
      ...(content === undefined ? [] : contentLines(content).map((line) => `  ${line}`)),
      ...(content === undefined && what === 'output' && differences.some((other) => other.content) && isDigest(locked)
        ? ['  the bytes of the locked result are nowhere: only digests were compared']
        : []),
    ])
    .join('\n');
}

function subjectText({ what, name, path }: RebuildDifference): string {
  const subject = name === undefined ? what : `${what === 'params' ? 'param' : what} ${name}`;
  return path === undefined ? subject : `${subject} (${path})`;
}

function shortText(text: string): string {
  return isDigest(text) ? text.slice(0, 'sha256:'.length + SHORT) : text;
}

export function contentLines(content: ContentDifference): string[] {
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
        numbersText('only in the locked', content.removed),
        numbersText('only in the rebuilt', content.added),
      ].filter((line) => line !== '');
      if (content.reordered) lines.push('the same rows in another order');
      if (before !== now) lines.push(`${plural(before, 'row')} → ${formatCount(now)}`);
      return lines;
    }
    case 'entries':
      return [
        namesText('changed', content.changed),
        namesText('only in the locked', content.removed),
        namesText('only in the rebuilt', content.added),
      ].filter((line) => line !== '');
    case 'tables': {
      const changed = content.changed.map(({ name, rows: [before, now] }) =>
        before === now
          ? `table ${name} differs (${plural(now, 'row')})`
          : `table ${name} differs (${plural(before, 'row')} → ${formatCount(now)})`,
      );
      return [
        ...changed,
        namesText('tables only in the locked', content.removed),
        namesText('tables only in the rebuilt', content.added),
        content.shape ? 'columns, indexes or views differ' : '',
      ].filter((line) => line !== '');
    }
  }
}

/** `rows changed: 3, 5-8, 12 and 4 more`. */
function numbersText(what: string, { first, count }: Numbers): string {
  if (count === 0) return '';
  const ranges: [number, number][] = [];
  for (const n of first) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  const shown = ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
  return `rows ${what}: ${shown}${more(count - first.length)}`;
}

function namesText(what: string, { first, count }: Names): string {
  return count === 0 ? '' : `${what}: ${first.join(', ')}${more(count - first.length)}`;
}

function more(count: number): string {
  return count > 0 ? ` and ${formatCount(count)} more` : '';
}
