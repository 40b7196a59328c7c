import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { RULES } from './engine-rules.js';
import { Project, type Result } from './rig.js';

const FILES = {
  ...RULES,
  'pipeline.yaml': `version: 1
default: [upper, files]
targets:
  upper:
    rule: text/upper
    inputs: { rows: data/rows.jsonl }
    params: { mark: '!' }
    outputs: out/upper.jsonl
  files:
    rule: text/explode
    inputs: { rows: upper }
    outputs: { files: out/files/, index: out/index.txt }
`,
  'data/rows.jsonl': '"a"\n"b"\n"c"\n',
};

interface Difference {
  readonly type: string;
  readonly target: string;
  readonly what: string;
  readonly name?: string;
  readonly content?: Record<string, unknown>;
}

function differences({ stdout }: Result): Difference[] {
  return stdout
    .split('\n')
    .filter((line) => line.includes('"type":"difference"'))
    .map((line) => JSON.parse(line) as Difference);
}

const subjects = (result: Result): string[] =>
  differences(result).map(({ target, what, name }) => `${target} ${what} ${name ?? ''}`.trim());

test('verify: everything is as the lock has it, or a line a difference and exit code 3', async (t) => {
  const project = new Project(t, FILES);
  const without = await project.run('verify');
  t.is(without.code, 3);
  t.regex(without.stderr, /VB431.*pipeline\.lock/s);
  await project.builds(t);

  const good = await project.run('verify');
  t.is(good.code, 0, good.stderr);
  t.is(good.stdout, '2 targets: all as `pipeline.lock` has it\n');

  // An edited output is told once, and not again as an input of what reads it.
  project.write('out/upper.jsonl', '"x"\n');
  t.deepEqual(subjects(await project.run('verify', '--json')), ['upper output rows']);
  project.remove('out/files/row-1.txt');
  project.write('data/rows.jsonl', '"a"\n"b"\n"d"\n');
  const bad = await project.run('verify');
  t.is(bad.code, 3);
  t.regex(
    bad.stdout,
    /upper +output rows \(out\/upper\.jsonl\) +locked sha256:[0-9a-f]{12} +found sha256:[0-9a-f]{12}\n/,
  );
  t.regex(bad.stdout, /upper +input rows \(data\/rows\.jsonl\)/);
  t.regex(bad.stdout, /files +output files \(out\/files\)/);
  t.regex(bad.stdout, /3 differences from `pipeline\.lock` in 2 targets/);
  t.deepEqual(subjects(await project.run('verify', '--json', 'files')), ['files output files', 'files input rows']);
});

test('verify believes no stat record', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  // As many bytes, under the old times: only reading finds it.
  const path = project.path('data/rows.jsonl');
  const { atime, mtime } = statSync(path);
  project.write('data/rows.jsonl', '"a"\n"b"\n"X"\n');
  utimesSync(path, atime, mtime);
  t.deepEqual(subjects(await project.run('verify', '--json')), ['upper input rows']);
});

test('verify tells rules, params, environment and targets that changed', async (t) => {
  const project = new Project(t, FILES);
  project.write('pipeline.yaml', `${FILES['pipeline.yaml']}  gone:\n    run: echo > {output}\n    outputs: gone.txt\n`);
  await project.builds(t, 'upper', 'files', 'gone');
  project.write(
    'pipeline.yaml',
    FILES['pipeline.yaml'].replace("'!'", "'?'").replace('rule: text/upper', 'rule: text/upper\n    env: HUE'),
  );
  project.write('rules/text/explode.ts', project.read('rules/text/explode.ts').replace("'row-'", "'line-'"));
  const result = await project.run('verify', '--json');
  t.is(result.code, 3);
  t.deepEqual(subjects(result), ['upper params mark', 'files code', 'gone target']);
  project.write('pipeline.yaml', FILES['pipeline.yaml'].replace('rule: text/upper', 'rule: text/upper\n    env: HUE'));
  t.deepEqual(subjects(await project.run('verify', '--json', 'upper')), ['upper key']);
});

