import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { packageRoot } from '../rule/package-root.js';
import { baseEnvironment } from './environment.js';
import type { FromHost, ToHost } from './frames.js';
import { Lines } from './lines.js';
import { endGroup, ProcessTree } from './process-tree.js';

/** How a host ended. */
export interface HostEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** It could not even be started. */
  readonly error?: NodeJS.ErrnoException;
}

export interface HostEvents {
  frame(frame: FromHost): void;
  /** A line that did not come through the host's own console: from native code, or a process the rule started. */
  stray(stream: 'out' | 'err', line: string): void;
  /** Once, after everything else. */
  end(end: HostEnd): void;
}

/** Runs hosts, and everything that they start, under a program that watches them. */
export interface Observed {
  /** The program and its arguments, before those of the host. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How long lines may still come after the process ended: a process it left behind may hold the pipe open. */
const DRAIN_MS = 200;

/** One child process that runs tasks, in a process group of its own. */
export class HostProcess {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  readonly #child: ChildProcess;
  readonly #tree: ProcessTree | undefined;

  /** @param options.cache the project's cache folder */
  constructor(
    { root, cache, observed }: { readonly root: string; readonly cache: string; readonly observed?: Observed },
    events: HostEvents,
  ) {
    const [program, ...args] = [
      ...(observed?.command ?? []),
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      join(packageRoot(), 'dist', 'host.cjs'),
      cache,
    ] as const;
    this.#child = spawn(program, args, {
      cwd: root,
      detached: true,
      env: { ...baseEnvironment(process.env), ...observed?.env },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.pid = this.#child.pid;
    this.#tree = this.pid === undefined ? undefined : new ProcessTree(this.pid);
    const out = new Lines((line) => events.stray('out', line));
    const err = new Lines((line) => events.stray('err', line));
    this.#child.stdout?.on('data', (chunk: Buffer) => out.add(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => err.add(chunk));
    this.#child.on('message', (message) => {
      const frame = message as FromHost;
      if (frame.type !== 'done' && frame.type !== 'failed') {
        events.frame(frame);
        return;
      }
      // What the task printed before it ended is in the pipes: they are read in this turn of the loop, before this.
      setImmediate(() => {
        out.end();
        err.end();
        events.frame(frame);
      });
    });

    let ended = false;
    const end = (how: HostEnd): void => {
      if (ended) return;
      ended = true;
      out.end();
      err.end();
      events.end(how);
    };
    this.#child.on('error', (error: NodeJS.ErrnoException) => {
      // Only a failed start ends a host; a failed send is followed by its exit.
      if (this.pid === undefined) end({ code: null, signal: null, error });
    });
    this.#child.on('exit', (code, signal) => {
      if (this.pid !== undefined) endGroup(this.pid);
      // What is there to be read is read before the first turn ends, and told before the second: a frame is never lost.
      const soon = (): void => void setImmediate(() => setImmediate(() => end({ code, signal })));
      const timer = setTimeout(soon, DRAIN_MS);
      // Not `close`: Node never tells of it where it was this side that ended the channel.
      void Promise.all([...this.#pipes().map(closed), disconnected(this.#child)]).then(() => {
        clearTimeout(timer);
        soon();
      });
    });
    this.rest();
  }

  send(frame: ToHost): void {
    if (this.#child.connected) this.#child.send(frame, () => undefined);
  }

  /** Sends a frame and waits until the pipe took it. */
  sendSlowly(frame: ToHost): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.connected) this.#child.send(frame, () => resolve());
      else resolve();
    });
  }

  /** While tasks run the host keeps this process alive; while it rests it does not. */
  work(): void {
    this.#child.ref();
    this.#child.channel?.ref();
    for (const stream of this.#pipes()) stream.ref?.();
  }

  rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    for (const stream of this.#pipes()) stream.unref?.();
  }

  /** Lets the host end by itself, as it does when nobody is left to give it work. */
  dismiss(): void {
    this.#child.ref();
    this.send({ type: 'end' });
    if (this.#child.connected) this.#child.disconnect();
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#tree?.signal(signal);
  }

  #pipes(): readonly (Readable & { ref?(): void; unref?(): void })[] {
    return [this.#child.stdout, this.#child.stderr].filter((stream) => stream !== null);
  }
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', resolve);
  });
}

/** Once every message has been told. */
function disconnected(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.connected) child.once('disconnect', resolve);
    else resolve();
  });
}
