import type { Output, Renderer } from './renderer.js';

/** The version of the event format: raised when a field changes its meaning or goes away. */
const EVENT_FORMAT = 1;

/** One event a line, as src/execute/events.ts has it, behind its format version. */
export function jsonRenderer(out: Output): Renderer {
  return {
    on: (event) => out.write(`${JSON.stringify({ v: EVENT_FORMAT, ...event })}\n`),
    close: () => undefined,
  };
}
