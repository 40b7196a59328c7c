import { buildCommand } from '@stricli/core';
import { plural } from '../../base/units.js';
import type { CliContext } from '../context.js';
import { flag, projectAliases, projectFlags, targetWords, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';

interface Flags extends ProjectFlags {
  readonly leftOver?: boolean;
  readonly dryRun?: boolean;
}

export const cleanCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: 'Remove recorded outputs, never sources',
    fullDescription:
      'Removes what a build has written and nobody has edited since; all targets where none is named. The store keeps the\n' +
      'bytes, so the next build restores. --left-over removes outputs of targets that are gone from the pipeline file.',
  },
  parameters: {
    positional: targetWords,
    flags: {
      leftOver: flag('Outputs of targets that are gone'),
      dryRun: flag('Say what would be removed'),
      ...projectFlags,
    },
    aliases: { n: 'dryRun', ...projectAliases },
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    await withSession(flags, this.process.env, flags.dryRun === true ? 'reading' : 'building', async (session) => {
      const { clean } = await import('../../execute/clean.js');
      const report = await clean(session, { words, leftOver: flags.leftOver ?? false, dryRun: flags.dryRun ?? false });
      const { removed, kept } = report;
      for (const path of removed) this.process.stdout.write(`${flags.dryRun ? 'would remove' : 'removed'} ${path}\n`);
      for (const path of kept) this.process.stdout.write(`kept ${path}: it was edited since it was built\n`);
      if (removed.length === 0) this.process.stdout.write('nothing to remove\n');
      else
        this.process.stdout.write(`${flags.dryRun ? 'would remove' : 'removed'} ${plural(removed.length, 'output')}\n`);
    });
  },
});
