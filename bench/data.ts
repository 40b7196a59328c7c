/**
 * Export and filter against a straightforward Python program of the same spec, in one run, taking turns: rows a second,
 * megabytes a second, peak memory, beside the ratio to Python and the goal; then what it costs to find nothing to do, and
 * one session more.
 *
 *     node scripts/build.mjs --tests && node build/bench/data.js [--scale N] [--only NAME] [--rounds N]
 *
 * `--scale 1` (the default) makes databases of some 100 MB; 100 makes them of 10 GB. Python and the rule alone count from
 * when they are loaded; a build is counted whole, from the start of its process to its end.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { addSession, generateDatabase, type DatabaseShape } from './data-databases.js';

const { values: flags } = parseArgs({
  options: { scale: { type: 'string' }, only: { type: 'string' }, rounds: { type: 'string' } },
});
const scale = Number(flags.scale ?? '1');
const rounds = Number(flags.rounds ?? '2');

/** Against Python's rows a second; and for the peak, beyond four times the longest line. */
const GOALS = { export: 5, filter: 6, peakMiB: 150 };
/** How fast the digest of a foreign database has to be. */
const DIGEST_MB_A_SECOND = 1200;

const SHAPES: readonly DatabaseShape[] = [
  { name: 'text', sessions: 150 * scale, turns: 100, side: 0 },
  { name: 'image 64', sessions: 60 * scale, turns: 100, side: 64 },
  { name: 'image 128', sessions: 40 * scale, turns: 100, side: 128 },
  { name: 'image 256', sessions: 20 * scale, turns: 100, side: 256 },
  { name: 'many small sessions', sessions: 3_000 * scale, turns: 2, side: 64 },
  { name: 'few huge sessions', sessions: 2, turns: 3_000 * scale, side: 64 },
];

