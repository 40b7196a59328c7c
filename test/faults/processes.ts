import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the processes that have this `HOME`: what a vlmbuild started has its environment. Tracers do not count. */
export function processesOf(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && lives(pid, home));
}

function lives(pid: number, home: string): boolean {
  try {
    const environment = readFileSync(`/proc/${String(pid)}/environ`, 'latin1').split('\0');
    return environment.includes(`HOME=${home}`) && readFileSync(`/proc/${String(pid)}/comm`, 'latin1') !== 'strace\n';
  } catch {
    // Gone by now, a zombie, or another user's.
    return false;
  }
}

/** Ends them all at once, as when a container or a machine goes. */
export function killAll(home: string): void {
  // What is started while the list is read shows in the next one.
  for (let pids = processesOf(home); pids.length > 0; pids = processesOf(home)) {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone by itself.
      }
    }
  }
}
