/**
 * Export and filter against a straightforward Python program of the same spec, in one run, taking turns: rows a second,
 * megabytes a second, processor time and peak memory; then what it costs to find nothing to do, and one session more.
 *
 *     node scripts/build.mjs --tests && node build/bench/data.js [--scale N] [--only NAME] [--rounds N]
 *
 * `--scale 1` (the default) makes databases of some 100 MB; 100 makes them of 10 GB.
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
import type { AnyRule } from 'vlmbuild';
import exportRule from '../rules/sft/export.js';
import filterRule from '../rules/sft/filter.js';
import { openInput, openOutput, openSlice, Readings, sliceOf } from '../src/artifacts/handles.js';
import { addSession, generateDatabase, type DatabaseShape } from './data-databases.js';

const { values: flags } = parseArgs({
  options: {
    scale: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    kernel: { type: 'string' },
  },
});
const scale = Number(flags.scale ?? '1');
const rounds = Number(flags.rounds ?? '3');

const SHAPES: readonly DatabaseShape[] = [
  { name: 'text', sessions: 150 * scale, turns: 100, side: 0 },
  { name: 'image 64', sessions: 60 * scale, turns: 100, side: 64 },
  { name: 'image 128', sessions: 40 * scale, turns: 100, side: 128 },
  { name: 'image 256', sessions: 20 * scale, turns: 100, side: 256 },
  { name: 'many small sessions', sessions: 3_000 * scale, turns: 2, side: 64 },
  { name: 'few huge sessions', sessions: 2, turns: 3_000 * scale, side: 64 },
];

const bin = fileURLToPath(new URL('../../dist/vlmbuild.cjs', import.meta.url));
const self = fileURLToPath(import.meta.url);
const python = fileURLToPath(new URL('../../bench/data-python.py', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-bench-')));

/** What a child took: seconds by the clock and of the processor, of itself and its own children; peak memory of one. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly peakMiB: number;
}

/** GNU-time-like costs of a command, by a small Python program that waits for it. */
function costOf(command: readonly string[], cwd: string): Cost {
  const script = `import json, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wall": time.perf_counter() - start, "cpu": used.ru_utime + used.ru_stime, "peakMiB": used.ru_maxrss / 1024}))
sys.exit(code)`;
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script, ...command], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Cost;
}

/** The work of a rule alone, in this process: its parts made one after the other, as a host does. */
async function work(
  rule: AnyRule,
  role: string,
  kind: 'sqlite' | 'jsonl',
  path: string,
  output: string,
): Promise<void> {
  if (rule.shape !== 'parts') throw new Error('a rule in parts was expected');
  const input = openInput({ kind, path, digest: `sha256:${'0'.repeat(64)}` });
  const params = rule.params.parse({});
  const out = openOutput({ kind: 'jsonl', path: output });
  const readings = new Readings();
  const context = { env: {}, secrets: {}, log: () => undefined, progress: () => undefined };
  for await (const part of rule.parts({ inputs: { [role]: input.handle }, params })) {
    const slices = Object.entries(part.inputs ?? {}).map(
      ([name, handle]) => [name, openSlice(sliceOf(handle), readings)] as const,
    );
    await rule.make({
      ...context,
      once: undefined as never,
      signal: new AbortController().signal,
      spec: part.spec,
      inputs: Object.fromEntries(slices.map(([name, slice]) => [name, slice.handle])),
      outputs: { rows: out.handle },
    });
    for (const [, slice] of slices) slice.close();
  }
  out.finish();
  readings.close();
  input.close();
}

/** `cp` and `sha256sum` of a file, overlapped: what any new version of it costs at the least. */
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
  wall: median(costs.map(({ wall }) => wall)),
  cpu: median(costs.map(({ cpu }) => cpu)),
  peakMiB: Math.max(...costs.map(({ peakMiB }) => peakMiB)),
});
const megabytes = (path: string): number => statSync(path).size / 1e6;

function say(what: string, { wall, cpu, peakMiB }: Cost, rows: number, mb: number, than?: Cost): void {
  const times =
    than === undefined
      ? ''
      : `; ${(than.wall / wall).toFixed(1)}x by the clock, ${(than.cpu / cpu).toFixed(1)}x by processor time`;
  console.log(
    `  ${what.padEnd(34)} ${wall.toFixed(2).padStart(6)} s, cpu ${cpu.toFixed(2).padStart(5)} s, ${Math.round(rows / wall)} rows/s, ` +
      `${Math.round(mb / wall)} MB/s, peak ${Math.round(peakMiB)} MiB${times}`,
  );
}

