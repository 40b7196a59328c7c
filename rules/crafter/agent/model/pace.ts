import type { Clock } from './clock.js';

const MINUTE = 60_000;

/**
 * Bounds the requests to an endpoint: of those of all episodes that share this pace, at most `perMinute` begin within
 * any minute, and none while the endpoint asked to be left alone.
 */
export class Pace {
  /** When the latest requests began, oldest first: no more than the bound. */
  private readonly begun: number[] = [];
  private heldUntil = 0;

  constructor(
    private readonly perMinute: number,
    private readonly clock: Clock,
  ) {}

  /** Lets nobody through until then. */
  holdUntil(time: number): void {
    this.heldUntil = Math.max(this.heldUntil, time);
  }

  /** Waits until a request may begin. */
  async pass(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const now = this.clock.now();
      const oldest = this.begun.length < this.perMinute ? -Infinity : (this.begun[0] as number);
      const opens = Math.max(this.heldUntil, oldest + MINUTE);
      if (opens <= now) {
        if (this.begun.push(now) > this.perMinute) this.begun.shift();
        return;
      }
      await this.clock.wait(opens - now, signal);
    }
  }
}