const bin = fileURLToPath(new URL('../../dist/vlmbuild.cjs', import.meta.url));
const rule = fileURLToPath(new URL('data-rule.js', import.meta.url));
const python = fileURLToPath(new URL('../../bench/data-python.py', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-bench-')));

/** Seconds by the clock and of the processor; peak memory of the largest process. */
interface Cost {
  readonly seconds: number;
  readonly cpu: number;
  readonly peakMiB: number;
}

/** What a program says that it took. */
function saidBy(command: string, args: readonly string[]): Cost {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  const { seconds, cpu, peakKiB } = JSON.parse(stdout) as { seconds: number; cpu: number; peakKiB: number };
  return { seconds, cpu, peakMiB: peakKiB / 1024 };
}

/** What a build takes, its hosts included, and the megabytes that its processes read. */
function costOfBuild(root: string, target: string, jobs: number): Cost & { readonly readMB: number } {
  const script = `import json, os, resource, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
seconds = time.perf_counter() - start
read = int(open(f"/proc/{child.pid}/io").read().split("rchar:")[1].split()[0])
code = child.wait()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peakMiB": used.ru_maxrss / 1024, "readMB": read / 1e6}))
sys.exit(code)`;
  const command = [process.execPath, bin, target, '-j', String(jobs)];
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script, ...command], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Cost & { readMB: number };
}

/** `cp` and `sha256sum` of a file, overlapped: what any new version of it costs at the least. In seconds. */
function copyAndDigest(from: string, to: string): number {
  const start = performance.now();
  const [source, destination] = [openSync(from, 'r'), openSync(to, 'w')];
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let count = readSync(source, buffer); count > 0; count = readSync(source, buffer)) {
    const piece = buffer.subarray(0, count);
    hash.update(piece);
    writeSync(destination, piece);
  }
  hash.digest();
  closeSync(source);
  closeSync(destination);
  return (performance.now() - start) / 1000;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
const medianCost = (costs: readonly Cost[]): Cost => ({
  seconds: median(costs.map(({ seconds }) => seconds)),
  cpu: median(costs.map(({ cpu }) => cpu)),
  peakMiB: Math.max(...costs.map(({ peakMiB }) => peakMiB)),
});
const megabytes = (path: string): number => statSync(path).size / 1e6;
const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;

type Step = 'export' | 'filter';

/** Steps of a shape: Python, the rule alone, builds from nothing with one slot and with both. */
function measureStep(root: string, step: Step, from: string, rows: number): { readonly full: Cost } {
  const [target, expected] = [step === 'export' ? 'full' : 'dataset', join(root, `${step}.py.jsonl`)];
  const costs: Record<string, Cost[]> = { python: [], 'the rule alone': [], 'a build, -j1': [], 'a build, -j2': [] };
  for (let round = 0; round < rounds; round++) {
    costs['python']?.push(saidBy('python3', [python, step, from, expected]));
    costs['the rule alone']?.push(saidBy(process.execPath, [rule, step, from, join(root, 'alone.jsonl')]));
    for (const jobs of [1, 2] as const) {
      for (const made of ['cache', 'out', 'pipeline.lock']) rmSync(join(root, made), { recursive: true, force: true });
      costs[`a build, -j${jobs}`]?.push(costOfBuild(root, target, jobs));
      if (!sameBytes(expected, join(root, 'out', `${target}.jsonl`)))
        throw new Error(`${step} gives other bytes than Python`);
    }
  }
  const reference = medianCost(costs['python'] ?? []);
  for (const [who, each] of Object.entries(costs)) {
    const { seconds, cpu, peakMiB } = medianCost(each);
    const ratios = [reference.seconds / seconds, reference.cpu / cpu].map((ratio) => ratio.toFixed(1));
    const ratio = `${ratios[0] ?? ''}x by the clock, ${ratios[1] ?? ''}x by processor time (goal ${GOALS[step]}x)`;
    const cells = [
      `  ${step}, ${who}`.padEnd(26),
      `${seconds.toFixed(2)} s`.padStart(8),
      `cpu ${cpu.toFixed(2)} s`.padStart(12),
      `${Math.round(rows / seconds)} rows/s`.padStart(15),
      `${Math.round(megabytes(from) / seconds)} MB/s`.padStart(10),
      `peak ${Math.round(peakMiB)} MiB`.padStart(14),
      ...(who === 'python' ? [] : [`(goal ${GOALS.peakMiB})`, ratio]),
    ];
    console.log(cells.join(' '));
  }
  rmSync(join(root, 'alone.jsonl'));
  return { full: medianCost(costs['a build, -j2'] ?? []) };
}

function measure(shape: DatabaseShape): void {
  const root = join(folder, shape.name.replaceAll(' ', '-'));
  mkdirSync(root);
  const db = join(root, 'traces.db');
  generateDatabase(db, shape);
  const rows = shape.sessions * shape.turns;
  console.log(`${shape.name}: ${shape.sessions} sessions, ${rows} rows, ${Math.round(megabytes(db))} MB`);
  const targets = `  full: { rule: sft/export, inputs: { db: ./traces.db }, outputs: out/full.jsonl }
  dataset: { rule: sft/filter, inputs: { rows: ./export.py.jsonl }, outputs: out/dataset.jsonl }`;
  writeFileSync(join(root, 'pipeline.yaml'), `version: 1\ntargets:\n${targets}\n`);
  const { full } = measureStep(root, 'export', db, rows);
  measureChange(root, shape, full);
  measureStep(root, 'filter', join(root, 'export.py.jsonl'), rows);
  rmSync(root, { recursive: true });
}

/** A build that finds nothing to do, then one after a session was added to the database, which is foreign. */
function measureChange(root: string, shape: DatabaseShape, full: Cost): void {
  const path = join(root, 'traces.db');
  const nothing = Array.from({ length: rounds + 1 }, () => costOfBuild(root, 'full', 2)).slice(1);
  const out = join(root, 'out', 'full.jsonl');
  const added = Array.from({ length: rounds }, (_, round) => {
    const db = new Database(path);
    addSession(db, { ...shape, turns: Math.min(shape.turns, 100) }, shape.sessions + round);
    db.close();
    return costOfBuild(root, 'full', 2);
  });
  const copied = median(Array.from({ length: rounds }, () => copyAndDigest(out, `${out}.copy`)));
  rmSync(`${out}.copy`);
  const idle = medianCost(nothing).seconds;
  const { seconds } = medianCost(added);
  const readMB = Math.max(...nothing.map((cost) => cost.readMB));
  console.log(`  nothing to do ${milliseconds(idle)}, ${readMB.toFixed(1)} MB read`);
  const own = idle + 1.3 * copied;
  console.log(
    `  one session more ${milliseconds(seconds)}, ${((100 * seconds) / full.seconds).toFixed(0)} % of the full export ` +
      `(goal ${milliseconds(own + megabytes(path) / DIGEST_MB_A_SECOND)}: nothing to do, 1.3 x copy and digest of the rows ` +
      `in ${milliseconds(copied)}, a digest of the database)`,
  );
}

function sameBytes(a: string, b: string): boolean {
  const digest = (path: string): string => {
    const hash = createHash('sha256');
    const file = openSync(path, 'r');
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
      hash.update(buffer.subarray(0, count));
    closeSync(file);
    return hash.digest('hex');
  };
  return existsSync(b) && digest(a) === digest(b);
}

try {
  for (const shape of SHAPES) if (flags.only === undefined || shape.name === flags.only) measure(shape);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
