import { buildCommand } from '@stricli/core';
import { EXIT, UserFacingError } from '../../diagnostics/diagnostic.js';
import { styleOf, type CliContext } from '../context.js';
import { flag, projectAliases, projectFlags, targetWords, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';

interface Flags extends ProjectFlags {
  readonly parts?: boolean;
  readonly json?: boolean;
}

export const statusCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: 'A line a target: state, parts, size, age, reasons',
    fullDescription:
      'Looks at everything and builds nothing. Names outputs that are left over from targets that are gone.',
  },
  parameters: {
    positional: targetWords,
    flags: {
      parts: flag('List the parts as well: how many are fresh, changed and new (runs the rules that list them)'),
      json: flag('One target a line as JSON'),
      ...projectFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    await withSession(flags, this.process.env, 'reading', async (session) => {
      const { statusOf } = await import('../../execute/status.js');
      const { statuses, absent } = await statusOf(session, words, { listParts: flags.parts === true });
      if (flags.json) {
        for (const status of statuses) this.process.stdout.write(`${JSON.stringify({ v: 1, ...status })}\n`);
      } else {
        const { statusText } = await import('../../render/status.js');
        const { leftOver } = await import('../../execute/left-over.js');
        const style = styleOf(this.process.stdout, this.process.env);
        this.process.stdout.write(`${statusText(statuses, leftOver(session), Date.now(), style)}\n`);
      }
      if (absent.length > 0) throw new UserFacingError(absent, EXIT.failed);
    });
  },
});
