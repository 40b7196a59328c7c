import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { watchErrors } from '../diagnostics/watch.js';
import type { BuildOutcome } from '../execute/events.js';
import type { Pipeline } from '../config/pipeline.js';
import type { Changed, WatchEvent } from './events.js';
import type { BuildTally } from './tally.js';
import { waitingOf } from './waiting.js';

/** What a watch says of its builds and of the project: what was said before decides whether it is news. */
export class Report {
  readonly #emit: (event: WatchEvent) => void;
  #isReady = false;
  /** What was wrong with the project when it was last said; '' where nothing is. */
  #broken = '';
  /** Whether the last that was said is an error. */
  #saidWrong = false;

  constructor(emit: (event: WatchEvent) => void) {
    this.#emit = emit;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether the project is wrong, as far as was said. */
  get isBroken(): boolean {
    return this.#broken !== '';
  }

  /** The first build is over. Said once. */
  ready(folders: number): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#emit({ type: 'watch-ready', folders });
  }

  /** The project is wrong: said again only where something else is. */
  broken(
    diagnostics: readonly Diagnostic[],
    { changed, graph }: { readonly changed: Changed | undefined; readonly graph: 'old' | 'none' },
  ): void {
    const text = JSON.stringify(diagnostics);
    if (text === this.#broken) return;
    this.#broken = text;
    this.#saidWrong = true;
    this.#emit({ type: 'watch-broken', ...asChanged(changed), diagnostics, graph });
  }

  /** The project is right. */
  mended(): void {
    this.#broken = '';
  }

  /** A build is over, which was not interrupted. One that finds all fresh in a project that is wrong tells nothing. */
  built(build: {
    readonly changed: Changed | undefined;
    readonly outcome: Exclude<BuildOutcome, 'interrupted'>;
    readonly tally: BuildTally;
    readonly folders: number;
    readonly seconds: number;
    /** As it was built; undefined where nothing was opened. */
    readonly pipeline: Pipeline | undefined;
  }): void {
    const { changed, outcome, tally, folders, seconds, pipeline } = build;
    if (outcome === 'fresh' && this.isBroken) return;
    const { ran, restored, failed, fresh } = tally;
    this.#emit({
      type: 'watch-built',
      ...asChanged(changed),
      outcome,
      news: !this.#isReady || this.#saidWrong,
      ran: ran.filter((target) => !failed.includes(target)),
      restored,
      failed,
      fresh,
      folders,
      broken: this.isBroken,
      seconds,
    });
    this.#saidWrong = failed.length > 0 || this.isBroken;
    if (failed.length > 0 && pipeline !== undefined)
      this.#emit({ type: 'watch-waiting', targets: waitingOf(failed, pipeline) });
  }

  oscillates(targets: readonly { readonly target: string; readonly runs: number }[], changed: Changed): void {
    const diagnostic = watchErrors.oscillates({ targets, paths: changed.paths });
    this.#emit({ type: 'watch-oscillates', targets, changed, diagnostic });
  }
}

function asChanged(changed: Changed | undefined): { readonly changed?: Changed } {
  return changed === undefined ? {} : { changed };
}
