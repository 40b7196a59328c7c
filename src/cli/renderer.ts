import type { Session } from '../execute/session.js';
import type * as TimeLeftModule from '../execute/time-left.js';
import type { Forecast } from '../render/prediction.js';
import type { Renderer } from '../render/renderer.js';
import { styleOf, type CliProcess } from './context.js';

type TimeLeftOf = (typeof TimeLeftModule)['timeLeft'];

export interface RendererFlags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Bars on a terminal, lines elsewhere, events as JSON where that is asked for. */
export async function rendererFor(flags: RendererFlags, world: CliProcess, session?: Session): Promise<Renderer> {
  const verbosity = flags.quiet === true ? 'quiet' : flags.verbose === true ? 'verbose' : 'normal';
  if (flags.json === true) return (await import('../render/json.js')).jsonRenderer(world.stdout);
  const live = world.stdout.isTTY === true && styleOf(world.stdout, world.env) === 'color' && flags.quiet !== true;
  if (live) {
    const { terminalRenderer } = await import('../render/terminal.js');
    const forecast = session === undefined ? undefined : await forecastOf(session);
    return terminalRenderer(world.stdout, verbosity, { forecast });
  }
  return (await import('../render/plain.js')).plainRenderer(world, verbosity);
}

export async function forecastOf(session: Session): Promise<Forecast> {
  return forecastBy((await import('../execute/time-left.js')).timeLeft, session);
}

/** Every target is looked up once. */
export function forecastBy(timeLeft: TimeLeftOf, { graph, index, jobs }: Session): Forecast {
  const known = new Map<string, number | undefined>();
  return {
    jobs,
    remembered: (target) => {
      if (!known.has(target)) known.set(target, index.lastSuccess(target)?.seconds);
      return known.get(target);
    },
    timeLeft: (ahead, seconds) => timeLeft(graph, ahead, seconds, jobs),
  };
}
