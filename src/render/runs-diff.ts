import { contentLines } from './content.js';
import { plural } from '../base/units.js';
import type { RunsDifference, TargetDifference } from '../execute/runs-diff.js';
import { reasonText } from '../plan/reason-text.js';

/** Either may be the later one. */
const SIDES = ['first', 'second'] as const;

/** A line a target that differs, and one below it for each thing in which it does. */
export function runsDiffText({ runs, targets, same }: RunsDifference): string {
  const lines = targets.flatMap((difference) => [
    headline(difference),
    ...details(difference).map((line) => `  ${line}`),
  ]);
  const alike = same === 0 ? '' : `; ${plural(same, 'target')} ${same === 1 ? 'is' : 'are'} the same`;
  const count =
    targets.length === 0
      ? 'no target differs'
      : `${plural(targets.length, 'target')} differ${targets.length === 1 ? 's' : ''}`;
  return [...lines, `${runs[0]} → ${runs[1]}: ${count}${alike}`].join('\n');
}

function headline({ target, change, outputs, reasons, unknown }: TargetDifference): string {
  if (change !== 'changed') return `${target}: ${change}`;
  if (outputs.length === 0) return `${target}: came out the same`;
  return reasons.length === 0 && !unknown ? `${target}: came out different from the same key` : target;
}

function details({ change, reasons, unknown, outputs }: TargetDifference): string[] {
  if (change !== 'changed') return [];
  return [
    ...reasons.map(reasonText),
    ...(unknown ? ['its key changed (what it was made of is recorded no more)'] : []),
    ...outputs.flatMap(({ name, before, now, content }) => [
      `output changed (${name} ${shortText(before)} → ${shortText(now)})`,
      ...(content === undefined ? [] : contentLines(content, SIDES).map((line) => `  ${line}`)),
    ]),
  ];
}

/** As many hex digits as tell digests apart for people. */
function shortText(digest: string | null): string {
  return digest === null ? '(none)' : digest.slice('sha256:'.length, 'sha256:'.length + 12);
}
