import type { Renderer } from '../render/renderer.js';
import { styleOf, type CliProcess } from './context.js';

export interface RendererFlags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Bars on a terminal, lines elsewhere, events as JSON where that is asked for. */
export async function rendererFor(flags: RendererFlags, world: CliProcess): Promise<Renderer> {
  const verbosity = flags.quiet === true ? 'quiet' : flags.verbose === true ? 'verbose' : 'normal';
  if (flags.json === true) return (await import('../render/json.js')).jsonRenderer(world.stdout);
  const live = world.stdout.isTTY === true && styleOf(world.stdout, world.env) === 'color' && flags.quiet !== true;
  if (live) return (await import('../render/terminal.js')).terminalRenderer(world.stdout, verbosity);
  return (await import('../render/plain.js')).plainRenderer(world.stdout, verbosity);
}
