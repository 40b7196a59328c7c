import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { scrubber } from '../base/scrub.js';
import { CommandShell, type CommandEnd } from './command-shell.js';
import { commandWords } from './command-words.js';
import { baseEnvironment } from './environment.js';
import type { Job } from './job.js';
import { Lines } from './lines.js';
import type { CommandTask } from './protocol.js';

/** What bash lets nobody set, or does not hand on: its read-only names and those of its own arrays. */
const BASH_KEEPS = /^(?:_|BASHOPTS|BASH_(?:ARGC|ARGV|LINENO|SOURCE|VERSINFO)|EUID|FUNCNAME|GROUPS|PPID|SHELLOPTS|UID)$/;

/**
 * Runs commands in shells that live long, as many as there are commands at once. Where there is no bash (only it gives
 * each command a process group without a terminal), there are none, and commands run in hosts.
 */
export class Commands {
  readonly #root: string;
  readonly #bash: string | undefined;
  readonly #shells = new Set<CommandShell>();
  #onEmpty: (() => void) | undefined;

  constructor(root: string, bash: string | undefined) {
    this.#root = root;
    this.#bash = bash;
  }

  /** Whether a shell can run it; else a host does, or says why nothing can: no program can be given a NUL. */
  takes({ text, env, secrets }: CommandTask): boolean {
    if (this.#bash === undefined || text.includes('\0')) return false;
    return !Object.entries({ ...env, ...secrets }).some(
      ([name, value]) => BASH_KEEPS.test(name) || value.includes('\0'),
    );
  }

  /** Has a shell start for the first command, if there can be one. */
  prepare(): void {
    if (this.#bash === undefined || this.#shells.size > 0) return;
    try {
      this.#open();
    } catch {
      // The command that needs one says why there is none.
    }
  }

  /** How the command of a job ended. Its lines are the job's to say. */
  async run(job: Job, task: CommandTask): Promise<CommandEnd> {
    const shell = [...this.#shells].find(({ isIdle }) => isIdle) ?? this.#open();
    // Its group gets the signals; where that does not help, the shell goes, and with it the job.
    job.start({
      abort: () => undefined,
      want: () => undefined,
      end: (signal) => (signal === 'SIGKILL' ? shell.kill() : undefined),
    });
    const scrub = scrubber(Object.values(task.secrets));
    const lines = {
      out: new Lines((line) => job.say({ type: 'log', stream: 'out', line: scrub(line) })),
      err: new Lines((line) => job.say({ type: 'log', stream: 'err', line: scrub(line) })),
    };
    const end = await shell.run(
      commandWords(task.text),
      { ...task.env, ...task.secrets },
      {
        group: (group) => job.receive({ type: 'group', id: job.id, group }),
        print: (stream, chunk) => lines[stream].add(chunk),
      },
    );
    lines.out.end();
    lines.err.end();
    return end;
  }

  /** Lets idle shells end, while there is something else to do. */
  rest(): void {
    for (const shell of this.#shells) if (shell.isIdle) shell.end();
  }

  /** Lets the shells end; resolves when they are gone. */
  async close(): Promise<void> {
    if (this.#shells.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const shell of this.#shells) shell.end();
    await empty;
  }

  kill(): void {
    for (const shell of this.#shells) shell.kill();
  }

  #open(): CommandShell {
    const shell = new CommandShell(this.#bash ?? 'bash', this.#root, baseEnvironment(process.env), () => {
      this.#shells.delete(shell);
      if (this.#shells.size === 0) this.#onEmpty?.();
    });
    this.#shells.add(shell);
    return shell;
  }
}

/** The bash that a command would find; undefined where there is none. */
export function findBash(searched: string | undefined): string | undefined {
  return (searched ?? '')
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'bash'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
