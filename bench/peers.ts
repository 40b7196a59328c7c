/**
 * vlmbuild beside other build tools on the same graphs, in one run, taking turns: what it costs to find nothing to do, to
 * build one change, to run a thousand commands, and to look through much data.
 *
 *     node scripts/build.mjs --tests && node build/bench/peers.js [null] [changed] [commands] [files] [--rounds N]
 *
 * A tool that is not installed is left out, and said so. Budgets are ratios to a peer, or to Node's own start, of the same
 * run. Medians.
 */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './command-line.js';
import { BIN, DIALECTS, type Tool } from './dialects.js';
import { pipeline, wide, writeSources, type Shape } from './graphs.js';
import { scratchFolder } from './scratch.js';
import { interleaved, isInstalled, peakMemory, seconds, type Call } from './timing.js';

const PARTS = ['null', 'changed', 'commands', 'files'];
const flags = commandLine('[null] [changed] [commands] [files] [--rounds N]', ['rounds'], PARTS);
const wanted = new Set(flags.words.length === 0 ? PARTS : flags.words);
const rounds = flags.number('rounds', 11);
const scratch = scratchFolder();
const NODE = 'node';

/** One line of the table. */
interface Row {
  readonly what: string;
  readonly times: ReadonlyMap<string, number>;
  /** In seconds of vlmbuild. */
  readonly budget: number;
  readonly stretch: number;
  /** What the budget is made of. */
  readonly means: string;
  readonly memory?: { readonly taken: number | undefined; readonly budget: number };
}

const rows: Row[] = [];

/** A graph as each of the tools has it, built once. */
class Graphs {
  readonly #calls = new Map<Tool, Call>();

  constructor(
    readonly shape: Shape,
    name: string,
    tools: readonly Tool[],
    build = true,
  ) {
    for (const tool of tools) {
      const { program, args } = DIALECTS[tool];
      if (!isInstalled(program)) {
        console.log(`${tool} is not installed: left out of ${name}`);
        continue;
      }
      const cwd = join(scratch, `${name}-${tool}`);
      mkdirSync(cwd);
      writeSources(cwd, shape);
      DIALECTS[tool].write(cwd, shape);
      this.#calls.set(tool, { program, args, cwd });
      if (build) console.log(`${name}: built from nothing by ${tool} in ${text(seconds(this.call(tool)))}`);
      // Made once more: some tools only now record all that they need.
      if (build) seconds(this.call(tool));
    }
  }

