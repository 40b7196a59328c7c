import { Narrator } from './narrator.js';
import type { Output, Renderer, Verbosity } from './renderer.js';

/** Lines that stay: for pipes, files and continuous integration. */
export function plainRenderer(out: Output, verbosity: Verbosity): Renderer {
  const narrator = new Narrator({ verbosity, style: 'plain' });
  return {
    on: (event) => {
      for (const line of narrator.lines(event)) out.write(`${line}\n`);
    },
    close: () => undefined,
  };
}
