import { buildCommand } from '@stricli/core';
import { styleOf, type CliContext } from '../context.js';
import { projectAliases, projectFlags, targetWords, type ProjectFlags } from '../flags.js';
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
      parts: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'List the parts as well: how many are fresh, changed and new (runs the rules that list them)',
      },
      json: { kind: 'boolean', optional: true, withNegated: false, brief: 'One target a line as JSON' },
      ...projectFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    await withSession(flags, this.process.env, 'reading', async (session) => {
      const { leftOver, statusOf } = await import('../../execute/status.js');
      const all = words.length === 0 ? [...session.pipeline.targets.keys()] : words;
      const statuses = await statusOf(session, all, { listParts: flags.parts === true });
      const orphans = leftOver(session);
      if (flags.json) {
        for (const status of statuses) this.process.stdout.write(`${JSON.stringify({ v: 1, ...status })}\n`);
        return;
      }
      const { statusText } = await import('../../render/status.js');
      const style = styleOf(this.process.stdout, this.process.env);
      this.process.stdout.write(
        `${statusText(
          statuses,
          orphans.map(({ path }) => path),
          Date.now(),
          style,
        )}\n`,
      );
    });
  },
});
