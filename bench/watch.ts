/**
 * What watching 20,000 frames costs: until changes are noticed, in memory, and from a save to the step that it is for.
 *
 *     node scripts/build.mjs --tests && node build/bench/watch.js [--frames N] [--saves N]
 *
 * A save is an editor's: a new file renamed over the old one. A step has started when the watch has said so, and when
 * its command has told its own time, which is later by a host's and a shell's start. One command reads the folder of
 * frames, the other one a small file beside it.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BuildEvent } from '../src/execute/events.js';
import type { WatchEvent } from '../src/watch/events.js';
import { commandLine } from './command-line.js';
import { scratchFolder } from './scratch.js';

const flags = commandLine('[--frames N] [--saves N]', ['frames', 'saves']);
const frames = flags.number('frames', 20_000);
const saves = flags.number('saves', 20);
const bin = fileURLToPath(new URL('../../dist/vlmbuild.cjs', import.meta.url));

const PIPELINE = `version: 1
targets:
  count: { run: 'date +%s%N > {outputs.output}; ls {inputs.input} | wc -l >> {outputs.output}', inputs: frames/, outputs: out/count.txt }
  note: { run: 'date +%s%N > {outputs.output}; cat {inputs.input} >> {outputs.output}', inputs: notes/note.txt, outputs: out/note.txt }
`;

type Event = (BuildEvent | WatchEvent) & { readonly atMs: number };

/** A watch under way; its events carry the time at which they were read. */
class Watching {
  readonly startedMs = now();
  readonly #child: ChildProcess;
  readonly #events: Event[] = [];
  #wake: () => void = () => undefined;

  constructor(cwd: string) {
    this.#child = spawn(process.execPath, [bin, 'watch', '--json'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('no output');
    createInterface(this.#child.stdout).on('line', (line) => {
      this.#events.push({ ...(JSON.parse(line) as BuildEvent | WatchEvent), atMs: now() });
      this.#wake();
    });
  }

  /** The next event of that type: what comes before it is passed over. */
  async next(type: Event['type']): Promise<Event> {
    for (;;) {
      for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
        if (event.type === type) return event;
      }
      if (this.#child.exitCode !== null) throw new Error(`the watch ended without ${type}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** MiB of the process itself, now and at most so far; of all its hosts together now. */
  memory(): { readonly now: number; readonly peak: number; readonly hosts: number } {
    const { pid } = this.#child;
    const hosts = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((word) => word !== '');
    return {
      now: residentMiB(pid, 'VmRSS'),
      peak: residentMiB(pid, 'VmHWM'),
      hosts: hosts.reduce((sum, pid) => sum + residentMiB(Number(pid), 'VmRSS'), 0),
    };
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGINT');
    await ended;
  }
}

function residentMiB(pid: number | undefined, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Milliseconds since 1970, with fractions: comparable with another process's. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function worst(values: readonly number[]): number {
  return Math.max(...values);
}

function save(path: string, text: string): void {
  writeFileSync(`${path}~`, text);
  renameSync(`${path}~`, path);
}

const root = scratchFolder();
for (const folder of ['frames', 'notes']) mkdirSync(join(root, folder));
writeFileSync(join(root, 'pipeline.yaml'), PIPELINE);
writeFileSync(join(root, 'notes/note.txt'), 'a note\n');
const frame = (i: number): string => join(root, 'frames', `frame-${String(i).padStart(6, '0')}.png`);
for (let i = 0; i < frames; i++) writeFileSync(frame(i), `picture ${i}\n`);
for (let i = 0; i < 2; i++) spawnSync(process.execPath, [bin, 'count', 'note'], { cwd: root });
writeFileSync(join(root, 'pipeline.yaml'), `${PIPELINE}default: [count, note]\n`);
for (let i = 0; i < 2; i++) {
  const { status, stderr } = spawnSync(process.execPath, [bin], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const ready: number[] = [];
for (let i = 0; i < 5; i++) {
  const watch = new Watching(root);
  ready.push((await watch.next('watch-ready')).atMs - watch.startedMs);
  await watch.end();
}
console.log(`watch, ${frames} frames: ready in ${median(ready).toFixed(0)} ms (at most ${worst(ready).toFixed(0)})`);

const watch = new Watching(root);
await watch.next('watch-ready');
const say = (when: string): void => {
  const { now: own, peak, hosts } = watch.memory();
  console.log(
    `  memory ${when}: ${own.toFixed(0)} MiB (at most ${peak.toFixed(0)} so far), hosts ${hosts.toFixed(0)} MiB`,
  );
};
say('when ready');
const cases = [
  { what: 'a frame', path: () => frame(Math.floor(frames / 2)), told: 'out/count.txt' },
  { what: 'a small file', path: () => join(root, 'notes/note.txt'), told: 'out/note.txt' },
];
for (const { what, path, told } of cases) {
  const [said, began, done]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < saves; i++) {
    const savedMs = now();
    save(path(), `save ${i} of ${savedMs}\n`);
    said.push((await watch.next('target-started')).atMs - savedMs);
    done.push((await watch.next('watch-built')).atMs - savedMs);
    began.push(Number(readFileSync(join(root, told), 'utf8').split('\n')[0]) / 1e6 - savedMs);
    // A person does not save again at once: what the watch does after a build is over by then.
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  console.log(
    `  ${what} saved ${saves} times: step started after ${median(said).toFixed(0)} ms (at most ${worst(said).toFixed(0)}), ` +
      `its command after ${median(began).toFixed(0)} ms (at most ${worst(began).toFixed(0)}), built after ${median(done).toFixed(0)} ms`,
  );
  say('then');
}
await watch.end();
