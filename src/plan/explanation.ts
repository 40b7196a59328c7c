import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import { sortedEntries } from '../base/order.js';
import { baselineOf, type Baseline } from './baseline.js';
import { formFingerprint, modulesOf, type PlanContext } from './decide.js';
import type { Decision } from './decision.js';
import { NO_DETAILS } from './details.js';
import type { Print } from './difference.js';
import type { InputPrint } from './fingerprint.js';
import { paramPath, valueText } from './value-text.js';

/** One thing the key is made of, as it was and as it is. */
export interface Component {
  /** `rule`, `code`, `module sft/filter.ts`, `param policy.kind`, `input rows`, `env HF_HOME`, `outputs`, `format` … */
  readonly name: string;
  /** Null: was not there. */
  readonly before: string | null;
  /** Null: is no more. */
  readonly now: string | null;
  readonly differs: boolean;
}

export interface Explanation {
  readonly target: string;
  readonly decision: Decision;
  /** What `before` is: this target's last success, its block in the lock, or another recorded action; null: nothing. */
  readonly against: { readonly type: Baseline['type']; readonly target: string } | null;
  readonly components: readonly Component[];
}

/** While something upstream is not built, an input has no digest yet: it is said to be this, and not to differ. */
const NOT_KNOWN = '(not known yet)';

/** Everything the target's key is made of, before and now. @throws TypeError for a target that was not decided. */
export async function explain(
  name: string,
  context: PlanContext,
  decisions: ReadonlyMap<string, Decision>,
): Promise<Explanation> {
  const target = context.graph.pipeline.targets.get(name);
  const decision = decisions.get(name);
  if (target === undefined || decision === undefined) throw new TypeError(`${name} was not decided`);
  const isWaiting = decision.state === 'waiting';
  const fingerprint = isWaiting ? await formFingerprint(target, {}, context) : decision.fingerprint;
  const print = { fingerprint, modules: modulesOf(target), details: NO_DETAILS };
  const now = partsOf(print);
  if (isWaiting) for (const role of Object.keys(target.inputs)) now.set(`input ${role}`, NOT_KNOWN);

  const baseline = baselineOf(target, print, context);
  const before = baseline?.print === undefined ? new Map<string, string>() : partsOf(baseline.print);
  if (baseline !== undefined) before.set('format', String(baseline.format));
  return {
    target: name,
    decision,
    against: baseline === undefined ? null : { type: baseline.type, target: baseline.target },
    components: compared(before, now, baseline),
  };
}

function compared(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  baseline: Baseline | undefined,
): Component[] {
  // Modules that were not recorded are not all new.
  const modulesKnown = [...before.keys()].some((name) => name.startsWith('module '));
  return [...new Set([...now.keys(), ...before.keys()])].map((name) => {
    const [was, is] = [before.get(name) ?? null, now.get(name) ?? null];
    const comparable =
      baseline !== undefined &&
      is !== NOT_KNOWN &&
      (baseline.print !== undefined || name === 'format') &&
      (modulesKnown || !name.startsWith('module '));
    return { name, before: was, now: is, differs: comparable && was !== is };
  });
}

/** In the order in which a person looks for causes. */
function partsOf({ fingerprint, modules }: Print): Map<string, string> {
  const { format, work, params, inputs, env, outputs } = fingerprint;
  const parts = new Map<string, string>();
  if (work.type === 'rule') {
    parts.set('rule', work.rule);
    parts.set('code', work.code);
    for (const [name, digest] of sortedEntries(modules)) parts.set(`module ${name}`, digest);
  } else {
    parts.set('command', work.text);
    for (const [name, version] of sortedEntries(work.tools)) parts.set(`tool ${name}`, version);
  }
  for (const [path, value] of leaves(params, '')) parts.set(`param ${path}`, valueText(value));
  for (const [role, print] of sortedEntries(inputs)) parts.set(`input ${role}`, inputText(print));
  for (const [name, digest] of sortedEntries(env)) parts.set(`env ${name}`, digest ?? '(unset)');
  parts.set('outputs', outputs.join(', '));
  parts.set('format', String(format));
  return parts;
}

function leaves(value: JsonObject, path: string): [string, Json][] {
  return sortedEntries(value).flatMap(([name, item]) => {
    const at = paramPath(path, name);
    return isJsonObject(item) && Object.keys(item).length > 0 ? leaves(item, at) : [[at, item] as [string, Json]];
  });
}

function inputText(print: InputPrint): string {
  if (print === null) return '(none)';
  if (typeof print === 'string') return print;
  return print
    .map(({ digest, name, executable }) => {
      const named = name === undefined ? digest : `${name} ${digest}`;
      return executable === true ? `${named} executable` : named;
    })
    .join('\n');
}
