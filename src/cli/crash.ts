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

/** What nobody catches ends the process as ever, and says where it comes from. */
export function tellOfCrashes(world: Pick<NodeJS.Process, 'once' | 'exit' | 'stderr'> = process): void {
  world.once('uncaughtException', (error: unknown) => {
    world.stderr.write(`${crashText(error, { color: false })}\n`);
    world.exit(EXIT.failed);
  });
}
