import { EXIT, type Diagnostic } from '../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import type { Remembered } from '../execute/remembered.js';
import type { Session, SessionOptions } from '../execute/session.js';
import { styleOf } from './context.js';
import { enterProject, type PlaceFlags, type ProjectFlags } from './flags.js';
import { onInterrupt } from './interrupt.js';

/** Hands what is remembered of the project that the flags name to `use`, also where its pipeline is wrong. */
export async function withRemembered<T>(
  flags: PlaceFlags,
  environment: NodeJS.ProcessEnv,
  use: (remembered: Remembered) => Promise<T> | T,
): Promise<T> {
  const file = enterProject(flags);
  const { openRemembered } = await import('../execute/remembered.js');
  const remembered = openRemembered(file);
  try {
    return await use(remembered);
  } finally {
    tell(remembered.takeNotices(), environment);
    remembered.close();
  }
}

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
      tell(session.takeNotices(), environment);
      await session.close();
    }
  } finally {
    letGo();
  }
}

function tell(notices: readonly Diagnostic[], environment: NodeJS.ProcessEnv): void {
  const color = styleOf(process.stderr, environment) === 'color';
  for (const notice of notices) process.stderr.write(`${formatDiagnostic(notice, { color })}\n`);
}
