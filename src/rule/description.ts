import type { KindName } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';

/** What the engine knows of a rule without running it: found once per bundle, in a host, and remembered. */
export interface RuleDescription {
  readonly summary: string;
  readonly shape: 'whole' | 'parts';
  readonly inputs: Readonly<Record<string, RoleDescription>>;
  readonly outputs: Readonly<Record<string, RoleDescription>>;
  /** JSON Schema (draft 2020-12) of the params, before defaults. */
  readonly params: JsonObject;
  /** Whether a rule in parts joins them itself; otherwise each output is joined by its kind. */
  readonly assembles: boolean;
  /** Whether a rule in parts tells how many questions a part would ask. */
  readonly asks: boolean;
}

export interface RoleDescription {
  readonly kind: KindName;
  readonly list: boolean;
  readonly optional: boolean;
  /** The param that gives it where the pipeline has no input of this name. */
  readonly param?: string;
}

/** A rule found, bundled and described. */
export interface LoadedRule extends RuleDescription {
  /** `sft/filter` */
  readonly name: string;
  /** The module's own path, absolute. */
  readonly path: string;
  /** The code digest of docs/fingerprints.md. */
  readonly code: Digest;
  /** The CJS bundle that hosts run, absolute, under `cache/rules/`. */
  readonly bundle: string;
  /** What the digest is made of, by module path (relative to the project root or to the package) or `name@version`. */
  readonly modules: Readonly<Record<string, Digest>>;
  /** Every file whose change could change the above, absolute: modules, assets, package.json files. */
  readonly closure: readonly string[];
  /** Absolute paths that do not exist, but would be this rule if they did (a project rule shadows a built-in one). */
  readonly shadows: readonly string[];
}

/** A param that the rule's schema refuses. */
export interface ParamIssue {
  /** From the params object down: `['policy', 'kind']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What a rule says of itself, given its params. */
export interface ParamsTell {
  /** What its `concurrency` gave; null where it has none. */
  readonly concurrency: number | null;
  readonly deterministic: boolean;
}

export type CheckedParams =
  | ({ readonly ok: true; readonly params: JsonObject } & ParamsTell)
  | { readonly ok: false; readonly issues: readonly ParamIssue[] };

/** What a host finds in a rule's bundle. */
export type DescribedRule =
  { readonly ok: true; readonly description: RuleDescription } | { readonly ok: false; readonly problem: RuleProblem };

/** Why a module is no rule that vlmbuild can use. */
export type RuleProblem =
  | { readonly type: 'no-default-export'; readonly exports: readonly string[] }
  | { readonly type: 'not-a-rule'; readonly found: string }
  /** A part of the definition that is missing or of the wrong form: `outputs`, `run`. */
  | { readonly type: 'malformed'; readonly what: string; readonly message: string }
  /** An object of the params schema takes keys that it does not name; `path` leads to it (empty: the params). */
  | { readonly type: 'params-not-strict'; readonly path: string }
  /** A param that JSON cannot hold. */
  | { readonly type: 'params-not-json'; readonly path: string; readonly found: string }
  /** The module was not loaded in the time that it has for that. */
  | { readonly type: 'endless'; readonly seconds: number }
  /** The module threw while it was loaded. */
  | { readonly type: 'threw'; readonly message: string; readonly stack: string };

/** Who runs rule code for the loader: a host pool. */
export interface RuleHosts {
  describe(bundle: string, source: string): Promise<DescribedRule>;
  check(bundle: string, source: string, params: JsonObject): Promise<CheckedParams>;
}

/** What config needs of rules; the rule loader gives it. */
export interface RuleSource {
  /** @throws UserFacingError where the rule exists but is wrong (does not bundle, is not a rule). */
  find(name: string): Promise<LoadedRule | undefined>;
  /** Applies the rule's schema: checked, with defaults. Answers are remembered by bundle digest and params. */
  check(rule: LoadedRule, params: JsonObject): Promise<CheckedParams>;
  /** Names of all rules there are, in byte order: for "did you mean". */
  names(): readonly string[];
}
