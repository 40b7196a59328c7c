import type { Decision } from './decision.js';
import type { PlanContext } from './decide.js';

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
  readonly against: { readonly type: 'last' | 'lock' | 'nearest'; readonly target: string } | null;
  readonly components: readonly Component[];
}

/** Everything the target's key is made of, before and now. */
export async function explain(
  target: string,
  context: PlanContext,
  decisions: ReadonlyMap<string, Decision>,
): Promise<Explanation> {
  throw new Error(`not there yet: ${target} ${String(context)} ${decisions.size}`);
}
