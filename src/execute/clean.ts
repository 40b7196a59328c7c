import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KindName } from '../artifacts/kind.js';
import { resolveWords } from '../plan/graph.js';
import { leftOver } from './left-over.js';
import type { Session } from './session.js';

export interface CleanOptions {
  /** Targets; none: all. */
  readonly words: readonly string[];
  /** Instead: outputs of targets that the pipeline no longer has. */
  readonly leftOver: boolean;
  readonly dryRun: boolean;
}

export interface CleanReport {
  readonly removed: readonly string[];
  /** Outputs whose content nobody recorded: edited by hand, so they stay. */
  readonly kept: readonly string[];
}

/** Removes recorded outputs that still are what was recorded. Sources are never touched. */
export async function clean(session: Session, options: CleanOptions): Promise<CleanReport> {
  const wanted = new Set(options.leftOver ? leftOver(session) : outputPathsOf(session, options.words));
  const removed: string[] = [];
  const kept: string[] = [];
  for (const [path, recorded] of session.index.outputPaths()) {
    if (!wanted.has(path)) continue;
    const present = await session.digester.digest(path, recorded.kind as KindName);
    if (present === 'absent') continue;
    if (present !== recorded.digest) {
      kept.push(path);
      continue;
    }
    removed.push(path);
    if (options.dryRun) continue;
    rmSync(join(session.root, path), { recursive: true });
    session.index.dropOutputPath(path);
  }
  return { removed, kept };
}

function outputPathsOf({ pipeline, graph }: Session, words: readonly string[]): string[] {
  const names = words.length === 0 ? [...pipeline.targets.keys()] : resolveWords(graph, words);
  return names.flatMap((name) => Object.values(pipeline.targets.get(name)?.outputs ?? {}).map(({ path }) => path));
}
