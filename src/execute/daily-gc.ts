import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes, plural } from '../base/units.js';
import { archiveErrors } from '../diagnostics/archive.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { Session } from './session.js';

const DAY_MS = 86_400_000;

/**
 * Brings the store within its default bounds where that was not done for a day: at the end of a build that ran something,
 * when no other one is under way. A new store is left alone for its first day.
 *
 * @returns what the user should know: that results were dropped, or why nothing could be.
 */
export async function collectDaily(session: Session): Promise<Diagnostic | undefined> {
  if (session.realEnvironment['VLMBUILD_GC'] === 'off') return undefined;
  const marker = join(session.layout.cache, 'collected');
  const nowMs = Date.now();
  const beforeMs = statSync(marker, { throwIfNoEntry: false })?.mtimeMs;
  // A time in the future is of a clock that was set back since.
  if (beforeMs !== undefined && beforeMs <= nowMs && nowMs - beforeMs < DAY_MS) return undefined;
  writeFileSync(marker, '');
  if (beforeMs === undefined) return undefined;
  const { collect, GC_BOUNDS } = await import('./gc.js');
  try {
    const report = await collect(session, { ...GC_BOUNDS, nowMs, wait: false });
    if (report === undefined || report.results + report.parts === 0) return undefined;
    const { before, after, results, parts } = report;
    const what = [plural(results, 'result'), plural(parts, 'part')].join(' and ');
    return archiveErrors.collected({ what, sizes: `${formatBytes(before)} → ${formatBytes(after)}` });
  } catch (error) {
    // For one, a lock of another pipeline file that cannot be read.
    if (error instanceof UserFacingError) return error.diagnostics[0];
    throw error;
  }
}
