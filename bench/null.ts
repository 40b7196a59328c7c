/**
 * What a build costs that finds nothing to do, against Node's own start: the bin, a synthetic snapshot, one source and
 * one output a target.
 *
 *     node scripts/build.mjs --tests && node build/bench/null.js [TARGETS…]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeSnapshot, writeSnapshot } from '../src/plan/snapshot.js';

const ROUNDS = 41;
const program = fileURLToPath(new URL('../../dist', import.meta.url));
const bin = join(program, 'vlmbuild.cjs');
const FILES_A_FOLDER = 100;

/** A project of so many targets, and the snapshot that a build of it leaves. */
function makeProject(targets: number): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-bench-')));
  const stat = ['pipeline.yaml', '.env', 'pipeline.lock'];
  const lstat: string[] = [];
  writeFileSync(join(root, 'pipeline.yaml'), 'version: 1\n');
  writeFileSync(join(root, 'pipeline.lock'), 'version: 1\n');
  for (let i = 0; i < targets; i++) {
    const folder = `group-${String(Math.floor(i / FILES_A_FOLDER)).padStart(3, '0')}`;
    if (i % FILES_A_FOLDER === 0) {
      for (const side of ['sources', 'outputs']) mkdirSync(join(root, side, folder), { recursive: true });
    }
    const name = `${folder}/file-${String(i).padStart(6, '0')}.txt`;
    writeFileSync(join(root, 'sources', name), `${i}\n`);
    writeFileSync(join(root, 'outputs', name), `${i}\n`);
    stat.push(join('sources', name));
    lstat.push(join('outputs', name));
  }
  mkdirSync(join(root, 'cache'));
  const snapshot = takeSnapshot({
    file: join(root, 'pipeline.yaml'),
    words: [],
    targets,
    program,
    coverage: { stat: new Set(stat), loaded: new Set(), lstat: new Set(lstat), environment: new Set() },
    environment: {},
    loadedMs: 0,
    // Nothing changes these files, so that they need not be older than a tick.
    now: { nowNs: BigInt(Number.MAX_SAFE_INTEGER) * 1000n, tickNs: 0n },
  });
  if (snapshot === undefined) throw new Error('the snapshot was not taken');
  writeSnapshot(join(root, 'cache', 'snapshot'), snapshot);
  return root;
}

function run(
  args: readonly string[],
  cwd: string,
): { readonly ms: number; readonly out: string; readonly err: string } {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return { ms, out: stdout, err: stderr };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const sizes = process.argv.slice(2).map(Number);
for (const targets of sizes.length > 0 ? sizes : [1_000, 10_000]) {
  const root = makeProject(targets);
  const [empty, probe] = [join(root, 'cache', 'empty.cjs'), join(root, 'cache', 'probe.cjs')];
  writeFileSync(empty, '');
  writeFileSync(probe, "process.on('exit', () => require('fs').writeSync(2, `${process.resourceUsage().maxRSS}`))");
  const [bare, own]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(run([empty], root).ms);
    const { ms, out } = run([bin], root);
    if (!out.startsWith('everything is fresh')) throw new Error(`not fresh: ${out}`);
    own.push(ms);
  }
  const [node, ours] = [median(bare), median(own)];
  const rss = (file: string): number => Number(run(['-r', probe, file], root).err) / 1024;
  console.log(
    `null build, ${targets} targets: ${ours.toFixed(1)} ms, bare Node ${node.toFixed(1)} ms, ` +
      `difference ${(ours - node).toFixed(1)} ms; peak memory ${rss(bin).toFixed(1)} MiB, bare Node ${rss(empty).toFixed(1)} MiB`,
  );
  rmSync(root, { recursive: true });
}
