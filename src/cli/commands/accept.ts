import { buildCommand } from '@stricli/core';
import { archiveErrors } from '../../diagnostics/archive.js';
import { UserFacingError } from '../../diagnostics/diagnostic.js';
import type { CliContext } from '../context.js';
import { flag, placeFlags, projectAliases, type PlaceFlags } from '../flags.js';
import { withSession } from '../project.js';

/** No `--set`: the lock tells of the pipeline file as it stands. */
interface Flags extends PlaceFlags {
  readonly reason: string;
  readonly json?: boolean;
}

export const acceptCommand = buildCommand<Flags, [string, ...string[]], CliContext>({
  docs: {
    brief: 'Take outputs on disk as the result of the present inputs, params and code',
    fullDescription: [
      'For a change that makes a target stale although its outputs are right as they are: a rule was tidied up, an output',
      'was mended by hand. Runs nothing. The outputs are read and kept in the store, the target is fresh, and the lock shows',
      'the reason. `verify --rebuild` still tells where a rebuild differs.',
      '',
      "  vlmbuild accept traces --reason 'only logging changed'",
      '',
      'What the target needs must be up to date, or be accepted with it.',
    ].join('\n'),
  },
  parameters: {
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: { brief: 'name or name@key=value', parse: String, placeholder: 'TARGET' },
    },
    flags: {
      reason: {
        kind: 'parsed',
        parse: String,
        brief: 'Why they are right, for whoever reads the lock',
        placeholder: 'TEXT',
      },
      json: flag('One target a line as JSON'),
      ...placeFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    const reason = flags.reason.trim();
    if (reason === '' || /[\r\n]/.test(reason)) throw new UserFacingError(archiveErrors.acceptReason());
    await withSession(flags, this.process.env, 'building', async (session) => {
      const { accept } = await import('../../execute/accept.js');
      for (const result of await accept(session, { words, reason })) {
        const { target, accepted } = result;
        const line = flags.json
          ? JSON.stringify({ v: 1, type: accepted ? 'accepted' : 'fresh', ...result, reason })
          : accepted
            ? `accepted ${target}: ${reason}`
            : `${target} is fresh already: there is nothing to accept`;
        this.process.stdout.write(`${line}\n`);
      }
    });
  },
});
