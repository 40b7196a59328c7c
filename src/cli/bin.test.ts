import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { takeSnapshot, writeSnapshot } from '../plan/snapshot.js';

const program = realpathSync(fileURLToPath(new URL('../../../dist', import.meta.url)));
const bin = join(program, 'vlmbuild.cjs');

/**
 * A project whose snapshots say that its defaults, and the target `dataset`, are fresh. The pipeline file is nonsense to
 * main.
 */
function project(t: ExecutionContext): string {
  const root = tempFolder(t);
  mkdirSync(join(root, 'cache'));
  for (const name of ['pipeline.yaml', 'other.yaml']) writeFileSync(join(root, name), 'no pipeline\n');
  writeFileSync(join(root, 'source'), '1');
  const wanted: [string, string[], number][] = [
    ['pipeline.yaml', [], 4],
    ['pipeline.yaml', ['dataset'], 3],
    ['other.yaml', [], 1],
  ];
  for (const [file, words, targets] of wanted) {
    const snapshot = takeSnapshot({
      file: join(root, file),
      words,
      targets,
      program,
      coverage: {
        stat: new Set([file, 'source']),
        loaded: new Set(),
        lstat: new Set(),
        environment: new Set(['SEED']),
      },
      environment: { SEED: '1' },
      loadedMs: 0,
      now: { nowNs: BigInt(Date.now() + 86_400_000) * 1_000_000n, tickNs: 0n },
    });
    if (snapshot !== undefined) writeSnapshot(join(root, 'cache', 'snapshot'), snapshot);
  }
  return root;
}

function run(cwd: string, ...argv: string[]): { status: number | null; stdout: string } {
  const env = { PATH: process.env['PATH'], SEED: '1' };
  const { status, stdout } = spawnSync(process.execPath, [bin, ...argv], { cwd, env, encoding: 'utf8' });
  return { status, stdout };
}

test('a build with nothing to do says so in one line', (t) => {
  const root = project(t);
  const fresh = (line: string): { status: number; stdout: string } => ({ status: 0, stdout: line });
  t.deepEqual(run(root), fresh('everything is fresh (4 targets)\n'));
  t.deepEqual(run(root, 'build', 'dataset', '-j4'), fresh('everything is fresh (3 targets)\n'));
  t.deepEqual(run(root, '-q'), fresh(''));
  t.deepEqual(run(root, '-f', 'other.yaml'), fresh('everything is fresh (1 target)\n'));
  t.deepEqual(run(tmpdir(), '-C', root, 'dataset'), fresh('everything is fresh (3 targets)\n'));
  t.deepEqual(run(tmpdir(), '-f', join(root, 'pipeline.yaml')), fresh('everything is fresh (4 targets)\n'));
});

test('everything else goes to main', (t) => {
  const root = project(t);
  t.is(run(root, 'split').status, 2, 'main finds that the file is no pipeline');
  t.is(run(root, '--json').status, 2);
  t.is(run(root, '-C', 'nowhere').status, 2);
  rmSync(join(root, 'source'));
  t.is(run(root).status, 2);
});

test('the bin loads nothing but files, paths and what Node itself has loaded', (t) => {
  const text = readFileSync(bin, 'utf8');
  const loaded = [...text.matchAll(/\brequire\("([^"]+)"\)|\bimport\("([^"]+)"\)/g)].map(([, a, b]) => a ?? b);
  t.deepEqual([...new Set(loaded)].sort(), ['node:fs', 'node:path', 'node:vm']);
  t.true(text.length < 16_384);
});
