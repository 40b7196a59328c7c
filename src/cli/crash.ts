import { EXIT } from '../diagnostics/diagnostic.js';
import { executeErrors } from '../diagnostics/execute.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import { ownStack } from '../diagnostics/own-stack.js';

/** A failure of vlmbuild's own, as its user is told of it. */
export function crashText(problem: unknown, { color }: { readonly color: boolean }): string {
  const facts =
    problem instanceof Error
      ? { message: problem.message, stack: ownStack(problem) }
      : { message: String(problem), stack: '' };
  return formatDiagnostic(executeErrors.internal(facts), { color });
}

/**
 * What nobody catches ends the process as ever, and says where it comes from. Where nothing is left to wait for before the
 * work is done, Node would end it as if it had gone well.
 */
export async function tellOfCrashes<T>(
  work: () => Promise<T>,
  world: Pick<NodeJS.Process, 'once' | 'off' | 'exit' | 'stderr'> = process,
): Promise<T> {
  const crash = (problem: unknown): void => {
    world.stderr.write(`${crashText(problem, { color: false })}\n`);
    world.exit(EXIT.failed);
  };
  const endsEarly = (): void => crash('nothing was left to wait for before the work was done');
  world.once('uncaughtException', crash);
  world.once('beforeExit', endsEarly);
  try {
    return await work();
  } finally {
    world.off('beforeExit', endsEarly);
  }
}
