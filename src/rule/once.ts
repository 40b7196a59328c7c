import type { Json } from '../base/json.js';

/**
 * Asks a paid or unrepeatable question once. The answer is written durably before it is returned and is the answer for
 * good: keyed by the rule's name and the question, not by code, params or format. A failure is not an answer.
 *
 * `question` is everything the answer depends on: endpoint, model and request body, or digests of data and config.
 */
export interface Once {
  <T extends Json>(question: Json, ask: () => Promise<T>): Promise<T>;
  /**
   * Brackets a remote step whose reply may be lost (an upload, a job that was created). What an earlier attempt left
   * open is handed back, with its notes, to adopt or abandon.
   */
  begin(question: Json): Promise<Bracket>;
}

/**
 * A bracket around a remote step:
 *
 *     (none) --begin--> new --note--> new … --end--> answered
 *                        \--crash--> open --end--> answered
 *                                       \--abandon--> new
 */
export interface Bracket {
  readonly status: 'new' | 'open' | 'answered';
  /** What `end` recorded; null unless answered. */
  readonly answer: Json;
  /** What earlier attempts noted, oldest first. */
  readonly notes: readonly Json[];
  /** Records durably how far the step came (a file id, a job id). */
  note(note: Json): void;
  end(answer: Json): void;
  /** Gives up what an earlier attempt left open: its notes are dropped and the bracket is as new. */
  abandon(): void;
}