test('verify --rebuild: the same from nothing, in a copy that is gone afterwards', async (t) => {
  const project = new Project(t, FILES);
  mkdirSync(join(dirname(project.root), 'data'));
  writeFileSync(join(dirname(project.root), 'data/more.jsonl'), '"m"\n');
  project.write(
    'pipeline.yaml',
    `${FILES['pipeline.yaml']}  more:\n    rule: text/upper\n    inputs: ../data/more.jsonl\n    outputs: out/more.jsonl\n`,
  );
  await project.builds(t, 'files', 'more');
  project.remove('out');
  const before = project.tree();
  const { code, stdout, stderr } = await project.run('verify', '--rebuild');
  t.is(code, 0, stdout + stderr);
  t.regex(stdout, /upper +1 part, 1 to make/, 'remembered parts are not taken');
  t.regex(stdout, /rebuilt 3 targets from nothing: no difference from `pipeline\.lock`/);
  t.deepEqual(project.tree(), before);
  t.deepEqual(readdirSync(project.path('cache/stage')), []);
});

test('verify --rebuild names the rows, entries, tables and bytes that differ', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  all:
    run: "node {input} {outputs.rows} {outputs.folder} {outputs.base} {outputs.blob}"
    inputs: make.cjs
    outputs: { rows: out/rows.jsonl, folder: out/folder/, base: out/base.db, blob: out/blob.bin }
  next:
    run: cat {input} > {output}
    inputs: all.rows
    outputs: out/next.jsonl
`,
    'make.cjs': `const { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const [rows, folder, base, blob] = process.argv.slice(2);
// What a build does that looks at something undeclared: here how often it ran.
const counter = 'COUNTER';
const n = existsSync(counter) ? readFileSync(counter, 'utf8').length : 0;
appendFileSync(counter, '.');
writeFileSync(rows, ['"a"', '"b"', JSON.stringify(n), '"d"'].join('\\n') + '\\n');
mkdirSync(folder, { recursive: true });
writeFileSync(folder + '/same.txt', 'same');
writeFileSync(folder + '/other.txt', String(n));
writeFileSync(blob, 'blob ' + n);
const sqlite = require(process.env.HOME + '/sqlite.cjs');
sqlite(base, n);
`,
  });
  const home = dirname(project.root);
  project.environment['HOME'] = home;
  writeFileSync(
    join(home, 'sqlite.cjs'),
    `const Database = require(${JSON.stringify(join(process.cwd(), 'node_modules/better-sqlite3'))});
module.exports = (path, n) => { const db = new Database(path); db.exec('CREATE TABLE kept (a); CREATE TABLE counts (n); INSERT INTO kept VALUES (1); INSERT INTO counts VALUES (' + n + ')'); db.close(); };`,
  );
  project.write('make.cjs', project.read('make.cjs').replace('COUNTER', join(home, 'counter')));
  await project.builds(t);
  const { code, stdout, stderr } = await project.run('verify', '--rebuild', '-q');
  t.is(code, 3, stdout + stderr);
  t.regex(stdout, /all +output rows \(out\/rows\.jsonl\).*\n {2}row changed: 3\n/);
  t.regex(stdout, /all +output folder.*\n {2}changed: other\.txt\n/);
  t.regex(stdout, /all +output base.*\n {2}table counts differs \(1 row\)\n/);
  t.regex(stdout, /all +output blob.*\n {2}differs from byte 5 on\n/);
  t.regex(stdout, /next +output /);
  t.notRegex(stdout, /next +input/, 'what it reads was told where it is made');

  // The locked bytes are found in the store where they are no longer in the tree.
  project.write('out/rows.jsonl', '"edited"\n');
  const again = differences(await project.run('verify', '--rebuild', '--json', 'all'));
  t.deepEqual(again.find(({ name }) => name === 'rows')?.content?.['unit'], 'rows');
});

test('verify --rebuild of a target that fails: exit code 1', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  once:
    run: test ! -e {params.mark} && touch {params.mark} {output}
    params: { mark: MARK }
    outputs: out.txt
`,
  });
  project.write('pipeline.yaml', project.read('pipeline.yaml').replace('MARK', join(dirname(project.root), 'mark')));
  await project.builds(t);
  const { code, stdout } = await project.run('verify', '--rebuild');
  t.is(code, 1);
  t.regex(stdout, /1 target could not be compared/);
});
