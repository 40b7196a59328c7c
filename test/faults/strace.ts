import { spawnSync } from 'node:child_process';

/**
 * System calls by what they do to the disk. A fault comes at the n-th call of a group, counted by thread: where it
 * strikes does not depend on how fast the machine is.
 */
export const CALLS = {
  /** SQLite's pages, holders' names. */
  pages: 'pwrite64',
  /** Whole files, logs, and what is said to other processes. */
  writes: 'write,writev,copy_file_range,sendfile',
  renames: 'rename,renameat,renameat2',
  removals: 'unlink,unlinkat,rmdir',
  folders: 'mkdir,mkdirat',
  syncs: 'fsync,fdatasync,ftruncate',
  opens: 'openat',
  closes: 'close',
  processes: 'clone,clone3,vfork,fork',
  locks: 'fcntl',
} as const;

export type CallGroup = keyof typeof CALLS;

/** `SIGKILL` comes before the call is done, other signals after it. */
export type Fault = { readonly signal: NodeJS.Signals } | { readonly error: string };

/** At the n-th call of a group in each thread: of vlmbuild and all that it starts, or of vlmbuild alone. */
export interface FaultPoint {
  readonly calls: CallGroup;
  readonly at: number;
  readonly whose: 'any' | 'own';
  /** An error that stays (a disk that is full) rather than one that passes. */
  readonly lasts?: boolean;
}

/**
 * The command line of strace before the one that is to meet a fault. With `-D` strace is not between: the child's id and
 * end are those of the program itself.
 */
export function tracer(fault: Fault, { calls, at, whose, lasts }: FaultPoint): string[] {
  const what = 'signal' in fault ? `signal=${fault.signal}` : `error=${fault.error}`;
  const set = CALLS[calls]
    .split(',')
    .map((call) => `?${call}`)
    .join(',');
  return [
    'strace',
    ...['-D', '-f', '-qq', '-o', '/dev/null'],
    // Of all threads, but of no process that it starts.
    ...(whose === 'own' ? ['-b', 'execve'] : []),
    // The kernel filters the calls; but where it does, signals do not come through.
    ...(whose === 'any' && 'error' in fault ? ['--seccomp-bpf'] : []),
    ...['-e', `trace=${set}`, '-e', 'signal=none'],
    ...['-e', `inject=${set}:${what}:when=${String(at)}${lasts === true ? '+' : ''}`],
  ];
}

/** Undefined where faults can be injected here; else what is in the way. */
export function missingTracer(): string | undefined {
  const { error, status, stderr } = spawnSync(
    'strace',
    ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=write', 'true'],
    { encoding: 'utf8' },
  );
  if (error !== undefined) return 'strace is not installed (`apt-get install strace`)';
  return status === 0 ? undefined : `strace cannot trace here: ${stderr.trim()}`;
}
