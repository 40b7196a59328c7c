import type { BuildEvent } from '../execute/events.js';

const LINES_KEPT = 12;

/** The last lines each target printed, to show beside its failure. Bounded a target; dropped when the target ends well. */
export class LogTail {
  readonly #lines = new Map<string, string[]>();

  note(event: Extract<BuildEvent, { type: 'log' }>): void {
    const lines = this.#lines.get(event.target) ?? [];
    lines.push(event.line);
    if (lines.length > LINES_KEPT) lines.shift();
    this.#lines.set(event.target, lines);
  }

  /** Gives a target's lines and forgets them. */
  take(target: string): readonly string[] {
    const lines = this.#lines.get(target) ?? [];
    this.#lines.delete(target);
    return lines;
  }
}
