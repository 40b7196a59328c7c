/**
 * Why a target is stale: a closed union, word for word in run output, `status`, `explain`, `--json` and docs.
 * Each is a difference between two fingerprints, or a fact about the outputs.
 */
export type Reason =
  | { readonly type: 'never-built' }
  /** `modules` are the changed ones, `name@version` for packages; empty where the earlier ones are not known. */
  | { readonly type: 'rule-changed'; readonly from?: string; readonly modules: readonly string[] }
  | { readonly type: 'param-changed'; readonly param: string; readonly from: string; readonly to: string }
  | {
      readonly type: 'input-changed';
      readonly role: string;
      /** What a person would look at: paths, entry names; at most 20 of each. Empty where only the digest differs. */
      readonly added: readonly string[];
      readonly changed: readonly string[];
      readonly removed: readonly string[];
      /** How many there are of each, where not all are named. */
      readonly counts?: { readonly added: number; readonly changed: number; readonly removed: number };
    }
  | { readonly type: 'env-changed'; readonly name: string; readonly change: 'set' | 'unset' | 'value' }
  | { readonly type: 'tools-changed'; readonly tool: string; readonly from: string; readonly to: string }
  | { readonly type: 'command-changed'; readonly from: string; readonly to: string }
  | { readonly type: 'outputs-changed'; readonly added: readonly string[]; readonly removed: readonly string[] }
  | { readonly type: 'output-missing'; readonly output: string; readonly path: string }
  | { readonly type: 'output-edited'; readonly output: string; readonly path: string }
  /** What stands there was made by another build: `restore --in-place`, a checkout of an earlier one. */
  | { readonly type: 'output-replaced'; readonly output: string; readonly path: string }
  | { readonly type: 'failed-before'; readonly message: string }
  | { readonly type: 'parts-failed'; readonly failed: number; readonly total: number }
  | { readonly type: 'format-changed'; readonly from: number; readonly to: number }
  | { readonly type: 'forced' }
  /** `runsAnyway`: there are reasons of its own, so that what comes out upstream does not matter. */
  | { readonly type: 'upstream-stale'; readonly target: string; readonly runsAnyway?: true };
