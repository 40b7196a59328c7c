import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Observed } from './host-process.js';

/** Calls that name a file, list a folder, or begin a process; calls that fail are told too. */
const CALLS = 'trace=%file,?getdents,getdents64,fchdir,clone,?clone3,?fork,?vfork';
/** Follows children, a log a process; with times, and the paths of open files. */
const OPTIONS = ['-f', '-ff', '-qq', '-ttt', '-y', '-e', CALLS, '-e', 'signal=none'];

export type Strace =
  { readonly type: 'usable'; observed(logs: string): Observed } | { readonly type: 'unusable'; readonly why: string };

/** Whether strace is installed and may be used here: containers and hardened kernels forbid it. */
export function findStrace(environment: NodeJS.ProcessEnv): Strace {
  if (process.platform !== 'linux') return { type: 'unusable', why: 'it needs strace, which is for Linux' };
  const program = (environment['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'strace'))
    .find(isExecutable);
  if (program === undefined) return { type: 'unusable', why: '`strace` is not installed' };
  let why = '';
  // The filter in the kernel leaves calls that are not asked for alone, and needs Linux 4.8 and strace 5.3.
  for (const fast of [['--seccomp-bpf'], []]) {
    const { status, stderr, error } = spawnSync(program, [...fast, ...OPTIONS, '-o', '/dev/null', 'true'], {
      encoding: 'utf8',
    });
    if (status === 0) {
      return {
        type: 'usable',
        observed: (logs) => ({
          command: [program, ...fast, ...OPTIONS, '-o', join(logs, 'log')],
          // What goes through a ring of the kernel's makes no calls that could be seen.
          env: { UV_USE_IO_URING: '0' },
        }),
      };
    }
    why = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  }
  return { type: 'unusable', why: `\`strace\` may not observe here (${why})` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
