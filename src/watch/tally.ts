import type { Digest } from '../base/digest.js';
import type { BuildEvent } from '../execute/events.js';

/** What a build did so far, by its events. */
export class BuildTally {
  /** Steps under way, with the key they are made under. */
  readonly running = new Map<string, Digest>();
  readonly ran: string[] = [];
  readonly restored: string[] = [];
  readonly failed: string[] = [];
  fresh = 0;

  on(event: BuildEvent): void {
    switch (event.type) {
      case 'target-started':
        if (event.action === 'run') this.running.set(event.target, event.key);
        if (event.action === 'run' && !this.ran.includes(event.target)) this.ran.push(event.target);
        break;
      case 'target-finished':
        this.running.delete(event.target);
        if (event.action === 'restore') this.restored.push(event.target);
        break;
      case 'target-failed':
        if (!event.final) break;
        this.running.delete(event.target);
        this.failed.push(event.target);
        break;
      case 'target-fresh':
        this.fresh++;
        break;
      default:
        break;
    }
  }
}
