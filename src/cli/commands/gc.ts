import { buildCommand } from '@stricli/core';
import { parseBytes } from '../../base/bytes.js';
import { parseDuration } from '../../base/duration.js';
import type { CliContext } from '../context.js';
import { flag, placeFlags, projectAliases, valued, countFor, type PlaceFlags } from '../flags.js';
import { withInterrupt } from '../interrupt.js';
import { withSession } from '../project.js';

interface Flags extends PlaceFlags {
  readonly maxSize?: number;
  readonly maxAge?: number;
  readonly keepRuns?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const gcCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: 'Bring the store within bounds of size and age',
    fullDescription: [
      'Drops remembered results and parts that nothing needs: those not used for --max-age, and while the store is larger',
      'than --max-size the least recently used first. Never goes what the lock, the outputs that are there, the last result',
      'of a target, the last runs, or the parts that targets list need, nor an answer of a model. What was dropped is made',
      'again when it is wanted again.',
      '',
      '  vlmbuild gc --dry-run          say what would go',
      '  vlmbuild gc --max-size 5GB     to make room now',
      '  vlmbuild cache                 what the store keeps, and for what',
      '',
      'Waits for builds that are under way. A build does the same once a day with the default bounds, unless the environment',
      'variable VLMBUILD_GC is `off`.',
    ].join('\n'),
  },
  parameters: {
    flags: {
      maxSize: valued('SIZE', size, 'Default 20GB'),
      maxAge: valued('TIME', age, 'Default 30d'),
      keepRuns: valued('N', countFor('--keep-runs'), 'Keep what the last N runs came to (default 10)'),
      dryRun: flag('Say what would go'),
      json: flag('As JSON'),
      ...placeFlags,
    },
    aliases: { n: 'dryRun', ...projectAliases },
  },
  async func(this: CliContext, flags: Flags) {
    await withSession(flags, this.process.env, flags.dryRun === true ? 'reading' : 'building', async (session) => {
      const { collect, GC_BOUNDS } = await import('../../execute/gc.js');
      const { gcText } = await import('../../render/cache.js');
      const { dryRun = false, json = false } = flags;
      const report = await withInterrupt((signal) =>
        collect(session, {
          maxBytes: flags.maxSize ?? GC_BOUNDS.maxBytes,
          maxAgeMs: flags.maxAge ?? GC_BOUNDS.maxAgeMs,
          keepRuns: flags.keepRuns ?? GC_BOUNDS.keepRuns,
          nowMs: Date.now(),
          dryRun,
          wait: true,
          signal,
          onWait: (runs) => this.process.stderr.write(`waits for ${runs.join(', ')} to end\n`),
        }),
      );
      if (report === undefined) return;
      const text = json ? JSON.stringify({ v: 1, type: 'gc', dryRun, ...report }) : gcText(report, flags);
      this.process.stdout.write(`${text}\n`);
    });
  },
});

function size(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new RangeError(`${text} is no size: write it like 20GB, 500MB or 0`);
  return bytes;
}

function age(text: string): number {
  // A duration is above zero elsewhere; here it says that nothing is young.
  const milliseconds = /^0+(ms|s|m|h|d)?$/.test(text) ? 0 : parseDuration(text);
  if (milliseconds === undefined) throw new RangeError(`${text} is no time: write it like 30d, 12h or 90m`);
  return milliseconds;
}
