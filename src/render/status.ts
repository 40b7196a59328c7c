import { formatBytes, formatCount, plural } from '../base/units.js';
import { reasonsText } from './event-lines.js';
import { partsText } from './parts.js';
import { painter, type Style } from './narrator.js';
import { table } from './table.js';
import type { TargetStatus } from '../execute/status.js';

const MARKS = { fresh: '●', restorable: '◐', stale: '○', waiting: '·', partial: '◍', failed: '✗' } as const;
const COLORS = {
  fresh: 'green',
  restorable: 'cyan',
  stale: 'yellow',
  waiting: 'dim',
  partial: 'yellow',
  failed: 'red',
} as const;

/** A line a target: state, parts, size, age, reasons. */
export function statusText(
  statuses: readonly TargetStatus[],
  leftOver: readonly string[],
  nowMs: number,
  style: Style,
): string {
  const paint = painter(style);
  const rows = statuses.map((status) => [
    `${MARKS[status.state]} ${status.target}`,
    status.state,
    partsOf(status),
    status.size === undefined ? '' : formatBytes(status.size),
    status.builtMs === undefined ? '' : ageText(nowMs - status.builtMs),
    reasonsText(status.reasons),
  ]);
  const lines = table(rows, [2, 3, 4]).map((line, i) => paint(COLORS[statuses[i]?.state ?? 'waiting'], line));
  for (const path of leftOver)
    lines.push(paint('yellow', `left over: ${path} (its target is gone; \`vlmbuild clean --left-over\` removes it)`));
  return lines.join('\n');
}

function partsOf({ parts, preview }: TargetStatus): string {
  if (preview !== undefined) return partsText(preview);
  return parts === undefined ? '' : plural(parts, 'part');
}

/** `now`, `5m`, `3h`, `12d`: how long ago, to the nearest unit below. */
export function ageText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes}m`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h`;
  return `${formatCount(Math.floor(minutes / 1440))}d`;
}
