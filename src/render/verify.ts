import { isDigest } from '../base/digest.js';
import type { RebuildDifference } from '../execute/rebuild.js';
import { contentLines } from './content.js';
import { table } from './table.js';

/** As many hex digits as tell digests apart for people. */
const SHORT = 12;
const LOCKED_AND_REBUILT = ['locked', 'rebuilt'] as const;

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
      ...(content === undefined ? [] : contentLines(content, LOCKED_AND_REBUILT).map((line) => `  ${line}`)),
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
