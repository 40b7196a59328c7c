import { cliErrors } from '../diagnostics/cli.js';
import { EXIT } from '../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../diagnostics/format.js';

/**
 * What is printed may reach nobody, and the work goes on. A reader that is gone (`vlmbuild -v | head -1`, a closed
 * terminal) wanted no more. What a file lacks because its disk is full is told once, and the exit code says it.
 */
export function outliveReaders(world: NodeJS.Process = process): void {
  let told = false;
  const lost = (name: 'stdout' | 'stderr', error: NodeJS.ErrnoException): void => {
    if (told || error.code === 'EPIPE' || error.code === 'EIO') return;
    told = true;
    if (name === 'stderr') return;
    world.once('exit', (code) => {
      if (code === EXIT.done) world.exitCode = EXIT.failed;
    });
    world.stderr.write(`${formatDiagnostic(cliErrors.outputLost(error.message), { color: false })}\n`);
  };
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = world[name];
    stream.on('error', (error: NodeJS.ErrnoException) => lost(name, error));
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
    // The stream of a file throws where others tell later.
    stream.write = (...given: unknown[]): boolean => {
      try {
        return write(...given);
      } catch (error) {
        lost(name, error as NodeJS.ErrnoException);
        return true;
      }
    };
  }
}
