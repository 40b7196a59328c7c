import type * as EsbuildModule from 'esbuild';
import type { Message } from 'esbuild';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { ruleErrors } from '../diagnostics/rule.js';

export type Esbuild = typeof EsbuildModule;

/** How often esbuild's process was replaced: of those that lose it at once, the first replaces it. */
let replaced = 0;

/**
 * Does `work` for a rule with esbuild, which is a process of its own that the system may end (for want of memory, mostly).
 * esbuild starts no other by itself; here it is told to, and `work` is done once more.
 *
 * @throws UserFacingError where that one ends as well
 */
export async function withEsbuild<T>(rule: string, work: (esbuild: Esbuild) => Promise<T>): Promise<T> {
  const esbuild = await import('esbuild');
  for (let attempt = 1; ; attempt++) {
    const before = replaced;
    try {
      return await work(esbuild);
    } catch (error) {
      if (!isServiceLost(error)) throw error;
      if (replaced === before) {
        replaced++;
        await esbuild.stop();
      }
      if (attempt > 1) throw new UserFacingError(ruleErrors.bundlerEnded(rule, messageOf(error)), EXIT.failed);
    }
  }
}

/** The mistakes in modules that esbuild found. Rethrows what is none. */
export function mistakesIn(error: unknown): readonly Message[] {
  const { errors } = error as { errors?: readonly Message[] };
  if (errors === undefined || isServiceLost(error)) throw error;
  return errors;
}

/** Has no code of its own. The words are those of `lib/main.js`; the version of esbuild is pinned, and a test kills it. */
function isServiceLost(error: unknown): boolean {
  return /\bThe service (was stopped|is no longer running)\b/.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
