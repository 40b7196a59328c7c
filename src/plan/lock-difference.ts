import { canonicalJson } from '../base/canonical.js';
import type { Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { compareBytes } from '../base/order.js';
import type { LockedTarget } from './lock-file.js';
import { changedValues, cutPair } from './value-text.js';

/** Something at which a target is not what the lock says. `locked` and `found` are digests, or values in one line. */
export interface LockDifference {
  readonly target: string;
  /** `key`: what the lock holds of the key alone, the environment or the key's format. `target`: it is gone. */
  readonly what: 'target' | 'rule' | 'code' | 'command' | 'tools' | 'params' | 'input' | 'output' | 'key';
  /** A role, with `[item]` behind it for one of a list; the name of an output. */
  readonly name?: string;
  /** Root-relative. */
  readonly path?: string;
  readonly locked: string;
  readonly found: string;
}

/** What stands where a digest should be. */
export type Found = Digest | 'absent' | 'unreadable';

/** A locked target's key but for its inputs, as it is now. */
export type FoundWork = Pick<LockedTarget, 'rule' | 'code' | 'command' | 'tools' | 'params'>;

/** Differences in what a target does, apart from what it reads: rule, code, command, tools, params. */
export function workDifferences(target: string, locked: FoundWork, found: FoundWork): LockDifference[] {
  const differences: LockDifference[] = [];
  const add = (what: LockDifference['what'], a: string, b: string, name?: string): void => {
    if (a !== b) differences.push({ target, what, ...(name === undefined ? {} : { name }), locked: a, found: b });
  };
  if ((locked.rule === undefined) !== (found.rule === undefined)) {
    add('rule', locked.rule ?? 'a command', found.rule ?? 'a command');
    return differences;
  }
  if (locked.rule !== found.rule) add('rule', locked.rule ?? '', found.rule ?? '');
  else add('code', locked.code ?? '', found.code ?? '');
  if (locked.command !== found.command) {
    const { from, to } = cutPair(locked.command ?? '', found.command ?? '');
    add('command', from, to);
  }
  for (const name of names(locked.tools ?? {}, found.tools ?? {}))
    add('tools', locked.tools?.[name] ?? '(none)', found.tools?.[name] ?? '(none)', name);
  for (const name of names(locked.params, found.params)) {
    const [a, b] = [locked.params[name], found.params[name]];
    if (jsonText(a) === jsonText(b)) continue;
    const { from, to } = changedValues(a, b);
    differences.push({ target, what: 'params', name, locked: from, found: to });
  }
  return differences;
}

/** One digest of an input, with the text that names it within its role; see `inputItems`. */
export interface NamedFound {
  /** Empty for an input that is no list. */
  readonly item: string;
  readonly digest: Found;
  readonly path?: string;
}

export function inputDifferences(
  target: string,
  role: string,
  locked: readonly NamedFound[],
  found: readonly NamedFound[],
): LockDifference[] {
  const [before, now] = [byItem(locked), byItem(found)];
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((item): LockDifference[] => {
    const [a, b] = [before.get(item)?.digest ?? 'absent', now.get(item)?.digest ?? 'absent'];
    if (a === b) return [];
    const path = now.get(item)?.path;
    const name = item === '' ? role : `${role}[${item}]`;
    return [{ target, what: 'input', name, ...(path === undefined ? {} : { path }), locked: a, found: b }];
  });
}

/** The items of an input as the lock has them: one without a name, items by number, or by name what a glob matched. */
export function inputItems(print: LockedTarget['inputs'][string] | undefined): NamedFound[] {
  if (print === undefined || print === null) return [];
  if (typeof print === 'string') return [{ item: '', digest: print }];
  return print.map(({ digest, name }, n) => ({ item: name ?? String(n + 1), digest }));
}

function byItem(items: readonly NamedFound[]): ReadonlyMap<string, NamedFound> {
  return new Map(items.map((item) => [item.item, item]));
}

function names(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareBytes);
}

function jsonText(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}