  get tools(): readonly Tool[] {
    return [...this.#calls.keys()];
  }

  call(tool: Tool): Call {
    const call = this.#calls.get(tool);
    if (call === undefined) throw new Error(`${tool} is not there`);
    return call;
  }

  /** Every tool's time after `before` was done to its files. */
  times(count: number, before: (root: string, round: number) => void = () => undefined): Map<string, number> {
    const turns = new Map<Tool, number>();
    return interleaved(
      new Map(
        this.tools.map((tool) => [
          tool as string,
          () => {
            const round = turns.get(tool) ?? 0;
            turns.set(tool, round + 1);
            before(this.call(tool).cwd, round);
            return seconds(this.call(tool));
          },
        ]),
      ),
      count,
    );
  }
}

function bareNode(count: number): number {
  const empty = join(scratch, 'empty.cjs');
  writeFileSync(empty, '');
  const call = { program: process.execPath, args: [empty], cwd: scratch };
  return interleaved(new Map([[NODE, () => seconds(call)]]), count).get(NODE) ?? Number.NaN;
}

function time(times: ReadonlyMap<string, number>, name: string): number {
  return times.get(name) ?? Number.NaN;
}

function thousand(): void {
  const graphs = new Graphs(wide(1000), 'wide-1000', ['vlmbuild', 'ninja', 'make', 'doit', 'snakemake']);
  const quick = new Map([...graphs.times(rounds), [NODE, bareNode(rounds)]]);
  const node = time(quick, NODE);
  rows.push({
    what: 'null build of 1,000',
    times: quick,
    budget: node + 0.045,
    stretch: node + 0.025,
    means: 'Node + 45 ms',
    memory: { taken: peakMemory(graphs.call('vlmbuild')), budget: 60 },
  });
}

function tenThousand(): void {
  const graphs = new Graphs(wide(10_000), 'wide-10000', ['vlmbuild', 'ninja', 'make', 'doit']);
  const nothing = graphs.times(rounds);
  const ninja = time(nothing, 'ninja');
  if (wanted.has('null')) {
    rows.push({
      what: 'null build of 10,000',
      times: nothing,
      budget: ninja * 2.7,
      stretch: ninja * 2.2,
      means: '2.7 x ninja',
      memory: { taken: peakMemory(graphs.call('vlmbuild')), budget: 60 },
    });
  }
  if (!wanted.has('changed')) return;
  const source = (round: number): string => graphs.shape.sources[(round * 37) % 10_000]?.path ?? '';
  const one = graphs.times(rounds, (root, round) => appendFileSync(join(root, source(round)), `changed ${round}\n`));
  const action = actionSeconds();
  const base = time(nothing, 'vlmbuild') + action;
  rows.push({
    what: 'one source changed of 10,000',
    times: one,
    budget: base + 0.06,
    stretch: base + 0.03,
    means: 'null + 60 ms + the action',
  });
}

/** What a step of the wide graph costs by itself. */
function actionSeconds(): number {
  const file = join(scratch, 'action.txt');
  writeFileSync(file, 'x');
  const call = { program: 'sh', args: ['-eu', '-c', `cp ${file} ${file}.copy`], cwd: scratch };
  return interleaved(new Map([['action', () => seconds(call)]]), rounds).get('action') ?? Number.NaN;
}

function commands(): void {
  const graphs = new Graphs(wide(1000), 'commands', ['vlmbuild', 'ninja', 'make'], false);
  let n = 0;
  // What was built is moved aside: files made right after many were deleted take longer.
  const forget = (root: string): void => {
    const aside = join(scratch, `aside-${n++}`);
    mkdirSync(aside);
    for (const name of ['out', 'cache', 'pipeline.lock', '.ninja_log', '.ninja_deps']) {
      try {
        renameSync(join(root, name), join(aside, name));
      } catch {
        // Not of this tool, or not there the first time.
      }
    }
    for (const { output } of graphs.shape.steps) mkdirSync(join(root, output, '..'), { recursive: true });
  };
  const times = graphs.times(Math.max(3, Math.round(rounds / 3)), forget);
  const ninja = time(times, 'ninja');
  rows.push({ what: '1,000 commands from nothing', times, budget: ninja * 1.5, stretch: ninja, means: '1.5 x ninja' });
}

function files(): void {
  const graphs = new Graphs(pipeline(256, 20_000), 'files', ['vlmbuild', 'ninja', 'doit']);
  const nothing = graphs.times(rounds);
  rows.push({
    what: '1 GiB and 20,000 files: null build',
    times: nothing,
    budget: 0.16,
    stretch: 0.13,
    means: '160 ms',
    memory: { taken: peakMemory(graphs.call('vlmbuild')), budget: 80 },
  });
  const few = Math.max(3, Math.round(rounds / 3));
  const touched = graphs.times(few, (root, round) => {
    const moment = Date.now() / 1000 - 1000 + round;
    for (const { path } of graphs.shape.sources) utimesSync(join(root, path), moment, moment);
  });
  rows.push({
    what: 'all of them touched',
    times: touched,
    budget: 0.6,
    stretch: 0.45,
    means: '0.6 s, nothing reruns',
  });
  const byte = graphs.times(few, (root, round) => {
    const file = openSync(join(root, 'data/part1.bin'), 'r+');
    writeSync(file, String(round % 10), 100_000_000);
    closeSync(file);
  });
  const base = time(nothing, 'vlmbuild') + actionSeconds();
  rows.push({
    what: '1 byte of 256 MiB changed',
    times: byte,
    budget: base + 0.2,
    stretch: base + 0.1,
    means: 'null + 0.2 s + the step',
  });
}

function text(value: number): string {
  return value >= 1 ? `${value.toFixed(2)} s` : `${(value * 1000).toFixed(0)} ms`;
}

function verdict(value: number, budget: number, stretch: number): string {
  return value <= stretch ? 'yes, and the stretch' : value <= budget ? 'yes' : 'NO';
}

function print(): void {
  const table = rows.map(({ what, times, budget, stretch, means, memory }) => {
    const own = time(times, 'vlmbuild');
    const peers = [...times].filter(([name]) => name !== 'vlmbuild').sort(([, a], [, b]) => a - b);
    const [best] = peers.filter(([name]) => name !== NODE);
    const kept = memory?.taken === undefined ? '' : `${memory.taken.toFixed(0)} of ${memory.budget} MB`;
    const small = memory?.taken === undefined || memory.taken <= memory.budget;
    return [
      what,
      peers.map(([name, value]) => `${name} ${text(value)}`).join(', '),
      text(own),
      best === undefined ? '' : `${(own / best[1]).toFixed(2)} x ${best[0]}`,
      `${text(budget)} (${means}), stretch ${text(stretch)}`,
      kept,
      small ? verdict(own, budget, stretch) : 'NO: memory',
    ];
  });
  const head = ['what', 'peers', 'vlmbuild', 'ratio', 'budget', 'memory', 'met?'];
  const widths = head.map((_, column) => Math.max(...[head, ...table].map((line) => line[column]?.length ?? 0)));
  for (const line of [head, ...table])
    console.log(
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

console.log(`vlmbuild ${BIN}, ${rounds} rounds, in ${scratch}`);
if (wanted.has('null')) thousand();
if (wanted.has('null') || wanted.has('changed')) tenThousand();
if (wanted.has('commands')) commands();
if (wanted.has('files')) files();
print();
