import { buildCommand } from '@stricli/core';
import { cliErrors } from '../../diagnostics/cli.js';
import { UserFacingError } from '../../diagnostics/diagnostic.js';
import type { CliContext } from '../context.js';
import { placeFlags, projectAliases, type PlaceFlags } from '../flags.js';
import { withSession } from '../project.js';

/** No `--set`: a lock tells of the pipeline file as it stands. */
type Flags = PlaceFlags;

export const lockCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: 'Write pipeline.lock from what is on disk',
    fullDescription: 'Runs nothing. Refuses where a target is not fresh: the lock would not tell the truth.',
  },
  parameters: { flags: placeFlags, aliases: projectAliases },
  async func(this: CliContext, flags: Flags) {
    await withSession(flags, this.process.env, 'building', async (session) => {
      const { plan } = await import('../../execute/build.js');
      const { writeLockFrom } = await import('../../execute/lock.js');
      const decisions = await plan(session, { targets: [...session.pipeline.targets.keys()] });
      const others = [...decisions.values()].filter((decision) => decision.state !== 'fresh');
      if (others.length > 0) {
        throw new UserFacingError(cliErrors.notFresh(others.map(({ target, state }) => [target, state])));
      }
      const written = writeLockFrom(session, decisions);
      this.process.stdout.write(
        `${session.lockPath.slice(session.root.length + 1)}: ${written ? 'written' : 'as it was'}\n`,
      );
    });
  },
});
