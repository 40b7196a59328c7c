import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { BuildEvent, BuildOutcome } from '../execute/events.js';

/**
 * What a watch has to say besides the events of its builds, which come in between.
 * `--json` prints one a line as it stands here, with `"v": 1`.
 */
export type WatchEvent =
  /** The first build is over, whatever came of it, and changes are noticed from here on. */
  | { readonly type: 'watch-ready'; readonly folders: number }
  /** A build begins because of these. */
  | { readonly type: 'watch-changed'; readonly changed: Changed }
  /** Steps under way were stopped: the changes made their work useless. */
  | { readonly type: 'watch-aborted'; readonly targets: readonly string[]; readonly changed: Changed }
  /** Changes that do not touch the steps under way: the next build is for them. */
  | { readonly type: 'watch-postponed'; readonly changed: Changed }
  /** A build is over. */
  | {
      readonly type: 'watch-built';
      /** Absent for the first build. */
      readonly changed?: Changed;
      /** `fresh`: content decided that nothing had to be done. */
      readonly outcome: Exclude<BuildOutcome, 'interrupted'>;
      /** Whether a person wants to know although all is fresh: it is the first build, or the first after an error. */
      readonly news: boolean;
      readonly ran: readonly string[];
      readonly restored: readonly string[];
      readonly failed: readonly string[];
      /** How many were fresh. */
      readonly fresh: number;
      /** Folders watched. */
      readonly folders: number;
      /** Whether the project is wrong, and this was a build of what it was before. */
      readonly broken: boolean;
      /** From the first of the changes to now. */
      readonly seconds: number;
    }
  /** After a failed build: changes of what these targets need are what they wait for. */
  | { readonly type: 'watch-waiting'; readonly targets: readonly Waiting[] }
  /**
   * The pipeline, a rule or the wanted targets are wrong, or a source is gone: watching goes on until that is put right.
   */
  | {
      readonly type: 'watch-broken';
      readonly changed?: Changed;
      readonly diagnostics: readonly Diagnostic[];
      /** `old`: what it does not concern is built, as it was before; `none`: nothing is built. */
      readonly graph: 'old' | 'none';
    }
  /** Not what its target made; left as it is until the target must run. */
  | { readonly type: 'watch-edited'; readonly target: string; readonly output: string; readonly path: string }
  /** These ran again and again because of changes made while they ran: the next change begins anew. */
  | {
      readonly type: 'watch-oscillates';
      readonly targets: readonly { readonly target: string; readonly runs: number }[];
      readonly changed: Changed;
      readonly diagnostic: Diagnostic;
    }
  /** Something about watching itself. */
  | { readonly type: 'watch-warning'; readonly diagnostic: Diagnostic }
  | { readonly type: 'watch-ended' };

export interface Changed {
  /** Root-relative where inside; at most 20. */
  readonly paths: readonly string[];
  readonly count: number;
}

export interface Waiting {
  readonly target: string;
  /** Its inputs as the pipeline file names them, and its rule's module; at most 5. */
  readonly needs: readonly string[];
}

export type WatchListener = (event: WatchEvent | BuildEvent) => void;
