/**
 * What parts cost the engine: many small ones from nothing, against as many `cp` commands of ninja (where it is
 * installed), and one target of very many, of which nothing or one has changed. The rule does next to nothing.
 *
 *     node scripts/build.mjs --tests && node build/bench/parts.js [--small N] [--many N] [--rounds N]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLine } from './command-line.js';
import { scratchFolder } from './scratch.js';

const flags = commandLine('[--small N] [--many N] [--rounds N]', ['small', 'many', 'rounds']);
const small = flags.number('small', 1000);
const many = flags.number('many', 100_000);
const rounds = flags.number('rounds', 5);

const bin = fileURLToPath(new URL('../../dist/vlmbuild.cjs', import.meta.url));

const RULE = `import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'As many parts as are asked for, each a line; one of them may differ.',
  params: z.strictObject({ parts: z.int(), changed: z.int().default(0) }),
  outputs: { rows: jsonl() },
  *parts({ params }) {
    for (let i = 0; i < params.parts; i++) {
      yield { id: 'part-' + i, spec: { i, version: i === 7 ? params.changed : 0 } };
    }
  },
  make({ spec, outputs }) {
    outputs.rows.append(JSON.stringify(spec));
    return {};
  },
});
`;

interface Cost {
  readonly seconds: number;
  readonly out: string;
}

function run(command: string, args: readonly string[], cwd: string): Cost {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  return { seconds: (performance.now() - start) / 1000, out: stdout };
}

function project(parts: number): string {
  const root = scratchFolder();
  mkdirSync(join(root, 'rules', 'bench'), { recursive: true });
  writeFileSync(join(root, 'rules', 'bench', 'lines.ts'), RULE);
  const target = `rows: { rule: bench/lines, params: { parts: ${parts}, changed: "\${vars.changed}" }, outputs: rows.jsonl }`;
  writeFileSync(join(root, 'pipeline.yaml'), `version: 1\nvars: { changed: 0 }\ntargets:\n  ${target}\n`);
  return root;
}

const build = (root: string, ...args: string[]): Cost => run(process.execPath, [bin, '-j', '2', ...args], root);

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const ms = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;

/** The same number of `cp` commands; undefined where there is no ninja. */
function ninja(): (() => number) | undefined {
  if (spawnSync('ninja', ['--version']).status !== 0) return undefined;
  const root = scratchFolder();
  const lines = ['rule cp', '  command = cp $in $out'];
  mkdirSync(join(root, 'in'));
  for (let i = 0; i < small; i++) {
    writeFileSync(join(root, 'in', String(i)), `{"i":${i},"version":0}\n`);
    lines.push(`build out/${i}: cp in/${i}`);
  }
  writeFileSync(join(root, 'build.ninja'), `${lines.join('\n')}\n`);
  return () => {
    for (const name of ['out', '.ninja_log', '.ninja_deps']) rmSync(join(root, name), { recursive: true, force: true });
    return run('ninja', ['-j', '2'], root).seconds;
  };
}

function fromNothing(): void {
  const peer = ninja();
  const [ours, theirs]: [number[], number[]] = [[], []];
  const root = project(small);
  // What is measured is the parts: the rule is bundled and described before, as it is in any second build.
  build(root);
  for (let round = 0; round < rounds; round++) {
    if (peer !== undefined) theirs.push(peer());
    for (const name of ['rows.jsonl', 'pipeline.lock', 'cache/index.db', 'cache/index.db-wal', 'cache/index.db-shm'])
      rmSync(join(root, name), { force: true });
    rmSync(join(root, 'cache', 'objects'), { recursive: true });
    ours.push(build(root).seconds);
  }
  const [own, other] = [median(ours), median(theirs)];
  const ratio =
    peer === undefined ? 'no ninja to compare with' : `ninja's ${small} cp ${ms(other)}: ${(own / other).toFixed(2)}x`;
  console.log(`${small} small parts from nothing, -j2: ${ms(own)}; ${ratio}`);
}

function oneOfMany(): void {
  const root = project(many);
  const first = build(root).seconds;
  const [fresh, listed, changed]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= rounds; round++) {
    const nothing = build(root);
    if (!nothing.out.startsWith('everything is fresh')) throw new Error(`not fresh: ${nothing.out}`);
    fresh.push(nothing.seconds);
    listed.push(build(root, '-n', '--set', `vars.changed=${round}`).seconds);
    changed.push(build(root, '--set', `vars.changed=${round}`).seconds);
    build(root);
  }
  const nothing = median(fresh);
  console.log(
    `${many} parts: from nothing ${first.toFixed(2)} s; nothing to do ${ms(nothing)}; ` +
      `a plan that lists them ${ms(median(listed))}; one changed ${ms(median(changed))} (nothing to do + ${ms(median(changed) - nothing)})`,
  );
}

if (small > 0) fromNothing();
if (many > 0) oneOfMany();
