import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { buildCommand } from '@stricli/core';
import { cliErrors } from '../../diagnostics/cli.js';
import { UserFacingError } from '../../diagnostics/diagnostic.js';
import { watchErrors } from '../../diagnostics/watch.js';
import type { PartsPreview } from '../../execute/parts-preview.js';
import type { Session } from '../../execute/session.js';
import { withInterrupt } from '../interrupt.js';
import { styleOf, type CliContext, type CliProcess } from '../context.js';
import { flag, jobsFlag, projectAliases, projectFlags, targetWords, valued, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';
import { forecastOf, rendererFor } from '../renderer.js';
import { openTrace, type Trace } from '../trace-file.js';

interface Flags extends ProjectFlags {
  readonly jobs?: number;
  readonly keepGoing?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly only?: boolean;
  readonly locked?: boolean;
  readonly askAgain?: boolean;
  readonly watch?: boolean;
  readonly trace?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export const buildCommandRoute = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: 'Build targets and what they need (the default command)',
    fullDescription:
      'Builds the named targets, or the defaults of the pipeline file. What is fresh does not run; what the store has is\n' +
      'put back; what comes out the same as before ends the rebuild there.',
  },
  parameters: {
    positional: targetWords,
    flags: {
      jobs: jobsFlag,
      keepGoing: flag('After a failure go on with what does not need it'),
      dryRun: flag('Say what would be done, and why; run nothing'),
      force: flag('Run the named targets whatever is known of them'),
      only: flag('The named targets alone, not what they need'),
      locked: flag('Stop with 3 where anything differs from the lock; never write it'),
      askAgain: flag('Run the named targets and ask remembered questions anew'),
      watch: flag('Build again whenever something changes, as `vlmbuild watch` does'),
      trace: valued('FILE', String, 'Write where the time goes to a file that ui.perfetto.dev opens'),
      quiet: flag('Print failures alone'),
      verbose: flag('Print what rules and commands print, and what is fresh'),
      json: flag('Print one event a line as JSON'),
      ...projectFlags,
    },
    aliases: { j: 'jobs', k: 'keepGoing', n: 'dryRun', B: 'force', q: 'quiet', v: 'verbose', ...projectAliases },
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    if (flags.watch === true) return watchInstead(flags, words, this.process);
    const jobs = flags.jobs ?? availableParallelism();
    if (flags.dryRun === true) {
      if (flags.trace !== undefined) throw new UserFacingError(cliErrors.traceOfPlan());
      await withSession(
        flags,
        this.process.env,
        'reading',
        (session) => showPlan(session, flags, words, this.process),
        { jobs },
      );
      return;
    }
    const trace = flags.trace === undefined ? undefined : await openTrace(resolve(flags.directory ?? '.', flags.trace));
    const options = { jobs, ...(trace === undefined ? {} : { timeline: trace.timeline }) };
    try {
      await withSession(
        flags,
        this.process.env,
        'building',
        (session) => runBuild(session, flags, words, this.process, trace),
        options,
      );
    } finally {
      trace?.close();
    }
  },
});

/** What a build can be told once makes no sense again and again. */
async function watchInstead(flags: Flags, words: readonly string[], world: CliProcess): Promise<void> {
  const { dryRun, force, only, locked, askAgain, trace } = flags;
  const [once] = Object.entries({
    '-n': dryRun,
    '-B': force,
    '--only': only,
    '--locked': locked,
    '--ask-again': askAgain,
    '--trace': trace !== undefined,
  })
    .filter(([, given]) => given === true)
    .map(([name]) => name);
  if (once !== undefined) throw new UserFacingError(watchErrors.flag({ flag: once }));
  const { runWatch } = await import('./watch.js');
  return runWatch(flags, words, world);
}

async function runBuild(
  session: Session,
  flags: Flags,
  words: readonly string[],
  world: CliProcess,
  trace: Trace | undefined,
): Promise<void> {
  const { build } = await import('../../execute/build.js');
  const renderer = await rendererFor(flags, world, session);
  const listener = trace === undefined ? renderer.on : trace.tee(renderer.on);
  try {
    const { keepGoing, force, only, locked, askAgain } = flags;
    const options = { targets: words, keepGoing, force, only, locked, askAgain };
    const { exitCode } = await withInterrupt((signal) => build(session, { ...options, signal }, listener));
    world.exitCode = exitCode;
  } finally {
    renderer.close();
  }
}

async function showPlan(session: Session, flags: Flags, words: readonly string[], world: CliProcess): Promise<void> {
  const { plan } = await import('../../execute/build.js');
  const { planText } = await import('../../render/plan.js');
  const decisions = await plan(session, {
    targets: words,
    force: flags.force === true || flags.askAgain === true,
    only: flags.only,
  });
  const { previewParts } = await import('../../execute/parts-preview.js');
  const parts = new Map<string, PartsPreview>();
  for (const decision of decisions.values()) {
    if (decision.state !== 'stale') continue;
    const preview = await previewParts(session, decision, { questions: true, askAgain: flags.askAgain });
    if (preview !== undefined) parts.set(decision.target, preview);
  }
  const forecast = await forecastOf(session);
  if (flags.json === true) {
    const { decisionJson, predictionJson } = await import('../../render/decision-json.js');
    const { predict } = await import('../../render/prediction.js');
    const all = [...decisions.values()];
    const prediction = predict(all, forecast, parts);
    const lines = [
      ...all.map((each) => decisionJson(each, parts.get(each.target), prediction.seconds.get(each.target))),
      predictionJson(all, prediction, session.jobs),
    ];
    for (const line of lines) world.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  world.stdout.write(`${planText([...decisions.values()], forecast, parts, styleOf(world.stdout, world.env))}\n`);
}
