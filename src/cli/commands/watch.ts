import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { buildCommand } from '@stricli/core';
import { boundYoungObjects } from '../../base/young-objects.js';
import { EXIT } from '../../diagnostics/diagnostic.js';
import type { Session } from '../../execute/session.js';
import type { Renderer } from '../../render/renderer.js';
import type { WatchRenderer } from '../../render/watch.js';
import { styleOf, type CliContext, type CliProcess } from '../context.js';
import {
  enterProject,
  flag,
  jobsFlag,
  projectAliases,
  projectFlags,
  targetWords,
  type ProjectFlags,
} from '../flags.js';
import { withInterrupt } from '../interrupt.js';
import { forecastBy, rendererFor, type RendererFlags } from '../renderer.js';

interface WatchFlags extends ProjectFlags, RendererFlags {
  readonly jobs?: number;
  readonly keepGoing?: boolean;
}

export const watchCommand = buildCommand<WatchFlags, string[], CliContext>({
  docs: {
    brief: 'Build, and build again whenever something changes',
    fullDescription:
      'Builds the named targets, or the defaults, and again whenever a source, a rule, .env or the pipeline file changes.\n' +
      'A step whose inputs change while it runs is stopped and begun anew. Ctrl-C ends it.',
  },
  parameters: {
    positional: targetWords,
    flags: {
      jobs: jobsFlag,
      keepGoing: flag('After a failure go on with what does not need it'),
      quiet: flag('Print failures alone'),
      verbose: flag('Print what rules and commands print, and changes that nothing depends on'),
      json: flag('Print one event a line as JSON'),
      ...projectFlags,
    },
    aliases: { j: 'jobs', k: 'keepGoing', q: 'quiet', v: 'verbose', ...projectAliases },
  },
  async func(this: CliContext, flags: WatchFlags, ...words: string[]) {
    await runWatch(flags, words, this.process);
  },
});

/** Ends with 130 on Ctrl-C: there is no other end but a mistake on the command line. */
export async function runWatch(flags: WatchFlags, words: readonly string[], world: CliProcess): Promise<void> {
  // A watch mostly waits: 30 MB for young objects are not worth what they save while it builds.
  boundYoungObjects();
  const file = enterProject(flags);
  const { watch } = await import('../../watch/watch.js');
  const { Optimizing } = await import('../../watch/optimizing.js');
  const optimizing = new Optimizing(after, (isOn) => setFlagsFromString(isOn ? '--opt' : '--no-opt'));
  let session: Session | undefined;
  const onBegin = (begun: Session): void => {
    session = begun;
  };
  const renderer = await watchRendererFor(flags, world, () => session);
  const { set = [], jobs = availableParallelism(), keepGoing = false } = flags;
  const options = { file, set, environment: world.env, targets: words, jobs, keepGoing, onBegin };
  try {
    await withInterrupt((signal) =>
      watch({ ...options, signal, during: (work) => optimizing.during(work) }, renderer.on),
    );
    world.exitCode = EXIT.interrupted;
  } finally {
    renderer.close();
  }
}

function after(milliseconds: number, call: () => void): () => void {
  const timer = setTimeout(call, milliseconds);
  return () => clearTimeout(timer);
}

/** @param session the project as the build that begins finds it: its times tell how long that will take */
async function watchRendererFor(
  flags: WatchFlags,
  world: CliProcess,
  session: () => Session | undefined,
): Promise<WatchRenderer> {
  const verbosity = flags.quiet === true ? 'quiet' : flags.verbose === true ? 'verbose' : 'normal';
  const { jsonWatchRenderer, plainWatchRenderer } = await import('../../render/watch.js');
  if (flags.json === true) return jsonWatchRenderer(world.stdout, await rendererFor(flags, world));
  const live = world.stdout.isTTY === true && styleOf(world.stdout, world.env) === 'color' && flags.quiet !== true;
  if (live) {
    const { terminalRenderer } = await import('../../render/terminal.js');
    const { terminalWatchRenderer } = await import('../../render/watch-terminal.js');
    const { timeLeft } = await import('../../execute/time-left.js');
    const builds = (): Renderer => {
      const now = session();
      const forecast = now === undefined ? undefined : forecastBy(timeLeft, now);
      return terminalRenderer(world.stdout, verbosity, { forecast });
    };
    const renderer = terminalWatchRenderer(world.stdout, builds, verbosity);
    process.stdout.on('resize', () => renderer.resized());
    return renderer;
  }
  const { plainRenderer } = await import('../../render/plain.js');
  const builds = (): Renderer => plainRenderer(world, verbosity);
  return plainWatchRenderer(world, builds, { verbosity, style: 'plain' });
}
