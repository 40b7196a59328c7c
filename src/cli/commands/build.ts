import { availableParallelism } from 'node:os';
import { buildCommand } from '@stricli/core';
import { EXIT } from '../../diagnostics/diagnostic.js';
import type { Session } from '../../execute/session.js';
import type { Renderer } from '../../render/renderer.js';
import { onInterrupt } from '../interrupt.js';
import { styleOf, type CliContext, type CliProcess } from '../context.js';
import { projectAliases, projectFlags, targetWords, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';

interface Flags extends ProjectFlags {
  readonly jobs?: number;
  readonly keepGoing?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly only?: boolean;
  readonly locked?: boolean;
  readonly askAgain?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1) throw new RangeError(`-j takes a whole number from 1, not ${text}`);
  return jobs;
}

const flag = (brief: string) => ({ kind: 'boolean', optional: true, withNegated: false, brief }) as const;

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
      jobs: {
        kind: 'parsed',
        parse: parseJobs,
        optional: true,
        brief: 'How many parts, rules and commands at once',
        placeholder: 'N',
      },
      keepGoing: flag('After a failure go on with what does not need it'),
      dryRun: flag('Say what would be done, and why; run nothing'),
      force: flag('Run the named targets whatever is known of them'),
      only: flag('The named targets alone, not what they need'),
      locked: flag('Stop with 3 where anything differs from the lock; never write it'),
      askAgain: flag('Run the named targets and ask remembered questions anew'),
      quiet: flag('Print failures alone'),
      verbose: flag('Print what rules and commands print, and what is fresh'),
      json: flag('Print one event a line as JSON'),
      ...projectFlags,
    },
    aliases: { j: 'jobs', k: 'keepGoing', n: 'dryRun', B: 'force', q: 'quiet', v: 'verbose', ...projectAliases },
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    const jobs = flags.jobs ?? availableParallelism();
    const work = flags.dryRun === true ? showPlan : runBuild;
    await withSession(flags, this.process.env, (session) => work(session, flags, words, this.process), jobs);
  },
});

async function runBuild(session: Session, flags: Flags, words: readonly string[], world: CliProcess): Promise<void> {
  const { build } = await import('../../execute/build.js');
  const renderer = await rendererFor(flags, world);
  const interrupt = new AbortController();
  const letGo = onInterrupt(() => {
    // The second Ctrl-C does not wait for anything: what is finished is recorded, locks are the kernel's.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
  try {
    const { keepGoing, force, only, locked, askAgain } = flags;
    const options = { targets: words, keepGoing, force, only, locked, askAgain, signal: interrupt.signal };
    const { exitCode } = await build(session, options, renderer.on);
    world.exitCode = exitCode;
  } finally {
    renderer.close();
    letGo();
  }
}

async function rendererFor(flags: Flags, world: CliProcess): Promise<Renderer> {
  const verbosity = flags.quiet === true ? 'quiet' : flags.verbose === true ? 'verbose' : 'normal';
  if (flags.json === true) return (await import('../../render/json.js')).jsonRenderer(world.stdout);
  const live = world.stdout.isTTY === true && styleOf(world.stdout, world.env) === 'color' && flags.quiet !== true;
  if (live) return (await import('../../render/terminal.js')).terminalRenderer(world.stdout, verbosity);
  return (await import('../../render/plain.js')).plainRenderer(world.stdout, verbosity);
}

async function showPlan(session: Session, flags: Flags, words: readonly string[], world: CliProcess): Promise<void> {
  const { plan } = await import('../../execute/build.js');
  const { planText } = await import('../../render/plan.js');
  const decisions = await plan(session, {
    targets: words,
    force: flags.force === true || flags.askAgain === true,
    only: flags.only,
  });
  if (flags.json === true) {
    const { decisionJson } = await import('../../render/decision-json.js');
    for (const decision of decisions.values()) world.stdout.write(`${JSON.stringify(decisionJson(decision))}\n`);
    return;
  }
  const remembered = (target: string): number | undefined => session.index.lastSuccess(target)?.seconds;
  world.stdout.write(`${planText([...decisions.values()], remembered, styleOf(world.stdout, world.env))}\n`);
}
