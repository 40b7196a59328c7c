import { digestOf, type Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';

/** Raised by hand when the meaning of a key or the behaviour of the public API changes: every result is then made anew. */
export const KEY_FORMAT = 3;

/**
 * Everything a target's result depends on, and nothing else. Its digest is the target's *key*; the difference of two
 * fingerprints is the list of reasons. docs/fingerprints.md is the same list in words.
 *
 * Not in it: paths of single inputs and outputs, the target's name, `description`, `timeout`, `retries`, `resources`,
 * `after`, `store`, secrets, Node's version. Two targets with one key share a result.
 */
export interface Fingerprint {
  readonly format: number;
  readonly work: RuleWork | CommandWork;
  /** After defaults. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, InputPrint>>;
  /** Declared environment: the digest of each value, null where unset (which differs from empty). */
  readonly env: Readonly<Record<string, Digest | null>>;
  /** The names of the declared outputs, in byte order. */
  readonly outputs: readonly string[];
}

export interface RuleWork {
  readonly type: 'rule';
  readonly rule: string;
  readonly code: Digest;
}

export interface CommandWork {
  readonly type: 'command';
  /** With vars, params and matrix values filled in; inputs and outputs as written. */
  readonly text: string;
  /** First line of `TOOL --version` by tool. */
  readonly tools: Readonly<Record<string, string>>;
}

/** One artifact: its digest. A list: its items in order, with names where a glob found them. Absent optional: null. */
export type InputPrint = Digest | null | readonly InputItemPrint[];
export interface InputItemPrint {
  readonly digest: Digest;
  /** Relative name and exec bit, for what a glob matched. */
  readonly name?: string;
  readonly executable?: boolean;
}

export function keyOf(fingerprint: Fingerprint): Digest {
  return digestOf(fingerprint as unknown as JsonObject);
}
