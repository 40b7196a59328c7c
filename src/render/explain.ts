import { reasonText } from '../plan/reason-text.js';
import type { Decision } from '../plan/decision.js';
import type { Component, Explanation } from '../plan/explanation.js';
import { painter, type Style } from './narrator.js';
import { table } from './table.js';

/** What each state means for the next build, in a person's words. */
const MEANING: Record<Decision['state'], string> = {
  fresh: 'its outputs are the result of everything below',
  restorable: 'the result is in the store; the next build puts it back and runs nothing',
  stale: 'the next build runs it',
  waiting: 'something that it needs is not built; what it does follows from how that comes out',
};

const AGAINST = {
  last: 'its last build',
  lock: 'the lock',
  nearest: 'the nearest build on record',
} as const;

const DIGEST = /sha256:([0-9a-f]{12})[0-9a-f]{52}/g;

/** Why a target is fresh or stale: state, reasons, then every component of its key, changed ones first. */
export function explainText(explanation: Explanation, style: Style): string {
  const paint = painter(style);
  const { target, decision, components, against } = explanation;
  const lines = [`${paint('bold', target)} is ${decision.state}: ${MEANING[decision.state]}`];
  if (decision.state !== 'fresh')
    for (const reason of decision.reasons) lines.push(`  ${paint('yellow', reasonText(reason))}`);
  if (components.length === 0) return lines.join('\n');
  const changed = components.filter((component) => component.differs);
  const same = components.filter((component) => !component.differs);
  if (against !== null && changed.length > 0) {
    const whose = against.type === 'nearest' ? `${AGAINST.nearest} (of ${against.target})` : AGAINST[against.type];
    lines.push(
      '',
      `changed since ${whose}:`,
      ...table(changed.map((one) => changedRow(one))).map((line) => `  ${line}`),
    );
  }
  const rest = against === null ? components : same;
  if (rest.length > 0) {
    lines.push('', against === null ? 'made of:' : 'unchanged:');
    lines.push(
      ...table(rest.map((one) => [one.name, short(one.now ?? one.before)])).map((line) => `  ${paint('dim', line)}`),
    );
  }
  if ('key' in decision) lines.push('', paint('dim', `key ${decision.key}`));
  return lines.join('\n');
}

function changedRow({ name, before, now }: Component): string[] {
  if (before === null) return [name, `new: ${short(now)}`];
  if (now === null) return [name, `gone, was ${short(before)}`];
  return [name, `${short(before)} → ${short(now)}`];
}

/** Digests are cut to what a person compares; other values stand on one line. */
function short(value: string | null): string {
  if (value === null) return '–';
  const line = value.replaceAll(DIGEST, '$1…').replaceAll('\n', '⏎ ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
