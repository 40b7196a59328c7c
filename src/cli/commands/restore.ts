import { buildCommand } from '@stricli/core';
import { plural } from '../../base/units.js';
import { archiveErrors } from '../../diagnostics/archive.js';
import { UserFacingError } from '../../diagnostics/diagnostic.js';
import type { RestoreReport } from '../../execute/restore-run.js';
import type { CliContext } from '../context.js';
import { flag, placeFlags, projectAliases, valued, type PlaceFlags } from '../flags.js';
import { withInterrupt } from '../interrupt.js';
import { withSession } from '../project.js';
import { rendererFor } from '../renderer.js';

interface Flags extends PlaceFlags {
  readonly to?: string;
  readonly inPlace?: boolean;
  readonly json?: boolean;
}

export const restoreCommand = buildCommand<Flags, [string, ...string[]], CliContext>({
  docs: {
    brief: 'Bring back the outputs of an earlier run',
    fullDescription: [
      'Every run that built something records what its targets had. RUN is the id that `vlmbuild runs` shows, or enough of',
      'its beginning, or `last`; TARGETs choose some of its targets. What is written is checked against the recorded digests.',
      '',
      '  vlmbuild runs                               which runs there were',
      '  vlmbuild runs diff 20260131 last            what differs between two',
      '  vlmbuild restore 20260131 --to /tmp/then    beside the tree: nothing here is touched',
      '  vlmbuild restore 20260131 dataset --in-place',
      '                                              replaces outputs; edited ones are kept aside',
      '',
      'After --in-place the outputs are not those of the present pipeline file, and the next build brings them back.',
    ].join('\n'),
  },
  parameters: {
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: { brief: 'the run, and targets of it', parse: String, placeholder: 'RUN [TARGET]' },
    },
    flags: {
      to: valued('DIR', String, 'Write below this folder'),
      inPlace: flag('Replace outputs'),
      json: flag('One output a line as JSON'),
      ...placeFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags, run: string, ...words: string[]) {
    const { to, inPlace = false } = flags;
    if ((to === undefined) !== inPlace) throw new UserFacingError(archiveErrors.restoreWhere());
    await withSession(flags, this.process.env, 'building', async (session) => {
      const { restoreBeside, restoreInPlace } = await import('../../execute/restore-run.js');
      const renderer = await rendererFor({ json: flags.json ?? false }, this.process);
      const report =
        to === undefined
          ? await withInterrupt((signal) => restoreInPlace(session, { run, words, signal }, renderer.on))
          : await restoreBeside(session, { run, words, to });
      renderer.close();
      this.process.stdout.write(reportText(report, flags.json === true));
    });
  },
});

function reportText({ run, outputs }: RestoreReport, json: boolean): string {
  if (json) return outputs.map((output) => `${JSON.stringify({ v: 1, type: 'restored', run, ...output })}\n`).join('');
  const lines = outputs.map(({ path, kind }) => `restored ${path}${kind === 'directory' ? '/' : ''}\n`);
  return `${lines.join('')}${plural(outputs.length, 'output')} of run ${run}\n`;
}
