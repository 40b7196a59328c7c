import { buildCommand, buildRouteMap } from '@stricli/core';
import { EXIT } from '../../diagnostics/diagnostic.js';
import type { CliContext } from '../context.js';
import { flag, placeFlags, projectAliases, type PlaceFlags } from '../flags.js';
import { withSession } from '../project.js';

interface Flags extends PlaceFlags {
  readonly json?: boolean;
}

const parameters = {
  flags: {
    json: flag('As JSON'),
    ...placeFlags,
  },
  aliases: projectAliases,
} as const;

const statsCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: 'What the store keeps, for what, and what storing equal bytes once saves (the default)',
    fullDescription: [
      'Each byte counts for the first that needs it: what is there now, the last runs, the parts that targets list; `spare`',
      'is what `vlmbuild gc` may drop.',
    ].join('\n'),
  },
  parameters,
  async func(this: CliContext, flags: Flags) {
    await withSession(flags, this.process.env, 'reading', async (session) => {
      const { cacheStats } = await import('../../execute/cache.js');
      const { cacheText } = await import('../../render/cache.js');
      const stats = cacheStats(session);
      const text = flags.json ? JSON.stringify({ v: 1, type: 'cache', ...stats }) : cacheText(stats);
      this.process.stdout.write(`${text}\n`);
    });
  },
});

const checkCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: 'Read every object, drop damaged ones, and say which results that costs',
    fullDescription: [
      'Exit code 3 where something is damaged. Nothing needs to be done then: a build checks what it takes from the store,',
      'and makes again what it cannot have.',
    ].join('\n'),
  },
  parameters,
  async func(this: CliContext, flags: Flags) {
    await withSession(flags, this.process.env, 'building', async (session) => {
      const { checkCache } = await import('../../execute/cache.js');
      const { cacheCheckText } = await import('../../render/cache.js');
      const check = await checkCache(session);
      const text = flags.json ? JSON.stringify({ v: 1, type: 'cache-verified', ...check }) : cacheCheckText(check);
      this.process.stdout.write(`${text}\n`);
      if (check.damaged.length + check.incomplete.length > 0) this.process.exitCode = EXIT.different;
    });
  },
});

export const cacheRoute = buildRouteMap({
  routes: { stats: statsCommand, verify: checkCommand },
  defaultCommand: 'stats',
  docs: { brief: 'What the store keeps, and for what; whether it is whole' },
});
