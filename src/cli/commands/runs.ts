import { buildCommand, buildRouteMap } from '@stricli/core';
import { formatSeconds } from '../../base/units.js';
import type { CliContext } from '../context.js';
import { flag, placeFlags, projectAliases, valued, countFor, type PlaceFlags } from '../flags.js';
import { withRemembered, withSession } from '../project.js';

interface Flags extends PlaceFlags {
  readonly limit?: number;
  readonly json?: boolean;
}

const listCommand = buildCommand<Flags, [], CliContext>({
  docs: { brief: 'List past runs, newest first (the default)' },
  parameters: {
    flags: {
      limit: valued('N', countFor('--limit'), 'How many (default 20)'),
      json: flag('One run a line as JSON'),
      ...placeFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags) {
    await withRemembered(flags, this.process.env, async ({ index }) => {
      const { table } = await import('../../render/table.js');
      const { countsText } = await import('../../render/event-lines.js');
      const runs = index.runs(flags.limit ?? 20);
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
        run.targets.length === 0 ? 'the defaults' : run.targets.join(' '),
      ]);
      this.process.stdout.write(rows.length === 0 ? 'no run yet\n' : `${table(rows, [3]).join('\n')}\n`);
    });
  },
});

interface DiffFlags extends PlaceFlags {
  readonly json?: boolean;
}

const run = (brief: string, placeholder: string) => ({ brief, parse: String, placeholder }) as const;

const diffCommand = buildCommand<DiffFlags, [string, string], CliContext>({
  docs: {
    brief: 'Which targets differ between two runs: by params, inputs, code and outputs',
    fullDescription: [
      'A run is named by the id that `vlmbuild runs` shows, enough of its beginning, or `last`. Outputs that differ are',
      'compared by row, entry of a folder, or table, where the tree or the store has the bytes of both.',
      '',
      '  vlmbuild runs diff 20260131T0915 last',
    ].join('\n'),
  },
  parameters: {
    positional: { kind: 'tuple', parameters: [run('what is compared', 'RUN'), run('with what', 'RUN')] },
    flags: {
      json: flag('One target a line as JSON'),
      ...placeFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: DiffFlags, before: string, now: string) {
    await withSession(flags, this.process.env, 'reading', async (session) => {
      const { diffRuns } = await import('../../execute/runs-diff.js');
      const { runsDiffText } = await import('../../render/runs-diff.js');
      const difference = await diffRuns(session, before, now);
      const { runs, targets, same } = difference;
      const text = flags.json
        ? [...targets.map((target) => ({ type: 'run-difference', ...target })), { type: 'runs-compared', runs, same }]
            .map((line) => JSON.stringify({ v: 1, ...line }))
            .join('\n')
        : runsDiffText(difference);
      this.process.stdout.write(`${text}\n`);
    });
  },
});

export const runsRoute = buildRouteMap({
  routes: { list: listCommand, diff: diffCommand },
  defaultCommand: 'list',
  docs: { brief: 'List past runs, newest first; compare two' },
});
