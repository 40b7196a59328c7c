/**
 * Export and filter against a straightforward Python program of the same specification, in one run, taking turns: rows a
 * second, megabytes of input a second, peak memory, beside the ratio to Python and the goal; then what it costs to find
 * nothing to do, and one session more.
 *
 *     node scripts/build.mjs --tests && node build/bench/data.js [--scale N] [--only SHAPE] [--rounds N]
 *
 * `--scale 4` (the default) makes databases of 0.9 to 1.3 GB, of played episodes; 1 makes them of 240 to 380 MB, where a
 * tenth of a second for compiling shows; 30 makes them of some 10 GB. Python and the rule alone count from when they are
 * loaded; a build is counted whole, from the start of its process to its end, with the digests of what it reads and makes.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLine } from './command-line.js';
import { measureChange } from './data-change.js';
import { contentOf, costOfBuild, medianCost, megabytes, saidBy, saidTogether, type Cost } from './data-cost.js';
import { generateDatabase, type DatabaseShape } from './data-databases.js';
import { playedTurns } from './data-episodes.js';
import { scratchFolder } from './scratch.js';

const flags = commandLine('[--scale N] [--only SHAPE] [--rounds N]', ['scale', 'only', 'rounds']);
const scale = flags.number('scale', 4);
const rounds = flags.number('rounds', 3);

/** Against Python's rows a second; and for the peak, beyond four times the longest line. */
const GOALS = { export: 5, filter: 6, peakMB: 150 };

interface NamedShape extends DatabaseShape {
  readonly name: string;
  /** Pixels of a frame's side; 0 for text alone. */
  readonly side: number;
}

const SHAPES: readonly NamedShape[] = [
  { name: 'text', sessions: Math.round(200 * scale), turns: 100, side: 0 },
  { name: 'image 64', sessions: Math.round(160 * scale), turns: 100, side: 64 },
  { name: 'image 128', sessions: Math.round(100 * scale), turns: 100, side: 128 },
  { name: 'image 256', sessions: Math.round(50 * scale), turns: 100, side: 256 },
  { name: '10,000 sessions', sessions: 10_000, turns: Math.round(2 * scale), side: 64 },
  { name: 'few huge sessions', sessions: 2, turns: Math.round(8_000 * scale), side: 64 },
];

const rule = fileURLToPath(new URL('data-rule.js', import.meta.url));
const python = fileURLToPath(new URL('../../bench/data-python.py', import.meta.url));
const folder = scratchFolder();

const PIPELINE = `version: 1
targets:
  full: { rule: sft/export, inputs: { db: ./traces.db }, outputs: out/full.jsonl }
  traces: { run: 'cp {input} {output}', inputs: ./traces.db, outputs: out/traces.db }
  own: { rule: sft/export, inputs: { db: traces }, outputs: out/own.jsonl }
  dataset: { rule: sft/filter, inputs: { rows: ./export.py.jsonl }, outputs: out/dataset.jsonl }
`;

type Step = 'export' | 'filter';

/** A step of a shape: Python, the rule alone, builds from nothing with one slot and with both. Returns the last's cost. */
async function measureStep(root: string, step: Step, from: string, rows: number): Promise<Cost> {
  const [target, expected] = [step === 'export' ? 'full' : 'dataset', join(root, `${step}.py.jsonl`)];
  const alone = join(root, 'alone.jsonl');
  const shares = [0, 1].map((which) => [rule, step, from, `${alone}.${which}`, `${which}/2`]);
  const costs: Record<string, Cost[]> = {
    ...{ python: [], 'the rule alone': [], 'the rule, 2 processes': [], 'a build, -j1': [], 'a build, -j2': [] },
  };
  for (let round = 0; round < rounds; round++) {
    costs['python']?.push(saidBy('python3', [python, step, from, expected]));
    costs['the rule alone']?.push(saidBy(process.execPath, [rule, step, from, alone]));
    costs['the rule, 2 processes']?.push(await saidTogether(process.execPath, shares));
    for (const jobs of [1, 2] as const) {
      for (const made of ['cache', 'out', 'pipeline.lock']) rmSync(join(root, made), { recursive: true, force: true });
      costs[`a build, -j${jobs}`]?.push(costOfBuild(root, target, jobs));
    }
  }
  const { digest, longestLineMB } = contentOf([expected]);
  const halves = [0, 1].map((which) => `${alone}.${which}`);
  for (const made of [[alone], halves, [join(root, 'out', `${target}.jsonl`)]]) {
    if (contentOf(made).digest !== digest) throw new Error(`${step} gives other bytes than Python`);
  }
  for (const made of [alone, ...halves]) rmSync(made);
  const reference = medianCost(costs['python'] ?? []);
  for (const [who, each] of Object.entries(costs)) {
    const { seconds, cpu, peakMB } = medianCost(each);
    const ratios = [reference.seconds / seconds, reference.cpu / cpu].map((ratio) => ratio.toFixed(1));
    const ratio = `${ratios[0] ?? ''}x by the clock, ${ratios[1] ?? ''}x by processor time (goal ${GOALS[step]}x)`;
    const cells = [
      `  ${step}, ${who}`.padEnd(32),
      `${seconds.toFixed(2)} s`.padStart(8),
      `cpu ${cpu.toFixed(2)} s`.padStart(12),
      `${Math.round(rows / seconds)} rows/s`.padStart(15),
      `${Math.round(megabytes(from) / seconds)} MB/s`.padStart(10),
      `peak ${Math.round(peakMB)} MB`.padStart(13),
      ...(who === 'python' ? [] : [`(goal ${Math.round(GOALS.peakMB + 4 * longestLineMB)})`, ratio]),
    ];
    console.log(cells.join(' '));
  }
  return medianCost(costs['a build, -j2'] ?? []);
}

async function measure(shape: NamedShape): Promise<void> {
  const root = join(folder, shape.name.replaceAll(' ', '-'));
  mkdirSync(root);
  const db = join(root, 'traces.db');
  const played = await playedTurns(shape.side);
  generateDatabase(db, shape, played);
  const rows = shape.sessions * shape.turns;
  console.log(`${shape.name}: ${shape.sessions} sessions, ${rows} rows, ${Math.round(megabytes(db))} MB`);
  writeFileSync(join(root, 'pipeline.yaml'), PIPELINE);
  const full = await measureStep(root, 'export', db, rows);
  measureChange(root, shape, played, full, rounds);
  await measureStep(root, 'filter', join(root, 'export.py.jsonl'), rows);
  rmSync(root, { recursive: true });
}

const only = flags.text('only');
const wanted = only === undefined ? SHAPES : SHAPES.filter(({ name }) => name === only);
if (wanted.length === 0) {
  console.error(`there is no shape \`${only ?? ''}\`: ${SHAPES.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
for (const shape of wanted) await measure(shape);
