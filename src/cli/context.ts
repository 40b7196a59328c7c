import type { CommandContext } from '@stricli/core';

/** What a command may touch of the world outside the project. */
export interface CliContext extends CommandContext {
  readonly process: CliProcess;
}

export interface CliProcess {
  readonly stdout: CliStream;
  readonly stderr: CliStream;
  readonly env: NodeJS.ProcessEnv;
  /** Set by a command to end with something else than 0. */
  exitCode?: number | string | null;
}

export interface CliStream {
  readonly write: (text: string) => void;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** `color` on a terminal that has it, unless NO_COLOR says no; FORCE_COLOR says yes for a pipe. */
export function styleOf(stream: CliStream, env: NodeJS.ProcessEnv): 'plain' | 'color' {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return 'plain';
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return 'color';
  return stream.isTTY === true && env['TERM'] !== 'dumb' ? 'color' : 'plain';
}
