import { EXIT } from '../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import type { Session, SessionOptions } from '../execute/session.js';
import { styleOf } from './context.js';
import { enterProject, type ProjectFlags } from './flags.js';
import { onInterrupt } from './interrupt.js';

/**
 * Opens the project that the flags name, hands it to `use`, and closes it whatever happens. Ctrl-C ends the process, and
 * with it the hosts, unless `use` has it do something else.
 */
export async function withSession<T>(
  flags: ProjectFlags,
  environment: NodeJS.ProcessEnv,
  access: SessionOptions['access'],
  use: (session: Session) => Promise<T> | T,
  options: Pick<SessionOptions, 'jobs' | 'trust' | 'timeline'> = {},
): Promise<T> {
  const file = enterProject(flags);
  const letGo = onInterrupt(() => process.exit(EXIT.interrupted));
  try {
    const { openSession } = await import('../execute/session.js');
    const session = await openSession({
      file,
      environment,
      access,
      set: flags.set ?? [],
      ...options,
    });
    try {
      return await use(session);
    } finally {
      const color = styleOf(process.stderr, environment) === 'color';
      for (const notice of session.takeNotices()) process.stderr.write(`${formatDiagnostic(notice, { color })}\n`);
      await session.close();
    }
  } finally {
    letGo();
  }
}
