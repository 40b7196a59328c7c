import { spawn, type ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { SWEEP } from './sweep-script.js';

/**
 * Reads process groups, which are sessions too, a line each time they change, and when the pipe is closed ends those of the
 * last line, with what they started. By then a host has had a second to notice by itself that it is alone; one that is in a
 * loop of a rule's cannot.
 */
const SCRIPT = `${SWEEP}
trap '' HUP INT TERM
groups=
while read -r line; do groups=$line; done
[ -n "$groups" ] || exit 0
sleep 1
sweep $groups
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done`;

/**
 * Ends hosts that outlive this process, which can be killed without a chance to do it itself. It is a shell in a session
 * of its own, a millisecond to start: nothing in a host's own process can be relied on while a rule does not let go of
 * its only thread, and what Linux has for this (`PR_SET_PDEATHSIG`) Node does not.
 *
 *     watching --pipe closed, hosts left--> a second later they are killed --> gone
 *         \----pipe closed, none left-----> gone
 */
export class HostGuard {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;

  add(group: number): void {
    this.#groups.add(group);
    this.#shell ??= this.#start();
    this.#tell();
  }

  /** The group has ended. The guard goes with the last one. */
  remove(group: number): void {
    if (!this.#groups.delete(group)) return;
    this.#tell();
    if (this.#groups.size > 0) return;
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #start(): ChildProcess {
    const shell = spawn('sh', ['-c', SCRIPT], { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
    // Without a guard hosts are as they are without this process: they notice, unless they are in a loop.
    shell.on('error', () => undefined);
    // Absent where this process may open no more files.
    const input = (shell as ChildProcess).stdin as (Writable & { unref?(): void }) | null | undefined;
    input?.on('error', () => undefined);
    shell.unref();
    input?.unref?.();
    return shell;
  }

  #tell(): void {
    this.#shell?.stdin?.write(`${[...this.#groups].join(' ')}\n`);
  }
}
