import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import { buildChanged } from '../execute/changed.js';
import type { ComparedSnapshot } from '../plan/snapshot-compare.js';
import { styleOf } from './context.js';
import { tellOfCrashes } from './crash.js';
import type { PlainBuild } from './fast-words.js';
import { onInterrupt, withInterrupt } from './interrupt.js';
import { outliveReaders } from './outlive-readers.js';
import { rendererFor } from './renderer.js';

/**
 * Builds what has changed since the snapshot was taken, without the command line's parser and the pipeline's reader. False,
 * with nothing done, where that cannot be: then main builds.
 */
export function buildWhatChanged(plain: PlainBuild, compared: ComparedSnapshot): Promise<boolean> {
  outliveReaders();
  return tellOfCrashes(() => build(plain, compared));
}

async function build(plain: PlainBuild, compared: ComparedSnapshot): Promise<boolean> {
  const letGo = onInterrupt(() => process.exit(EXIT.interrupted));
  const renderer = await rendererFor({ quiet: plain.quiet }, process);
  const seen = { any: false };
  try {
    const result = await withInterrupt((signal) =>
      buildChanged(
        {
          file: resolve(plain.file),
          words: plain.words,
          environment: process.env,
          jobs: plain.jobs ?? availableParallelism(),
          keepGoing: plain.keepGoing,
          signal,
        },
        compared,
        (event) => {
          seen.any = true;
          renderer.on(event);
        },
      ),
    );
    if (result === undefined) return false;
    process.exitCode = result.exitCode;
    return true;
  } catch (error) {
    // What is wrong before anything began, main finds too, and says it where it belongs.
    if (!seen.any) return false;
    if (!(error instanceof UserFacingError)) throw error;
    const color = styleOf(process.stderr, process.env) === 'color';
    process.stderr.write(
      `${error.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, { color })).join('\n\n')}\n`,
    );
    process.exitCode = error.exitCode;
    return true;
  } finally {
    renderer.close();
    letGo();
  }
}
