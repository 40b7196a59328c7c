import { buildCommand } from '@stricli/core';
import { formatSeconds } from '../../base/units.js';
import type { CliContext } from '../context.js';
import { projectAliases, projectFlags, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';

interface Flags extends ProjectFlags {
  readonly limit: number;
  readonly json?: boolean;
}

export const runsCommand = buildCommand<Flags, [], CliContext>({
  docs: { brief: 'List past runs, newest first' },
  parameters: {
    flags: {
      limit: { kind: 'parsed', parse: Number, default: '20', brief: 'How many', placeholder: 'N' },
      json: { kind: 'boolean', optional: true, withNegated: false, brief: 'One run a line as JSON' },
      ...projectFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags) {
    await withSession(flags, this.process.env, async (session) => {
      const { table } = await import('../../render/table.js');
      const { countsText } = await import('../../render/event-lines.js');
      const runs = session.index.runs(flags.limit);
      if (flags.json) {
        for (const run of runs) this.process.stdout.write(`${JSON.stringify({ v: 1, ...run })}\n`);
        return;
      }
      const rows = runs.map((run) => [
        run.id,
        new Date(run.startedMs).toISOString().slice(0, 19).replace('T', ' '),
        run.outcome,
        formatSeconds(run.seconds),
        countsText({ fresh: 0, ran: 0, restored: 0, failed: 0, skipped: 0, ...run.counts }),
        run.targets.join(' '),
      ]);
      this.process.stdout.write(rows.length === 0 ? 'no run yet\n' : `${table(rows, [3]).join('\n')}\n`);
    });
  },
});
