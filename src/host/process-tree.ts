import { readdirSync, readFileSync } from 'node:fs';

type Ending = 'SIGTERM' | 'SIGKILL';

/** Of one process, as `/proc/PID/stat` has it. */
interface Status {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** When it was started, in ticks since the system was: a pid alone may be another process's by now. */
  readonly started: string;
}

/**
 * What is to be ended together: a process group, and whatever its processes started that has left it (`setsid`, a shell
 * with job control). Only Linux tells who started whom (`/proc`); elsewhere it is the group alone. Who left it and lost its
 * parent as well, before it was looked for, is found only within the session: a daemon is meant to stay.
 */
export class ProcessTree {
  /** Those outside of the group that were found so far, by pid. */
  readonly #strays = new Map<number, Status>();

  constructor(private readonly group: number) {}

  /** Those that are gone are no error. */
  signal(signal: Ending): void {
    const all = this.#look();
    send(-this.group, signal);
    this.#sendToStrays(signal, all);
  }

  /** Ends what has left the group, for somebody who is in it. */
  endStrays(): void {
    this.#sendToStrays('SIGKILL', this.#look());
  }

  /** Before anything ends: a process whose parent is gone tells no more where it came from. */
  #look(): ReadonlyMap<number, Status> {
    const all = allProcesses();
    for (const stray of straysOf(this.group, all)) this.#strays.set(stray.pid, stray);
    return all;
  }

  #sendToStrays(signal: Ending, all: ReadonlyMap<number, Status>): void {
    for (const [pid, { started }] of this.#strays) {
      if (all.get(pid)?.started === started) send(pid, signal);
      else this.#strays.delete(pid);
    }
  }
}

/** Ends the group alone: what has left it goes on. */
export function endGroup(group: number): void {
  send(-group, 'SIGKILL');
}

function send(to: number, signal: Ending): void {
  try {
    process.kill(to, signal);
    // Who is stopped hears of nothing else before it goes on.
    if (signal === 'SIGTERM') process.kill(to, 'SIGCONT');
  } catch (error) {
    // EPERM: what is left of the group are zombies, or it changed its user.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function straysOf(group: number, all: ReadonlyMap<number, Status>): Status[] {
  const inGroup = [...all.values()].filter((status) => status.group === group);
  const session = inGroup[0]?.session ?? group;
  const found = new Set(inGroup.map(({ pid }) => pid));
  // The leader of the session and what it started itself are whoever runs the group.
  for (const { pid, parent, session: its } of all.values())
    if (its === session && pid !== session && parent !== session) found.add(pid);
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { pid, parent } of all.values()) if (found.has(parent)) found.add(pid);
  }
  return [...found].flatMap((pid) => all.get(pid) ?? []).filter((status) => status.group !== group);
}

/** Empty where the system has no `/proc` like that of Linux. */
function allProcesses(): Map<number, Status> {
  const all = new Map<number, Status>();
  for (const name of namesIn('/proc')) {
    const status = /^\d+$/.test(name) ? statusOf(name) : undefined;
    if (status !== undefined) all.set(status.pid, status);
  }
  return all;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined for one that is gone, or dead and not looked at by its parent yet. */
function statusOf(pid: string): Status | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name, in parentheses, may have any characters in it.
  const [state, parent, group, session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const started = rest[15];
  if (started === undefined || state === 'Z') return undefined;
  return { pid: Number(pid), parent: Number(parent), group: Number(group), session: Number(session), started };
}
