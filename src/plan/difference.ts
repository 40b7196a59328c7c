import { canonicalJson } from '../base/canonical.js';
import type { Digest } from '../base/digest.js';
import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import { compareBytes } from '../base/order.js';
import type { ActionDetails } from './details.js';
import type { Fingerprint, InputPrint } from './fingerprint.js';
import type { Reason } from './reasons.js';
import { changedValues, cutPair, paramPath } from './value-text.js';

/** One side of a comparison: a fingerprint and what stands behind its digests. */
export interface Print {
  readonly fingerprint: Fingerprint;
  readonly modules: Readonly<Record<string, Digest>>;
  readonly details: ActionDetails;
}

/** A reason names at most this many of each. */
const NAMED = 20;

/** Why two fingerprints have two keys. Empty exactly when they are equal. */
export function differences(before: Print, now: Print): Reason[] {
  const [a, b] = [before.fingerprint, now.fingerprint];
  // Under another format the same fields may mean something else, so nothing below can be compared.
  if (a.format !== b.format) return [{ type: 'format-changed', from: a.format, to: b.format }];
  return [
    ...workDifferences(before, now),
    ...paramDifferences(a.params, b.params),
    ...inputDifferences(before, now),
    ...envDifferences(a.env, b.env),
    ...outputDifferences(a.outputs, b.outputs),
  ];
}

function workDifferences(before: Print, now: Print): Reason[] {
  const [a, b] = [before.fingerprint.work, now.fingerprint.work];
  if (b.type === 'rule') {
    if (a.type === 'command') return [{ type: 'rule-changed', from: 'a command', modules: [] }];
    if (a.rule !== b.rule) return [{ type: 'rule-changed', from: a.rule, modules: [] }];
    return a.code === b.code ? [] : [{ type: 'rule-changed', modules: changedModules(before.modules, now.modules) }];
  }
  const reasons: Reason[] = [];
  const text = a.type === 'command' ? a.text : `rule ${a.rule}`;
  if (a.type !== b.type || text !== b.text) reasons.push({ type: 'command-changed', ...cutPair(text, b.text) });
  const tools = a.type === 'command' ? a.tools : b.tools;
  for (const tool of namesOf(tools, b.tools)) {
    if (tools[tool] !== b.tools[tool]) {
      reasons.push({ type: 'tools-changed', tool, from: tools[tool] ?? '(none)', to: b.tools[tool] ?? '(none)' });
    }
  }
  return reasons;
}

/** Empty where the modules are not known to differ (an earlier build may not have recorded them). */
function changedModules(before: Readonly<Record<string, Digest>>, now: Readonly<Record<string, Digest>>): string[] {
  if (Object.keys(before).length === 0) return [];
  return namesOf(before, now).filter((name) => before[name] !== now[name]);
}

function paramDifferences(before: JsonObject, now: JsonObject): Reason[] {
  const found: Reason[] = [];
  const compare = (path: string, a: Json | undefined, b: Json | undefined): void => {
    if (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b)) return;
    if (isJsonObject(a) && isJsonObject(b)) {
      for (const name of namesOf(a, b)) compare(paramPath(path, name), a[name], b[name]);
    } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      a.forEach((item: Json, i) => compare(`${path}[${i}]`, item, b[i] as Json));
    } else {
      found.push({ type: 'param-changed', param: path, ...changedValues(a, b) });
    }
  };
  compare('', before, now);
  return found;
}

function inputDifferences(before: Print, now: Print): Reason[] {
  const [a, b] = [before.fingerprint.inputs, now.fingerprint.inputs];
  return namesOf(a, b)
    .filter((role) => !sameInput(a[role], b[role]))
    .map((role) => inputChange(role, before.details.inputs[role], now.details.inputs[role]));
}

function sameInput(a: InputPrint | undefined, b: InputPrint | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a === b || canonicalJson(a as Json) === canonicalJson(b as Json);
}

type Names = Readonly<Record<string, string>>;

/** Names are given only where both sides are known: else everything would look added. */
function inputChange(role: string, before: Names | undefined, now: Names | undefined): Reason {
  if (before === undefined || now === undefined) {
    return { type: 'input-changed', role, added: [], changed: [], removed: [] };
  }
  const names = namesOf(before, now).filter((name) => before[name] !== now[name]);
  return listedChange(role, {
    added: names.filter((name) => before[name] === undefined),
    changed: names.filter((name) => before[name] !== undefined && now[name] !== undefined),
    removed: names.filter((name) => now[name] === undefined),
  });
}

/** An `input-changed` that names the first of each, and counts them where there are more. */
function listedChange(
  role: string,
  all: Readonly<Record<'added' | 'changed' | 'removed', readonly string[]>>,
): Extract<Reason, { type: 'input-changed' }> {
  const { added, changed, removed } = all;
  const reason = {
    type: 'input-changed',
    role,
    added: added.slice(0, NAMED),
    changed: changed.slice(0, NAMED),
    removed: removed.slice(0, NAMED),
  } as const;
  if (Math.max(added.length, changed.length, removed.length) <= NAMED) return reason;
  return { ...reason, counts: { added: added.length, changed: changed.length, removed: removed.length } };
}

function envDifferences(before: Fingerprint['env'], now: Fingerprint['env']): Reason[] {
  return namesOf(before, now)
    .filter((name) => before[name] !== now[name])
    .map((name) => {
      const [was, is] = [before[name] ?? null, now[name] ?? null];
      return { type: 'env-changed', name, change: is === null ? 'unset' : was === null ? 'set' : 'value' };
    });
}

function outputDifferences(before: readonly string[], now: readonly string[]): Reason[] {
  if (canonicalJson(before) === canonicalJson(now)) return [];
  const [was, is] = [new Set(before), new Set(now)];
  return [
    {
      type: 'outputs-changed',
      added: now.filter((name) => !was.has(name)),
      removed: before.filter((name) => !is.has(name)),
    },
  ];
}

/** The names of both, each once, in byte order. */
function namesOf(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareBytes);
}
