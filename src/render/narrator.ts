import { styleText } from 'node:util';
import { formatSeconds, plural } from '../base/units.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import type { BuildEvent } from '../execute/events.js';
import { freshLine } from '../plan/fresh-line.js';
import { countsText, finishedText, reasonsText } from './event-lines.js';
import { LogTail } from './log-tail.js';
import type { Verbosity } from './renderer.js';

export type Style = 'plain' | 'color';

/** So many failed parts of a target are told one by one. */
const FAILURES_SHOWN = 10;

type Format = Parameters<typeof styleText>[0];

/** Paints where colour is wanted, and is the identity where it is not. */
export function painter(style: Style): (format: Format, text: string) => string {
  return style === 'color' ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text;
}

/**
 * Tells a build as lines that stay: what started and why, what came of it, what went wrong. The plain renderer prints
 * them all; the terminal renderer shows what is under way by itself and asks for the rest.
 */
export class Narrator {
  readonly #paint: ReturnType<typeof painter>;
  readonly #tail = new LogTail();
  readonly #verbosity: Verbosity;
  readonly #style: Style;
  #nameWidth = 0;
  /** By target: how many parts failed for good, and what was said of the last one. */
  readonly #failures = new Map<string, { count: number; said: string }>();

  constructor(options: { readonly verbosity: Verbosity; readonly style: Style }) {
    this.#verbosity = options.verbosity;
    this.#style = options.style;
    this.#paint = painter(options.style);
  }

  /** The width of the column of names, at most a third of a usual line. */
  get nameWidth(): number {
    return this.#nameWidth;
  }

  /** The lines an event is worth at this verbosity; an event that only moves a bar gives none. */
  lines(event: BuildEvent): readonly string[] {
    const quiet = this.#verbosity === 'quiet';
    const verbose = this.#verbosity === 'verbose';
    switch (event.type) {
      case 'build-started':
        this.#nameWidth = Math.min(26, Math.max(0, ...event.targets.map((name) => name.length)));
        return [];
      case 'target-fresh':
        return verbose ? [this.#line(event.target, this.#paint('dim', 'fresh'))] : [];
      case 'target-blocked':
        return quiet
          ? []
          : [this.#line(event.target, `waits for vlmbuild with process id ${event.holder.pid}, which builds it`)];
      case 'target-started': {
        const verb =
          event.action === 'restore' ? 'restores' : event.attempt > 1 ? `attempt ${event.attempt}` : 'builds';
        return quiet ? [] : [this.#line(event.target, `${verb}: ${reasonsText(event.reasons)}`)];
      }
      case 'parts-listed': {
        const left = event.total - event.remembered;
        return quiet
          ? []
          : [this.#line(event.target, `${plural(event.total, 'part')}, ${left === 0 ? 'none' : left} to make`)];
      }
      case 'part-finished':
        return verbose ? [this.#line(event.target, `made ${event.part} in ${formatSeconds(event.seconds)}`)] : [];
      case 'part-failed':
        return this.#partFailed(event);
      case 'progress':
        return [];
      case 'log':
        this.#tail.note(event);
        // What a target says of itself as a whole (rows kept and dropped) is a result; what parts and commands say is much.
        return verbose || (event.phase === 'assemble' && !quiet) ? [this.#line(event.target, event.line)] : [];
      case 'kept-aside':
        return [this.#line(event.target, this.#paint('yellow', `kept ${event.path} aside as ${event.to}`))];
      case 'target-finished':
        this.#tail.take(event.target);
        return quiet ? [] : [this.#line(event.target, this.#paint('green', finishedText(event)))];
      case 'target-failed': {
        const tail = this.#tail.take(event.target).map((line) => `  | ${line}`);
        const what = event.final ? 'failed' : `attempt ${event.attempt} failed`;
        const again = event.final ? '' : ', tries again';
        const more = event.log === undefined ? [] : [`  whole output: vlmbuild log ${event.target}`];
        return [
          this.#line(event.target, this.#paint('red', `${what} after ${formatSeconds(event.seconds)}${again}`)),
          ...this.#diagnostic(event),
          ...tail,
          ...more,
        ];
      }
      case 'target-skipped':
        return quiet ? [] : [this.#line(event.target, this.#paint('yellow', `not built: ${event.because}`))];
      case 'warning':
        return [formatDiagnostic(event.diagnostic, { color: this.#style === 'color' })];
      case 'build-finished':
        return quiet && event.outcome !== 'failed' ? [] : [this.#summary(event)];
    }
  }

  /** What failed in the same way is not said again, and of many failures the first ones are enough: the log has all. */
  #partFailed(event: Extract<BuildEvent, { type: 'part-failed' }>): readonly string[] {
    const last = this.#failures.get(event.target) ?? { count: 0, said: '' };
    const diagnostic = this.#diagnostic(event);
    const said = diagnostic.join('\n');
    const count = last.count + 1;
    this.#failures.set(event.target, { count, said });
    if (count > FAILURES_SHOWN && this.#verbosity !== 'verbose') {
      return count === FAILURES_SHOWN + 1
        ? [this.#line(event.target, this.#paint('red', 'more parts failed; the log will have them all'))]
        : [];
    }
    const same = said === last.said ? ', in the same way' : '';
    const again = event.final ? '' : ` (attempt ${event.attempt}, tries again)`;
    const line = this.#line(event.target, this.#paint('red', `part ${event.part} failed${same}${again}`));
    return same === '' ? [line, ...diagnostic] : [line];
  }

  #summary(event: Extract<BuildEvent, { type: 'build-finished' }>): string {
    const { outcome, counts } = event;
    const time = formatSeconds(event.seconds);
    switch (outcome) {
      case 'fresh':
        return freshLine(counts.fresh);
      case 'built':
        return this.#paint('bold', `done in ${time}: ${countsText(counts)}`);
      case 'failed':
        return this.#paint(['bold', 'red'], `failed after ${time}: ${countsText(counts)}`);
      case 'interrupted':
        return this.#paint(
          'yellow',
          `interrupted after ${time}; what was finished is kept, the next build goes on from there`,
        );
    }
  }

  #line(target: string, text: string): string {
    return `${this.#paint('cyan', target.padEnd(this.#nameWidth))}  ${text}`;
  }

  #diagnostic(event: Extract<BuildEvent, { type: 'part-failed' | 'target-failed' }>): readonly string[] {
    const text = formatDiagnostic(event.diagnostic, { color: this.#style === 'color' });
    return text.split('\n').map((line) => `  ${line}`);
  }
}
