import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { buildCommand } from '@stricli/core';
import { plural } from '../../base/units.js';
import { archiveErrors } from '../../diagnostics/archive.js';
import { EXIT, UserFacingError, type ExitCode } from '../../diagnostics/diagnostic.js';
import type { RebuildDifference } from '../../execute/rebuild.js';
import type { Session } from '../../execute/session.js';
import type { CliContext, CliProcess } from '../context.js';
import { flag, placeFlags, projectAliases, targetWords, valued, countFor, type PlaceFlags } from '../flags.js';
import { withInterrupt } from '../interrupt.js';
import { withSession } from '../project.js';
import { rendererFor } from '../renderer.js';

/** No `--set`: a lock tells of the pipeline file as it stands. */
interface Flags extends PlaceFlags {
  readonly rebuild?: boolean;
  readonly inputs?: boolean;
  readonly jobs?: number;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export const verifyCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: 'Compare sources, rules and outputs with pipeline.lock',
    fullDescription: [
      'Runs nothing and believes no time stamp: every source and output that the lock names is read and compared, and so are',
      'rules and params. A line a difference; exit code 3 where there is one.',
      '',
      'With --rebuild the targets (all that the lock names, where none is given) and what they need are built from nothing in',
      'a copy of the project, no remembered part is taken, and what comes out is compared: by digest, then by row, entry of a',
      'folder, or table. Remembered answers of models are kept, and nothing outside of cache/ is written.',
      '',
      'With --inputs the targets are run under strace in such a copy, with the inputs that are here, and the files that they',
      'read, write or list and do not declare are told, with the repair. Exit code 3 where there are some, 2 where nothing',
      'can be observed (no strace, or it is forbidden).',
      '',
      '  vlmbuild verify                    is everything here what was committed?',
      '  vlmbuild verify dataset            one target alone',
      '  vlmbuild verify --rebuild dataset  does it come out the same from nothing?',
      '  vlmbuild verify --inputs dataset   does it use a file that nobody declared?',
    ].join('\n'),
  },
  parameters: {
    positional: targetWords,
    flags: {
      rebuild: flag('Build from nothing in a copy, and compare what comes out'),
      inputs: flag('Run the targets under strace, and tell what they use without declaring it'),
      jobs: valued('N', countFor('-j'), 'With --rebuild and --inputs: how many parts, rules and commands at once'),
      quiet: flag('With --rebuild and --inputs: print failures and findings alone'),
      verbose: flag('With --rebuild and --inputs: print what rules and commands print'),
      json: flag('One difference or finding (and event) a line as JSON'),
      ...placeFlags,
    },
    aliases: { j: 'jobs', q: 'quiet', v: 'verbose', ...projectAliases },
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    if (flags.rebuild === true && flags.inputs === true) throw new UserFacingError(archiveErrors.verifyEither());
    const work = flags.rebuild === true ? compareRebuilt : flags.inputs === true ? observeInputs : compareLock;
    const access = work === compareLock ? 'reading' : 'building';
    await withSession(flags, this.process.env, access, (session) => work(session, flags, words, this.process), {
      jobs: flags.jobs ?? availableParallelism(),
      trust: flags.inputs === true ? 'stat' : 'nothing',
    });
  },
});

async function compareLock(session: Session, flags: Flags, words: readonly string[], world: CliProcess): Promise<void> {
  const { verify } = await import('../../execute/verify.js');
  const { differences, targets, notLocked } = await verify(session, words);
  const lock = basename(session.lockPath);
  await tell(differences, flags, world);
  if (flags.json === true) {
    const summary = { v: 1, type: 'verified', targets, differences: differences.length, notLocked };
    world.stdout.write(`${JSON.stringify(summary)}\n`);
  } else {
    const same = `${plural(targets, 'target')}: all as \`${lock}\` has it`;
    const different = `${plural(differences.length, 'difference')} from \`${lock}\` in ${plural(targets, 'target')}`;
    world.stdout.write(`${differences.length === 0 ? same : different}\n`);
    if (notLocked.length > 0) world.stdout.write(`not in the lock, so not looked at: ${notLocked.join(', ')}\n`);
  }
  world.exitCode = differences.length === 0 ? EXIT.done : EXIT.different;
}

async function compareRebuilt(
  session: Session,
  flags: Flags,
  words: readonly string[],
  world: CliProcess,
): Promise<void> {
  const { rebuild } = await import('../../execute/rebuild.js');
  const renderer = await rendererFor(flags, world);
  const { differences, targets, result } = await withInterrupt((signal) =>
    rebuild(session, { words, signal }, renderer.on),
  ).finally(() => renderer.close());
  await tell(differences, flags, world);
  const { failed, skipped } = result.counts;
  if (flags.json === true) {
    const summary = { v: 1, type: 'verified', targets, differences: differences.length, failed, skipped };
    world.stdout.write(`${JSON.stringify(summary)}\n`);
  } else if (result.outcome !== 'interrupted') {
    const what = differences.length === 0 ? 'no difference' : plural(differences.length, 'difference');
    const rest = failed + skipped === 0 ? '' : `; ${plural(failed + skipped, 'target')} could not be compared`;
    const lock = basename(session.lockPath);
    world.stdout.write(`rebuilt ${plural(targets, 'target')} from nothing: ${what} from \`${lock}\`${rest}\n`);
  }
  const built: ExitCode = result.exitCode;
  world.exitCode = built !== EXIT.done ? built : differences.length === 0 ? EXIT.done : EXIT.different;
}

async function observeInputs(
  session: Session,
  flags: Flags,
  words: readonly string[],
  world: CliProcess,
): Promise<void> {
  const { observe } = await import('../../execute/observe.js');
  const renderer = await rendererFor(flags, world);
  const { targets, result } = await withInterrupt((signal) => observe(session, { words, signal }, renderer.on)).finally(
    () => renderer.close(),
  );
  const { observedText } = await import('../../render/observed.js');
  for (const { target, found } of targets) {
    if (flags.json === true) {
      const { files, hints, programs } = found;
      for (const file of files)
        world.stdout.write(`${JSON.stringify({ v: 1, type: 'undeclared', target, ...file })}\n`);
      for (const file of hints) world.stdout.write(`${JSON.stringify({ v: 1, type: 'hint', target, ...file })}\n`);
      const summary = { v: 1, type: 'observed', target, undeclared: files.length, hints: hints.length, programs };
      world.stdout.write(`${JSON.stringify(summary)}\n`);
    } else {
      const work = session.pipeline.targets.get(target)?.work.type ?? 'command';
      world.stdout.write(`${observedText(target, found, work)}\n`);
    }
  }
  const clean = targets.every(({ found }) => found.files.length === 0);
  world.exitCode = result.exitCode !== EXIT.done ? result.exitCode : clean ? EXIT.done : EXIT.different;
}

async function tell(differences: readonly RebuildDifference[], flags: Flags, world: CliProcess): Promise<void> {
  if (flags.json === true) {
    for (const difference of differences)
      world.stdout.write(`${JSON.stringify({ v: 1, type: 'difference', ...difference })}\n`);
    return;
  }
  if (differences.length === 0) return;
  const { differencesText } = await import('../../render/verify.js');
  world.stdout.write(`${differencesText(differences)}\n`);
}
