import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { RULES } from './engine-rules.js';
import { Project } from './rig.js';

const FILES = {
  ...RULES,
  'pipeline.yaml': `version: 1
vars: { mark: '!' }
targets:
  upper:
    rule: text/upper
    inputs: { rows: data/rows.jsonl }
    params: { mark: '\${vars.mark}' }
    outputs: out/upper.jsonl
  files:
    rule: text/explode
    inputs: { rows: upper }
    outputs: { files: out/files/, index: out/index.txt }
  loose:
    run: cp {input} {output}
    inputs: data/rows.jsonl
    outputs: out/loose.jsonl
    store: false
`,
  'data/rows.jsonl': '"a"\n"b"\n',
};

async function runs(project: Project): Promise<{ id: string; outcome: string }[]> {
  const { stdout } = await project.run('runs', '--json');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; outcome: string });
}

/** A project built twice: first with `!`, then with `?`. */
async function builtTwice(t: ExecutionContext): Promise<{ project: Project; first: string }> {
  const project = new Project(t, FILES);
  await project.builds(t);
  const first = (await runs(project))[0]?.id ?? '';
  project.write('pipeline.yaml', FILES['pipeline.yaml'].replace("'!'", "'?'"));
  await project.builds(t);
  return { project, first };
}

test('restore --to writes what a run had beside the tree, and touches nothing', async (t) => {
  const { project, first } = await builtTwice(t);
  const before = project.tree();
  const to = join(dirname(project.root), 'then');
  const { code, stdout, stderr } = await project.run('restore', first, '--to', to);
  t.is(code, 0, stderr);
  t.regex(stdout, new RegExp(`4 outputs of run ${first}`));
  t.is(readFileSync(join(to, 'out/upper.jsonl'), 'utf8'), '"A"!\n"B"!\n');
  t.deepEqual(readdirSync(join(to, 'out/files')), ['row-0.txt', 'row-1.txt']);
  // Bytes that the store does not keep come from the tree.
  t.is(readFileSync(join(to, 'out/loose.jsonl'), 'utf8'), FILES['data/rows.jsonl']);
  t.deepEqual(project.tree(), before);

  const again = await project.run('restore', first, 'files', '--to', to);
  t.is(again.code, 2);
  t.regex(again.stderr, /VB437: 2 files are in the way; nothing was written/);
  const some = await project.run('restore', 'last', 'upper', '--to', join(to, 'some'), '--json');
  t.like(JSON.parse(some.stdout), { type: 'restored', target: 'upper', name: 'rows', kind: 'jsonl' });
  t.is(readFileSync(join(to, 'some/out/upper.jsonl'), 'utf8'), '"A"?\n"B"?\n');
});

