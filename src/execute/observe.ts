import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { archiveErrors } from '../diagnostics/archive.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { HostPool } from '../host/pool.js';
import { findStrace } from '../host/strace.js';
import { readStraceLogs } from '../host/strace-log.js';
import { resolveWords } from '../plan/graph.js';
import { acquireRunLock } from '../store/run-lock.js';
import { cacheLayout } from '../store/layout.js';
import { build, type BuildResult } from './build.js';
import type { EventListener } from './events.js';
import { copyProject } from './rebuild-copy.js';
import { openSession, type Session } from './session.js';
import { undeclared, type Undeclared } from './undeclared.js';

export interface Observed {
  readonly targets: readonly { readonly target: string; readonly found: Undeclared }[];
  /** Of the last target that was run: one that fails ends the observation. */
  readonly result: BuildResult;
}

/** How many folders above the project can be reached from the copy by `..`. */
const ABOVE = 3;

/**
 * Runs targets under strace in a copy of the project below `cache/stage/`, with the inputs that are on disk, and tells
 * the files that they use without declaring them. The project, its store and index are left as they are; answers are
 * taken from it and kept in it.
 *
 * @throws UserFacingError where nothing can be observed here, or an input is not built.
 */
export async function observe(
  session: Session,
  options: { readonly words: readonly string[]; readonly signal: AbortSignal },
  listener: EventListener,
): Promise<Observed> {
  const { pipeline, graph, layout } = session;
  if (options.words.length === 0) throw new UserFacingError(archiveErrors.observeWhat());
  const names = resolveWords(graph, options.words);
  const strace = findStrace(session.realEnvironment);
  if (strace.type === 'unusable') throw new UserFacingError(archiveErrors.cannotObserve({ why: strace.why }));
  const targets: Observed['targets'][number][] = [];
  let result: BuildResult | undefined;
  for (const name of names) {
    const target = pipeline.targets.get(name);
    if (target === undefined) continue;
    const run = acquireRunLock(layout, `observe-${randomBytes(6).toString('hex')}`);
    try {
      const folder = join(realpathSync(run.stage), 'copy');
      const logs = join(realpathSync(run.stage), 'logs');
      mkdirSync(logs);
      const without = Object.values(target.outputs);
      const file = copyProject(pipeline, layout, folder, { without, above: ABOVE });
      const copy = dirname(file);
      const hosts = new HostPool({
        slots: session.jobs,
        root: copy,
        cache: cacheLayout(copy).cache,
        observed: strace.observed(logs),
      });
      try {
        const scratch = await openSession({ file, environment: session.realEnvironment, jobs: session.jobs, hosts });
        try {
          const alone = { targets: [name], only: true, force: true, signal: options.signal };
          result = await build(scratch, alone, listener);
        } finally {
          await scratch.close();
        }
      } finally {
        await hosts.close();
      }
      const accesses = readStraceLogs(readLogs(logs), copy);
      targets.push({ target: name, found: undeclared(accesses, session, target, { folder, copy }) });
      if (result.outcome === 'interrupted' || result.outcome === 'failed') break;
    } finally {
      run.release();
    }
  }
  if (result === undefined) throw new UserFacingError(archiveErrors.observeWhat());
  return { targets, result };
}

function readLogs(folder: string): Map<number, string> {
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder).map((name) => [
      Number(name.slice(name.lastIndexOf('.') + 1)),
      readFileSync(join(folder, name), 'utf8'),
    ]),
  );
}
