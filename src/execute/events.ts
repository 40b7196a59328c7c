import type { KindName } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Reason } from '../plan/reasons.js';

/**
 * What happens in a build, in the order in which it happens: the only way from the engine to a screen.
 * `--json` prints one a line as it stands here, with `"v": 1`.
 */
export type BuildEvent =
  | { readonly type: 'build-started'; readonly run: string; readonly targets: readonly string[]; readonly jobs: number }
  /** The target is found fresh: nothing runs. */
  | { readonly type: 'target-fresh'; readonly target: string; readonly key: Digest }
  /** Another vlmbuild works on this target. */
  | { readonly type: 'target-blocked'; readonly target: string; readonly holder: Holder }
  | {
      readonly type: 'target-started';
      readonly target: string;
      readonly key: Digest;
      readonly action: 'run' | 'restore';
      readonly reasons: readonly Reason[];
      readonly attempt: number;
      /** What it took last time, for a bar where nothing counts parts. */
      readonly expectedSeconds?: number;
    }
  | {
      readonly type: 'parts-listed';
      readonly target: string;
      readonly total: number;
      /** Made before, and taken from the store. */
      readonly remembered: number;
    }
  | { readonly type: 'part-finished'; readonly target: string; readonly part: string; readonly seconds: number }
  | {
      readonly type: 'part-failed';
      readonly target: string;
      readonly part: string;
      readonly diagnostic: Diagnostic;
      readonly attempt: number;
      readonly final: boolean;
    }
  | {
      readonly type: 'progress';
      readonly target: string;
      readonly part?: string;
      readonly done: number;
      readonly total?: number;
      readonly unit?: string;
    }
  | {
      readonly type: 'log';
      readonly target: string;
      readonly part?: string;
      /** Said while the parts were put together: of the target as a whole. */
      readonly phase?: 'assemble';
      readonly stream: 'out' | 'err';
      readonly line: string;
    }
  /** A file that vlmbuild did not make, or that was edited since, was moved out of an output's way. */
  | { readonly type: 'kept-aside'; readonly target: string; readonly path: string; readonly to: string }
  | {
      readonly type: 'target-finished';
      readonly target: string;
      readonly action: 'run' | 'restore';
      readonly seconds: number;
      readonly outputs: readonly FinishedOutput[];
      /** Every output came out with the digest it had: nothing downstream runs because of it. */
      readonly unchanged: boolean;
      readonly parts?: { readonly total: number; readonly made: number; readonly failed: number };
    }
  | {
      readonly type: 'target-failed';
      readonly target: string;
      readonly seconds: number;
      readonly diagnostic: Diagnostic;
      readonly log?: string;
      readonly attempt: number;
      readonly final: boolean;
    }
  /** Not run because something it needs failed, or because the build was stopped. */
  | { readonly type: 'target-skipped'; readonly target: string; readonly because: string }
  | { readonly type: 'warning'; readonly target?: string; readonly diagnostic: Diagnostic }
  | {
      readonly type: 'build-finished';
      readonly run: string;
      readonly outcome: BuildOutcome;
      readonly counts: BuildCounts;
      readonly seconds: number;
    };

export interface Holder {
  readonly pid: number;
  readonly run: string;
}

export interface FinishedOutput {
  readonly name: string;
  /** Root-relative. */
  readonly path: string;
  readonly kind: KindName;
  readonly digest: Digest;
  readonly size: number;
}

export type BuildOutcome = 'fresh' | 'built' | 'failed' | 'interrupted';

export interface BuildCounts {
  readonly fresh: number;
  readonly ran: number;
  readonly restored: number;
  readonly failed: number;
  readonly skipped: number;
}

export type EventListener = (event: BuildEvent) => void;
