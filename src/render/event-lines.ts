import { formatBytes, formatCount, formatSeconds, plural } from '../base/units.js';
import type { BuildCounts, BuildEvent, FinishedOutput } from '../execute/events.js';
import { reasonText } from '../plan/reason-text.js';
import type { Reason } from '../plan/reasons.js';

type EventOf<T extends BuildEvent['type']> = Extract<BuildEvent, { type: T }>;

/** At most this many reasons stand on one line; `explain` shows them all. */
const REASONS_SHOWN = 3;

export function reasonsText(reasons: readonly Reason[]): string {
  const shown = reasons.slice(0, REASONS_SHOWN).map(reasonText);
  if (reasons.length > REASONS_SHOWN) shown.push(`${formatCount(reasons.length - REASONS_SHOWN)} more`);
  return shown.join('; ');
}

/** `made 3 of 1,000 parts in 1.2s: 14 MB in dataset.jsonl`: what came of a target. */
export function finishedText(event: EventOf<'target-finished'>): string {
  const { parts } = event;
  const verb = event.action === 'restore' ? 'restored' : 'built';
  const made = parts === undefined ? '' : `, ${formatCount(parts.made)} of ${plural(parts.total, 'part')} made`;
  const failed = parts !== undefined && parts.failed > 0 ? `, ${plural(parts.failed, 'part')} failed` : '';
  const same = event.unchanged ? ', came out the same' : '';
  return `${verb} in ${formatSeconds(event.seconds)}${made}${failed}${same}: ${outputsText(event.outputs)}`;
}

function outputsText(outputs: readonly FinishedOutput[]): string {
  return outputs
    .map(({ path, kind, size }) => `${path}${kind === 'directory' ? '/' : ''} (${formatBytes(size)})`)
    .join(', ');
}

/** `3 ran, 1 restored, 2 fresh`: only what there was. */
export function countsText(counts: BuildCounts): string {
  const named: [keyof BuildCounts, string][] = [
    ['ran', 'ran'],
    ['restored', 'restored'],
    ['fresh', 'fresh'],
    ['failed', 'failed'],
    ['skipped', 'skipped'],
  ];
  return named
    .filter(([key]) => counts[key] > 0)
    .map(([key, word]) => `${formatCount(counts[key])} ${word}`)
    .join(', ');
}
