import { canonicalJson } from '../base/canonical.js';
import type { Json } from '../base/json.js';

/** A value on one line is cut at this many characters. */
const SHOWN = 60;
/** Of what two long values have in common, this much is left before the first difference. */
const CONTEXT = 12;

/** `50 → 60` in two texts: values as JSON (plain strings bare), long ones cut so that the difference is still seen. */
export function changedValues(from: Json | undefined, to: Json | undefined): { from: string; to: string } {
  return cutPair(valueText(from), valueText(to));
}

export function cutPair(from: string, to: string): { from: string; to: string } {
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  const skip = Math.max(from.length, to.length) > SHOWN ? Math.max(0, same - CONTEXT) : 0;
  return { from: cut(from, skip), to: cut(to, skip) };
}

/** `(none)` for what is not there. A string that could be taken for something else keeps its quotes. */
export function valueText(value: Json | undefined): string {
  if (value === undefined) return '(none)';
  if (typeof value === 'string' && /^[\p{L}_./@~][^\s"()]*$/u.test(value) && !/^(true|false|null)$/.test(value)) {
    return value;
  }
  return canonicalJson(value);
}

/** The path of a param within the one at `above`: a name is quoted where a dot or bracket in it would mislead. */
export function paramPath(above: string, name: string): string {
  const step = /^[^\s.[\]"]+$/.test(name) ? name : JSON.stringify(name);
  return above === '' ? step : `${above}.${step}`;
}

function cut(text: string, skip: number): string {
  const start = skip > 0 ? `…${text.slice(skip)}` : text;
  return start.length > SHOWN ? `${start.slice(0, SHOWN - 1)}…` : start;
}
