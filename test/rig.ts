import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { BuildEvent } from '../src/execute/events.js';

const BIN = fileURLToPath(new URL('../../dist/vlmbuild.cjs', import.meta.url));

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Built extends Result {
  readonly events: readonly BuildEvent[];
}

/** A `vlmbuild` under way. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Result>;
  kill(signal: NodeJS.Signals): void;
}

export type Files = Readonly<Record<string, string>>;

/** A project of a test's own, in a folder of its own, built by the bin in a child process. */
export class Project {
  readonly root: string;
  /** Added to the environment of every child. */
  readonly environment: Record<string, string> = {};
  readonly #started = new Set<ChildProcess>();

  constructor(t: Pick<ExecutionContext, 'teardown'>, files: Files) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-')));
    this.root = join(folder, 'project');
    mkdirSync(this.root);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    t.teardown(() => {
      for (const child of this.#started) child.kill('SIGKILL');
      unlockTree(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    });
  }

  path(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  /** As editors do it: the file is seen as it was or as it will be, however slowly this process runs. */
  save(path: string, text: string): void {
    const draft = `${this.root}.draft`;
    writeFileSync(draft, text);
    mkdirSync(dirname(this.path(path)), { recursive: true });
    renameSync(draft, this.path(path));
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  remove(path: string): void {
    rmSync(this.path(path), { recursive: true });
  }

  /** Every file by its relative path, with a digest of its bytes; what `without` names is left out. */
  tree(without: readonly string[] = ['cache']): Record<string, string> {
    const files: Record<string, string> = {};
    const walk = (folder: string): void => {
      for (const entry of readdirSync(this.path(folder), { withFileTypes: true })) {
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (without.includes(name)) continue;
        if (entry.isDirectory()) walk(name);
        else
          files[name] = createHash('sha256')
            .update(readFileSync(this.path(name)))
            .digest('hex');
      }
    };
    walk('');
    return files;
  }

  /** Every file below the project with its times: what shows that something was written. */
  times(): Record<string, string> {
    const files: Record<string, string> = {};
    for (const name of Object.keys(this.tree([]))) {
      const { mtimeNs, ctimeNs, ino } = lstatSync(this.path(name), { bigint: true });
      files[name] = `${mtimeNs} ${ctimeNs} ${ino}`;
    }
    return files;
  }

  start(...args: readonly string[]): Started {
    return this.startUnder([], ...args);
  }

  /** By way of a program that starts the one whose command line follows its own. */
  startUnder(tracer: readonly string[], ...args: readonly string[]): Started {
    const { PATH = '', HOME = '' } = process.env;
    const command = [...tracer, process.execPath, BIN, ...args];
    const child = spawn(command[0] ?? '', command.slice(1), {
      cwd: this.root,
      env: { PATH, HOME, NO_COLOR: '1', ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#started.add(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    const ended = new Promise<Result>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.#started.delete(child);
        resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
      });
    });
    return { child, ended, kill: (signal) => void child.kill(signal) };
  }

  async run(...args: readonly string[]): Promise<Result> {
    return this.start(...args).ended;
  }

  /** Builds with `--json`, and reads the events. */
  async build(...args: readonly string[]): Promise<Built> {
    return withEvents(await this.run('--json', ...args));
  }

  /** Builds, and fails the test where that does not succeed. */
  async builds(t: ExecutionContext, ...args: readonly string[]): Promise<Built> {
    const built = await this.build(...args);
    t.is(built.code, 0, `${built.stdout}\n${built.stderr}`);
    return built;
  }
}

export function withEvents(result: Result): Built {
  const events = result.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as BuildEvent);
  return { ...result, events };
}

type EventOf<T extends BuildEvent['type']> = Extract<BuildEvent, { type: T }>;

export function eventsOf<T extends BuildEvent['type']>({ events }: Built, type: T): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** What was done with each target: `run`, `restore`, `fresh`, `failed`, `skipped`. */
export function deeds({ events }: Built): Record<string, string> {
  const done: Record<string, string> = {};
  for (const event of events) {
    if (event.type === 'target-finished') done[event.target] = event.action;
    else if (event.type === 'target-fresh') done[event.target] = 'fresh';
    else if (event.type === 'target-failed' && event.final) done[event.target] = 'failed';
    else if (event.type === 'target-skipped') done[event.target] = 'skipped';
  }
  return done;
}

/**
 * Lets a test hold rules and commands at chosen points: each asks over a socket and waits for its answer, so that a
 * test needs no sleeps.
 *
 * In a rule: `import { ask } from '../lib/puppet.js'` (see `puppetModule`); in a command: `puppetCommand`.
 */
export class Puppets {
  readonly #server: Server;
  readonly #asked = new Map<string, Asking[]>();
  readonly #expected = new Map<string, ((asking: Asking) => void)[]>();

  private constructor(readonly socket: string) {
    this.#server = createServer((connection) => {
      connection.on('error', () => undefined);
      createInterface(connection).once('line', (line) => {
        const [name = '', pid = ''] = line.split(' ');
        this.#arrive(name, new Asking(connection, Number(pid)));
      });
    });
  }

  static async open(t: ExecutionContext, project: Project): Promise<Puppets> {
    const puppets = new Puppets(join(dirname(project.root), 's'));
    await new Promise<void>((resolve) => puppets.#server.listen(puppets.socket, resolve));
    t.teardown(() => puppets.#server.close());
    project.write('rules/lib/puppet.ts', puppetModule(puppets.socket));
    return puppets;
  }

  /** The next one that asks under this name. */
  async asked(name: string): Promise<Asking> {
    const waiting = this.#asked.get(name)?.shift();
    if (waiting !== undefined) return waiting;
    return new Promise((resolve) => {
      this.#expected.set(name, [...(this.#expected.get(name) ?? []), resolve]);
    });
  }

  /** Shell text that asks, and ends when it is answered; the answer is its output. */
  command(name: string): string {
    const script = `const c=require("net").connect("${this.socket}",()=>c.write("${name} "+process.pid+"\\n"));c.pipe(process.stdout)`;
    return `${process.execPath} -e '${script}'`;
  }

  #arrive(name: string, asking: Asking): void {
    const next = this.#expected.get(name)?.shift();
    if (next !== undefined) next(asking);
    else this.#asked.set(name, [...(this.#asked.get(name) ?? []), asking]);
  }
}

/** Something that waits for its answer. */
export class Asking {
  /** Resolves when the asker is gone. */
  readonly gone: Promise<void>;

  constructor(
    private readonly connection: Socket,
    readonly pid: number,
  ) {
    this.gone = new Promise((resolve) => connection.on('close', () => resolve()));
  }

  answer(text = 'go'): void {
    this.connection.end(text);
  }
}

function puppetModule(socket: string): string {
  return `import { connect } from 'node:net';
export const ask = (name: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const connection = connect(${JSON.stringify(socket)}, () => connection.write(name + ' ' + process.pid + '\\n'));
    let answer = '';
    connection.setEncoding('utf8').on('data', (text) => (answer += text)).on('end', () => resolve(answer)).on('error', reject);
  });
`;
}

/** So that what a test made read-only can be removed. */
function unlockTree(folder: string): void {
  if (!existsSync(folder)) return;
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) unlockTree(join(folder, entry.name));
  }
}
