import type { BuildEvent } from '../execute/events.js';
import { Narrator } from './narrator.js';
import type { Outputs, Renderer, Verbosity } from './renderer.js';

/** Lines that stay: for pipes, files and continuous integration. */
export function plainRenderer({ stdout, stderr }: Outputs, verbosity: Verbosity): Renderer {
  const narrator = new Narrator({ verbosity, style: 'plain' });
  return {
    on: (event) => {
      const out = isTrouble(event) ? stderr : stdout;
      for (const line of narrator.lines(event)) out.write(`${line}\n`);
    },
    close: () => undefined,
  };
}

function isTrouble(event: BuildEvent): boolean {
  switch (event.type) {
    case 'target-failed':
    case 'part-failed':
    case 'warning':
      return true;
    case 'build-finished':
      return event.outcome === 'failed';
    default:
      return false;
  }
}
