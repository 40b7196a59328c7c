import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { SWEEP } from './sweep-script.js';

/** How the length of a line of code is written, in decimal with spaces before it. */
const LENGTH_DIGITS = 9;

/**
 * What the shell runs: reads how long a line of code is, and the line, and evaluates it, again and again. Told how much to
 * read, bash reads it at once; up to some character it reads one at a time, and each is a call of the system. Before bash 5
 * it does so in either case, and `-n` up to a NUL, which never comes, is what `-N` is there. `run` starts words as a
 * command in a process group of its own (`set -m`), says which (`g 123`), waits for it, ends what it left in the
 * background, and says its code (`e 0`). Descriptors: 0 code, 1 and 4 what commands print, 3 what it says, 6 open as long
 * as its vlmbuild lives: when that closes, the command goes too, with what has left its group, and then the shell. A
 * command that is stopped (SIGSTOP) has not ended, but `wait` comes back from it. (`wait -f` would not; in bash 5.2 it may
 * never come back.)
 */
const SCRIPT = `unset SHLVL OLDPWD _
${SWEEP}
set -m
group=
trap 'if [ -n "$group" ]; then sweep $$; kill -KILL -- "-$group"; fi; exit 0' USR1
( exec >/dev/null 3>&- 4>&- </dev/null; trap '' HUP INT TERM; read -r -u 6 _; kill -USR1 $$ ) &
run() {
  ( exec 2>&4 3>&- 4>&- 6>&-; exec -- "$@" ) </dev/null &
  group=$!
  echo "g $group" >&3
  wait "$group"
  code=$?
  while [ "$code" -gt 128 ] && kill -0 "$group"; do sleep 1; wait "$group"; code=$?; done
  kill -KILL -- "-$group"
  group=
  echo "e $code" >&3
}
if [ "\${BASH_VERSINFO[0]}" -ge 5 ]
then take() { IFS= read -r -N "$1" line; }
else take() { IFS= read -r -d '' -n "$1" line; }
fi
while take ${LENGTH_DIGITS} && take $line; do eval "$line"; done`;

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The shell itself ended; whether the command did is not known. */
  readonly lost: boolean;
}

/** What is told of a command while it runs. */
export interface CommandEvents {
  group(group: number): void;
  print(stream: 'out' | 'err', chunk: Buffer): void;
}

/**
 * A shell that lives long and starts one command after the other. It has 4 MB where Node has 50, so that it forks in a
 * fifth of the time.
 *
 *     idle --run--> busy --its command ends--> idle --end--> ending --> gone
 *                     '--- the shell is ended -----------------^
 */
export class CommandShell {
  readonly #child: ChildProcess;
  readonly #said: Readable;
  #rest = '';
  #command: { readonly events: CommandEvents; readonly resolve: (end: CommandEnd) => void } | undefined;
  #ending = false;
  #gone = false;

  /**
   * @param onEnd called once, when the shell is gone
   * @throws Error (`EMFILE`) where this process may open no more files
   */
  constructor(bash: string, cwd: string, env: Readonly<Record<string, string>>, onEnd: () => void) {
    this.#child = start(bash, cwd, env);
    const [, , , said, err] = this.#child.stdio;
    this.#said = said as Readable;
    this.#said.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#command?.events.print('out', chunk));
    (err as Readable).on('data', (chunk: Buffer) => this.#command?.events.print('err', chunk));
    const end = (): void => {
      if (this.#gone) return;
      this.#gone = true;
      this.#settle({ code: null, signal: null, lost: true });
      for (const stream of this.#streams()) stream.destroy();
      onEnd();
    };
    this.#child.on('error', end);
    this.#child.on('exit', end);
    for (const stream of this.#streams()) {
      stream.on('error', () => undefined);
      stream.unref?.();
    }
    this.#hold(false);
  }

  get isIdle(): boolean {
    return this.#command === undefined && !this.#ending && !this.#gone;
  }

  /** Runs words, with these names set beside the shell's own environment. */
  run(words: readonly string[], env: Readonly<Record<string, string>>, events: CommandEvents): Promise<CommandEnd> {
    const names = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)} `);
    return new Promise((resolve) => {
      if (this.#gone) {
        resolve({ code: null, signal: null, lost: true });
        return;
      }
      this.#command = { events, resolve };
      this.#hold(true);
      const line = `${names.join('')}run ${words.map(quoted).join(' ')}`;
      (this.#child.stdin as Writable).write(String(line.length).padStart(LENGTH_DIGITS) + line, 'latin1');
    });
  }

  /** Lets an idle shell end by itself. */
  end(): void {
    this.#ending = true;
    this.#child.ref();
    for (const stream of this.#streams()) if (stream !== this.#said) stream.destroy();
  }

  kill(): void {
    if (!this.#gone) this.#child.kill('SIGKILL');
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const value = Number(line.slice(2));
      if (line.startsWith('g ')) this.#command?.events.group(value);
      // What the command printed is in the pipes: they are read in this turn of the loop, before this.
      else setImmediate(() => this.#settle({ ...endOf(value), lost: false }));
    }
  }

  #settle(end: CommandEnd): void {
    const command = this.#command;
    if (command === undefined) return;
    this.#command = undefined;
    this.#hold(false);
    command.resolve(end);
  }

  /** While a command runs the shell, which is enough, keeps this process alive. */
  #hold(busy: boolean): void {
    if (busy) this.#child.ref();
    else this.#child.unref();
  }

  #streams(): readonly ((Readable | Writable) & { ref?(): void; unref?(): void })[] {
    return this.#child.stdio.filter((stream) => stream !== null && stream !== undefined);
  }
}

function start(bash: string, cwd: string, env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(bash, ['--norc', '--noprofile', '-c', SCRIPT, 'sh'], {
    cwd,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe', 'ignore', 'pipe'],
  });
  // Where no pipe can be opened Node gives a child without streams, and says so later, to whoever listens.
  if ((child as Partial<ChildProcess>).stdio === undefined) {
    child.on('error', () => undefined);
    throw Object.assign(new Error('a shell cannot be started: too many files are open'), { code: 'EMFILE' });
  }
  return child;
}

/** A code above 128 is a shell's way to say that a signal ended the command. */
function endOf(code: number): { readonly code: number | null; readonly signal: NodeJS.Signals | null } {
  const signal = code > 128 ? signalNamed(code - 128) : undefined;
  return signal === undefined ? { code, signal: null } : { code: null, signal };
}

function signalNamed(number: number): NodeJS.Signals | undefined {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] as NodeJS.Signals | undefined;
}

/** In ASCII alone: of other characters bash would count more or fewer than there are bytes. */
function quoted(word: string): string {
  if (NOT_ASCII.test(word)) return `$'${escaped(word)}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

const NOT_ASCII = /[^\0-\x7f]/;

function escaped(word: string): string {
  const bytes = [...Buffer.from(word)];
  return bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