async function measure(shape: DatabaseShape): Promise<void> {
  const root = join(folder, shape.name.replaceAll(' ', '-'));
  mkdirSync(root);
  const db = join(root, 'traces.db');
  generateDatabase(db, shape);
  const rows = shape.sessions * shape.turns;
  const files = { full: join(root, 'full.py.jsonl'), dataset: join(root, 'dataset.py.jsonl') };
  console.log(`${shape.name}: ${shape.sessions} sessions, ${rows} rows, ${Math.round(megabytes(db))} MB`);
  const targets = `  full: { rule: sft/export, inputs: { db: traces.db }, outputs: out/full.jsonl }
  dataset: { rule: sft/filter, inputs: { rows: full }, outputs: out/dataset.jsonl }`;
  writeFileSync(join(root, 'pipeline.yaml'), `version: 1\ntargets:\n${targets}\n`);
  const build = (target: string, jobs: number): Cost =>
    costOf([process.execPath, bin, target, '-j', String(jobs)], root);
  const steps = [
    { target: 'full', step: 'export', from: db, to: files.full, mb: megabytes(db) },
    { target: 'dataset', step: 'filter', from: files.full, to: files.dataset, mb: NaN },
  ] as const;
  for (const { target, step, from, to, mb } of steps) {
    const costs: Record<'python' | 'alone' | 'one' | 'both', Cost[]> = { python: [], alone: [], one: [], both: [] };
    for (let round = 0; round < rounds; round++) {
      costs.python.push(costOf(['python3', python, step, from, to], root));
      costs.alone.push(costOf([process.execPath, self, '--kernel', JSON.stringify([step, from, `${to}.alone`])], root));
      for (const jobs of [1, 2] as const) {
        const kept = join(root, 'cache');
        // The export must be there when the filter is measured; what is measured starts from nothing.
        rmSync(kept, { recursive: true, force: true });
        rmSync(join(root, 'out'), { recursive: true, force: true });
        rmSync(join(root, 'pipeline.lock'), { force: true });
        if (target === 'dataset') build('full', 2);
        costs[jobs === 1 ? 'one' : 'both'].push(build(target, jobs));
      }
    }
    const size = Number.isNaN(mb) ? megabytes(from) : mb;
    const reference = medianCost(costs.python);
    say(`${step}, Python`, reference, rows, size);
    say(`${step}, the rule alone`, medianCost(costs.alone), rows, size, reference);
    say(`${step}, a build, -j1`, medianCost(costs.one), rows, size, reference);
    say(`${step}, a build, -j2`, medianCost(costs.both), rows, size, reference);
    if (!sameBytes(to, join(root, 'out', `${target}.jsonl`))) throw new Error(`${step} gives other bytes than Python`);
    if (target === 'full') {
      const full = medianCost(costs.both).wall;
      costOfChange(root, shape, build, full);
    }
  }
  rmSync(root, { recursive: true });
}

/** A build that finds nothing to do, then one after a session was added. */
function costOfChange(
  root: string,
  shape: DatabaseShape,
  build: (target: string, jobs: number) => Cost,
  full: number,
): void {
  const nothing = medianCost(Array.from({ length: rounds }, () => build('full', 2)));
  const out = join(root, 'out', 'full.jsonl');
  // The same database is measured again by what follows: the session is added to a copy of the project's own.
  const added = Array.from({ length: rounds }, (_, round) => {
    const db = new Database(join(root, 'traces.db'));
    addSession(db, { ...shape, turns: Math.min(shape.turns, 100) }, shape.sessions + round);
    db.close();
    return build('full', 2);
  });
  const copied = median(Array.from({ length: rounds }, () => copyAndDigest(out, `${out}.copy`)));
  rmSync(`${out}.copy`);
  const { wall } = medianCost(added);
  console.log(
    `  nothing to do ${(1000 * nothing.wall).toFixed(0)} ms; one session more ${wall.toFixed(2)} s ` +
      `(${((100 * wall) / full).toFixed(0)} % of the full export; copy and digest of the rows ${copied.toFixed(2)} s)`,
  );
  const db = new Database(join(root, 'traces.db'));
  for (let round = 0; round < rounds; round++) {
    const id = `crafter-${String(shape.sessions + round).padStart(6, '0')}`;
    for (const table of ['event_rewards', 'outcome_rewards', 'events', 'session_traces'])
      db.prepare(`DELETE FROM ${table} WHERE session_id = ?`).run(id);
  }
  db.close();
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

if (flags.kernel !== undefined) {
  const [step, from, to] = JSON.parse(flags.kernel) as [step: 'export' | 'filter', from: string, to: string];
  rmSync(to, { force: true });
  if (step === 'export') await work(exportRule, 'db', 'sqlite', from, to);
  else await work(filterRule, 'rows', 'jsonl', from, to);
} else {
  try {
    for (const shape of SHAPES) if (flags.only === undefined || shape.name === flags.only) await measure(shape);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
