import { shortPath } from '../base/shown-path.js';
import { systemErrorCode } from '../base/system-error.js';
import { executeErrors } from '../diagnostics/execute.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { ownStack } from '../diagnostics/own-stack.js';
import { TaskError } from '../host/pool.js';
import type { TaskFailure } from '../host/protocol.js';

/** How a target failed: what its user is told, and what the engine does about it. */
export class TargetError extends Error {
  constructor(
    readonly diagnostic: Diagnostic,
    /** Whether `--locked` found a difference: exit code 3. */
    readonly different = false,
  ) {
    super(diagnostic.headline);
    this.name = 'TargetError';
  }
}

/** The build was interrupted: nothing failed. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** An input was not what it had been when the target was decided: it must be decided again. */
export class InputChanged extends Error {
  constructor(readonly what: string) {
    super(`${what} changed while it was read`);
    this.name = 'InputChanged';
  }
}

/** What a user is told of a failed task. */
export function diagnosticOf(failure: Exclude<TaskFailure, { type: 'aborted' }>, root: string): Diagnostic {
  switch (failure.type) {
    case 'user-error': {
      // What vlmbuild itself says within a rule has a code of its own, and facts.
      const { code, facts } = failure;
      return {
        ...executeErrors.ruleSaid(failure),
        ...(code === undefined ? {} : { code }),
        ...(facts === undefined ? {} : { facts }),
      };
    }
    case 'threw':
      return executeErrors.ruleThrew(failure);
    case 'exit':
      return executeErrors.commandFailed(failure);
    case 'host-lost':
      return executeErrors.hostLost(failure);
    case 'output-absent':
      return executeErrors.outputAbsent({ output: failure.output, path: shortPath(failure.path, root) });
    case 'input-changed':
      return executeErrors.inputChanged({ what: shortPath(failure.slice, root) });
    case 'timeout':
      return executeErrors.timedOut(failure);
    case 'system':
      return executeErrors.systemFailed({
        ...failure,
        ...(failure.path === undefined ? {} : { path: shortPath(failure.path, root) }),
      });
  }
}

/**
 * Any error of a target's life as what its user is told.
 *
 * @throws Interrupted for what is no failure but an interruption.
 */
export function failureOf(error: unknown, root: string): TargetError {
  if (error instanceof TargetError) return error;
  if (error instanceof Interrupted) throw error;
  if (error instanceof TaskError) {
    if (error.failure.type === 'aborted') throw new Interrupted();
    return new TargetError(diagnosticOf(error.failure, root));
  }
  if (error instanceof InputChanged) return new TargetError(executeErrors.inputChanged({ what: error.what }));
  if (error instanceof UserFacingError) {
    const [diagnostic] = error.diagnostics;
    if (diagnostic !== undefined) return new TargetError(diagnostic);
  }
  if (error instanceof Error) {
    if (error.name === 'AbortError') throw new Interrupted();
    const { code, path: from, dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
    // What is staged can be moved; it is the place where it is to go that refuses.
    const path = dest ?? from;
    const known = systemErrorCode(error) ?? /^SQLITE_FULL|^SQLITE_(IOERR|READONLY|CANTOPEN)\w*$/.exec(code ?? '')?.[0];
    if (known !== undefined) {
      return new TargetError(
        executeErrors.systemFailed({
          code: known,
          message: error.message,
          ...(path === undefined ? {} : { path: shortPath(path, root) }),
        }),
      );
    }
    return new TargetError(executeErrors.internal({ message: error.message, stack: ownStack(error) }));
  }
  return new TargetError(executeErrors.internal({ message: String(error), stack: '' }));
}