test('restore --in-place replaces outputs, keeps edited ones aside, and the next build brings the present ones back', async (t) => {
  const { project, first } = await builtTwice(t);
  project.write('out/index.txt', 'edited\n');
  const { code, stdout, stderr } = await project.run('restore', first, 'upper', 'files', '--in-place');
  t.is(code, 0, stderr);
  t.regex(stdout, /kept out\/index\.txt aside as cache\/aside\//);
  t.is(project.read('out/upper.jsonl'), '"A"!\n"B"!\n');
  t.is(project.read('out/files/row-0.txt'), '"A"!');
  t.is(project.read('out/index.txt'), 'row-0.txt\nrow-1.txt\n');
  t.like((await runs(project))[0], { outcome: 'restored' });
  t.is((await project.run('verify')).code, 3);
  await project.builds(t);
  t.is(project.read('out/upper.jsonl'), '"A"?\n"B"?\n');
  t.is((await project.run('verify')).code, 0);
});

test('restore refuses before it writes: no such run, bytes gone, outputs that are gone, no place named', async (t) => {
  const { project, first } = await builtTwice(t);
  const refused = async (code: string, exit: number, ...args: string[]): Promise<void> => {
    const result = await project.run('restore', ...args);
    t.is(result.code, exit, result.stderr);
    t.true(result.stderr.startsWith(`${code}:`), result.stderr);
    t.notRegex(result.stderr, /\n\s+at /);
  };
  const to = join(dirname(project.root), 'then');
  await refused('VB436', 2, first);
  await refused('VB436', 2, first, '--to', to, '--in-place');
  await refused('VB433', 2, '1999', '--to', to);
  await refused('VB434', 2, '2', '--to', to);
  await refused('VB440', 2, first, 'uper', '--to', to);
  t.regex((await project.run('restore', first, 'nothing', '--to', to)).stderr, /it had +files, loose, upper\n/);
  project.write('data/rows.jsonl', '"c"\n');
  await project.builds(t);
  await refused('VB438', 1, first, '--to', to);
  project.write(
    'pipeline.yaml',
    FILES['pipeline.yaml'].replace('out/files/, index', 'out/files/, list').replace('upper.jsonl', 'u.jsonl'),
  );
  const explode = project.read('rules/text/explode.ts');
  project.write(
    'rules/text/explode.ts',
    explode.replaceAll('outputs.index', 'outputs.list').replace('index: file', 'list: file'),
  );
  await refused('VB439', 2, first, 'files', '--in-place');
  t.throws(() => readdirSync(to));
  // An output that has moved since goes where it is now.
  t.is((await project.run('restore', first, 'upper', '--in-place')).code, 0);
  t.is(project.read('out/u.jsonl'), '"A"!\n"B"!\n');
});

test('restore notices damage in the store', async (t) => {
  const { project, first } = await builtTwice(t);
  for (const folder of readdirSync(project.path('cache/objects'))) {
    for (const name of readdirSync(project.path(`cache/objects/${folder}`))) {
      const path = project.path(`cache/objects/${folder}/${name}`);
      if (readFileSync(path, 'utf8') !== '"A"!\n"B"!\n') continue;
      chmodSync(path, 0o644);
      writeFileSync(path, '"A"!\n"X"!\n');
    }
  }
  const to = join(dirname(project.root), 'then');
  const { code, stderr } = await project.run('restore', first, 'upper', '--to', to);
  t.is(code, 1);
  t.regex(stderr, /VB438/);
  t.deepEqual(readdirSync(join(to, 'out')), []);
});

test('runs diff tells which targets differ, and by what', async (t) => {
  const { project, first } = await builtTwice(t);
  const { code, stdout, stderr } = await project.run('runs', 'diff', first, 'last');
  t.is(code, 0, stderr);
  const lines = stdout.replace(/[0-9a-f]{12} → [0-9a-f]{12}/g, 'A → B').split('\n');
  t.deepEqual(lines.slice(0, -2), [
    'files',
    '  input changed (rows: changed out/upper.jsonl)',
    '  output changed (files A → B)',
    '    changed: row-0.txt, row-1.txt',
    'upper',
    '  param changed (mark "!" → "?")',
    '  output changed (rows A → B)',
    '    rows changed: 1-2',
  ]);
  t.regex(lines.at(-2) ?? '', /^\S+ → \S+: 2 targets differ; 1 target is the same$/);

  project.write('rules/text/explode.ts', project.read('rules/text/explode.ts').replace("'row-'", "'line-'"));
  await project.builds(t, 'files');
  const json = (await project.run('-C', '.', 'runs', 'diff', first, 'last', '--json')).stdout.trim().split('\n');
  const [files, loose, , summary] = json.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.like(files, { type: 'run-difference', target: 'files', change: 'changed' });
  t.deepEqual(readdirSync(project.path('cache/stage')), [], 'what was restored to be compared is gone');
  t.regex(JSON.stringify(files?.['reasons']), /rule-changed.*text\/explode\.ts.*input-changed/);
  t.like(loose, { target: 'loose', change: 'only in the first' });
  t.like(summary, { type: 'runs-compared', same: 0 });
  t.is(
    (await project.run('runs', 'diff', first, first)).stdout,
    `${first} → ${first}: no target differs; 3 targets are the same\n`,
  );
  t.is((await project.run('runs', 'diff', first)).code, 2);
  for (const args of [
    ['--limit', 'all'],
    ['--limit', '-1'],
    ['dif', first, first],
  ]) {
    const refused = await project.run('runs', ...args);
    t.is(refused.code, 2);
    t.regex(
      refused.stderr,
      /--limit takes a whole number from 1|VB614: `vlmbuild runs` has no `dif`[^]*did you mean `diff`/,
    );
  }
});
