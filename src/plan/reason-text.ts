import { visibleInLine } from '../base/text.js';
import type { Reason } from './reasons.js';

/** Of each list of names, this many stand in a line. */
const NAMES_SHOWN = 3;

/** A reason in one line, the same words everywhere. */
export function reasonText(reason: Reason): string {
  return visibleInLine(textOf(reason));
}

function textOf(reason: Reason): string {
  switch (reason.type) {
    case 'never-built':
      return 'never built';
    case 'rule-changed':
      if (reason.from !== undefined) return `rule changed (was ${reason.from})`;
      return reason.modules.length === 0 ? 'rule changed' : `rule changed (${names(reason.modules)})`;
    case 'param-changed':
      return `param changed (${reason.param} ${reason.from} → ${reason.to})`;
    case 'input-changed':
      return inputText(reason);
    case 'env-changed':
      return `env changed (${reason.name}${{ set: ' is set now', unset: ' is unset now', value: '' }[reason.change]})`;
    case 'tools-changed':
      return `tools changed (${reason.tool}: ${reason.from} → ${reason.to})`;
    case 'command-changed':
      return `command changed (${oneLine(reason.from)} → ${oneLine(reason.to)})`;
    case 'outputs-changed':
      return `outputs declared changed${inBrackets([listed('added', reason.added), listed('removed', reason.removed)])}`;
    case 'output-missing':
      return `output missing (${reason.path})`;
    case 'output-edited':
      return `output edited (${reason.path})`;
    case 'output-replaced':
      return `output replaced (${reason.path})`;
    case 'failed-before':
      return `failed before (${oneLine(reason.message)})`;
    case 'parts-failed':
      return `parts failed (${reason.failed} of ${reason.total})`;
    case 'format-changed':
      return `format changed (${reason.from} → ${reason.to})`;
    case 'forced':
      return 'forced';
    case 'upstream-stale':
      return reason.runsAnyway === true
        ? `upstream stale (${reason.target})`
        : `upstream stale (${reason.target}; will not run if that comes out the same)`;
  }
}

function inputText(reason: Extract<Reason, { type: 'input-changed' }>): string {
  const { role, added, changed, removed, counts } = reason;
  const lists = [
    listed('added', added, counts?.added),
    listed('changed', changed, counts?.changed),
    listed('removed', removed, counts?.removed),
  ].filter((text) => text !== '');
  return lists.length === 0 ? `input changed (${role})` : `input changed (${role}: ${lists.join('; ')})`;
}

function listed(verb: string, items: readonly string[], count = items.length): string {
  return items.length === 0 ? '' : `${verb} ${names(items, count)}`;
}

function names(items: readonly string[], count = items.length): string {
  const shown = items.slice(0, NAMES_SHOWN).join(', ');
  return count > NAMES_SHOWN ? `${shown} and ${count - NAMES_SHOWN} more` : shown;
}

function inBrackets(texts: readonly string[]): string {
  const there = texts.filter((text) => text !== '');
  return there.length === 0 ? '' : ` (${there.join('; ')})`;
}

function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, '; ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
