import test from 'ava';
import { RULES } from './engine-rules.js';
import { deeds, Project } from './rig.js';

const FILES = {
  ...RULES,
  'pipeline.yaml': `version: 1
targets:
  upper:
    rule: text/upper
    inputs: { rows: data/rows.jsonl }
    outputs: out/upper.jsonl
  files:
    rule: text/explode
    inputs: { rows: upper }
    outputs: { files: out/files/, index: out/index.txt }
`,
  'data/rows.jsonl': '"a"\n"b"\n',
};

test('accept: outputs that are right are not made again; the lock says why; a clone believes it', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  const before = project.tree(['cache', 'pipeline.lock', 'rules']);
  project.write('rules/text/upper.ts', project.read('rules/text/upper.ts').replace('let rows = 0', 'let rows = 1 - 1'));
  t.is((await project.run('-n')).stdout.includes('rule changed'), true);

  const { code, stdout, stderr } = await project.run('accept', 'upper', '--reason', 'only counting was tidied');
  t.is(code, 0, stderr);
  t.is(stdout, 'accepted upper: only counting was tidied\n');
  t.regex(project.read('pipeline.lock'), /accepted: "only counting was tidied"\n/);
  t.deepEqual(deeds(await project.builds(t)), { upper: 'fresh', files: 'fresh' });
  t.deepEqual(project.tree(['cache', 'pipeline.lock', 'rules']), before);
  t.is((await project.run('verify')).code, 0);
  t.regex((await project.run('runs')).stdout, /accepted/);

  const lock = project.read('pipeline.lock');
  project.remove('cache');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'fresh', files: 'fresh' });
  t.is(project.read('pipeline.lock'), lock);
  t.is(
    (await project.run('accept', 'upper', '--reason', 'again')).stdout,
    'upper is fresh already: there is nothing to accept\n',
  );
});

test('accept: an output mended by hand is the result, is kept in the store, and what reads it is built from it', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  project.write('out/upper.jsonl', '"A"\n"MENDED"\n');
  t.is((await project.run('accept', 'upper', '--reason', 'row 2 was wrong')).code, 0);
  t.deepEqual(deeds(await project.builds(t)), { upper: 'fresh', files: 'run' });
  t.is(project.read('out/files/row-1.txt'), '"MENDED"');
  // It is restored as what it is, not made anew.
  project.remove('out/upper.jsonl');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'restore', files: 'fresh' });
  t.is(project.read('out/upper.jsonl'), '"A"\n"MENDED"\n');
  const { code, stdout } = await project.run('verify', '--rebuild', '-q');
  t.is(code, 3);
  t.regex(stdout, /the locked result was accepted: row 2 was wrong\n {2}row changed: 2\n/);
});

test('accept of a folder and of what it needs, at once and in order', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  project.write('data/rows.jsonl', '"new"\n');
  project.write('out/upper.jsonl', '"A"\n');
  project.write('out/files/row-0.txt', 'by hand');
  const waits = await project.run('accept', 'files', '--reason', 'x');
  t.is(waits.code, 2);
  t.regex(waits.stderr, /VB442.*\n +needs +upper/);
  const both = await project.run('accept', 'files', 'upper', '--reason', 'x', '--json');
  t.deepEqual(
    both.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { target: string }).target),
    ['upper', 'files'],
  );
  t.deepEqual(deeds(await project.builds(t)), { upper: 'fresh', files: 'fresh' });
  project.remove('out');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'restore', files: 'restore' });
  t.is(project.read('out/files/row-0.txt'), 'by hand');
});

test('accept refuses what is not there, and reasons that say nothing', async (t) => {
  const project = new Project(t, FILES);
  const absent = await project.run('accept', 'upper', '--reason', 'x');
  t.is(absent.code, 2);
  t.regex(absent.stderr, /VB443: output `out\/upper\.jsonl` of `upper` is not there/);
  t.false(project.exists('pipeline.lock'));
  t.regex((await project.run('accept', 'upper', '--reason', ' ')).stderr, /VB444/);
  t.is((await project.run('accept', 'upper')).code, 2);
});
