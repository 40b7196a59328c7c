import { existsSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import test from 'ava';
import { Project } from './rig.js';

const PIPELINE = `version: 1
vars: { mark: a }
targets:
  words:
    run: tr {vars.mark} b < {inputs.text} > {outputs.text}
    inputs: { text: fruits.txt }
    outputs: { text: out/words.txt }
  count:
    description: How many
    run: wc -l < {inputs.text} > {outputs.count} && echo counted
    inputs: { text: words }
    outputs: { count: out/count.txt }
`;
const FILES = { 'pipeline.yaml': PIPELINE, 'fruits.txt': 'banana\nkale\n' };

/** Times, run ids and this machine's folders differ from run to run. */
function stable(text: string): string {
  return (
    text
      .replace(/\b\d+(\.\d+)?s\b/g, 'Ns')
      // A column is as wide as its widest time, on whichever side a shorter one is padded.
      .replace(/ {2,}Ns/g, '  Ns')
      .replace(/Ns {2,}/g, 'Ns  ')
      .replace(/\b\d{8}T\d{6}Z-[0-9a-f]+/g, 'RUN')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'WHEN')
  );
}

test('what a person sees: build, again, plan, status, explain, graph, log, runs, clean', async (t) => {
  const project = new Project(t, FILES);
  const show = async (...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await project.run(...args);
    t.snapshot(stable(`${stdout}${stderr}exit ${code}\n`), `vlmbuild ${args.join(' ')}`);
  };
  await show('-n');
  await show('-j1');
  await show();
  await show('-v', '-j1', '-B', 'count');
  await show('status');
  project.write('fruits.txt', 'banana\nkale\nleek\n');
  await show('-n');
  await show('explain', 'words', 'count');
  await show('graph');
  await show('-j1', '-q');
  await show('log', 'count');
  await show('runs');
  await show('clean', '-n');
  await show('clean', 'count');
  await show('status');
  await show('lock');
});

test('what a target once made and others read now is a source: it is not left over, and no clean removes it', async (t) => {
  const made = ['one', 'two', 'in/three', 'four'].map(
    (name, n) => `  t${n}: { run: 'echo ${name} > {output}', outputs: ${name}.txt }\n`,
  );
  const project = new Project(t, { 'pipeline.yaml': `version: 1\ntargets:\n${made.join('')}` });
  t.is((await project.run()).code, 0);
  project.write(
    'pipeline.yaml',
    `version: 1
targets:
  t0: { run: 'cat {inputs.a} {inputs.b} > {output}', inputs: { a: one.txt, b: 'in/*.txt' }, outputs: new.txt }
  t3: { run: 'echo 4 > {output}', outputs: five.txt }
`,
  );
  t.is((await project.run()).code, 0);
  t.regex((await project.run('status')).stdout, /left over: four\.txt .*\nleft over: two\.txt .*\n$/);
  t.is((await project.run('clean', '--left-over')).stdout, 'removed four.txt\nremoved two.txt\nremoved 2 outputs\n');
  t.is((await project.run('clean')).stdout, 'removed five.txt\nremoved new.txt\nremoved 2 outputs\n');
  project.write('other.yaml', `version: 1\ntargets:\n  o: { run: 'echo > {output}', outputs: o.txt }\n`);
  t.is((await project.run('-f', 'other.yaml')).code, 0);
  t.is((await project.run('clean', '--left-over')).stdout, 'nothing to remove\n', 'what another pipeline makes');
  for (const path of ['one.txt', 'in/three.txt', 'o.txt']) t.true(existsSync(project.path(path)));
});

test('what V8 compiled is kept in the cache of a project, and in no other folder of that name', async (t) => {
  const project = new Project(t, { ...FILES, 'elsewhere/cache/notes.txt': 'not ours\n' });
  const compiled = (folder: string): string[] =>
    Object.keys(project.tree([])).filter((path) => path.startsWith(`${folder}/code-main-`));
  t.is((await project.run('words')).code, 0);
  const kept = compiled('cache');
  t.is(kept.length, 1);
  t.is((await project.run('--set', 'vars.mark=k', 'words')).code, 0);
  t.deepEqual(compiled('cache'), kept);
  const away = await project.startUnder(['env', '--chdir', project.path('elsewhere')], '--help').ended;
  t.is(away.code, 0);
  t.deepEqual(compiled('elsewhere/cache'), []);
});

test('what V8 compiled while a long pipeline was read and built is good for the next command too', async (t) => {
  const names = Array.from({ length: 200 }, (_, n) => `target-${String(n)}`);
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
${names
  .map((name) => `  ${name}:\n    run: 'echo ${'long '.repeat(10)}> {output}'\n    outputs: out/${name}.txt\n`)
  .join('')}`,
  });
  const compiled = (): (readonly [string, number])[] =>
    readdirSync(project.path('cache'))
      .filter((name) => name.startsWith('code-main-'))
      .map((name) => [name, statSync(project.path(`cache/${name}`)).ino]);
  for (const args of [['target-0'], ['status']]) {
    t.is((await project.run(...args)).code, 0);
    const kept = compiled();
    t.is(kept.length, 1);
    // What V8 does not take is written anew.
    t.is((await project.run('runs')).code, 0);
    t.deepEqual(compiled(), kept);
    for (const [name] of kept) project.remove(`cache/${name}`);
  }
});

test('mistakes on the command line: exit code 2 and a next step', async (t) => {
  const project = new Project(t, FILES);
  for (const args of [
    ['statsu'],
    ['--jbos', '2'],
    ['-j', 'many'],
    ['-C', 'nowhere'],
    ['-f', 'other.yaml'],
    ['log'],
    ['rules', 'sft/fliter'],
  ]) {
    const { code, stdout, stderr } = await project.run(...args);
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.notRegex(stderr, /\n\s+at /, 'no stack trace');
    t.snapshot(stderr, `vlmbuild ${args.join(' ')}`);
  }
});

test('a folder that is none is told, whatever stands there', async (t) => {
  const project = new Project(t, FILES);
  symlinkSync('loop', project.path('loop'));
  for (const args of [
    ['-C', 'loop', 'status'],
    ['rules', '-C', 'loop'],
    ['rules', '-C', 'fruits.txt'],
  ])
    t.regex((await project.run(...args)).stderr, /^VB602/, args.join(' '));
  const { code, stderr } = await project.run('init', '-C', 'fruits.txt');
  t.is(code, 1);
  t.regex(stderr, /^VB615: `fruits\.txt\/pipeline\.yaml` cannot be written: /);
});

test('an input that is not there is exit code 1; with a mistake in the pipeline besides, 2', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  one: { run: 'cp {inputs.rows} {outputs.made}', inputs: { rows: data/rows.jsonl }, outputs: { made: out/one.txt } }
  many: { run: 'cat {inputs.rows} > {outputs.made}', inputs: { rows: 'data/*.txt' }, outputs: { made: out/many.txt } }
`,
  });
  const absent = await project.run();
  t.is(absent.code, 1);
  t.regex(absent.stderr, /^VB168: there is no file `data\/rows\.jsonl`[^]*\nVB169: nothing matches `data\/\*\.txt`/m);
  t.false(project.exists('out'));
  project.write('pipeline.yaml', project.read('pipeline.yaml').replace('version: 1', 'version: 1\ndefault: [ones]'));
  const wrong = await project.run();
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /VB168/);
});

test('a source that is not there stops those who need it, and nobody else', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  here: { run: 'cp {input} {output}', inputs: data/here.txt, outputs: out/here.txt }
  gone: { run: 'cp {input} {output}', inputs: data/gone.txt, outputs: out/gone.txt }
  many: { run: 'cat {input} > {output}', inputs: 'more/*.txt', outputs: out/many.txt }
  reads: { run: 'cat {input} > {output}', inputs: gone, outputs: out/reads.txt }
`,
    'data/here.txt': 'here',
  });
  t.is((await project.run('here')).code, 0);
  t.is(project.read('out/here.txt'), 'here');
  for (const args of [
    ['-n', 'here'],
    ['status', 'here'],
    ['explain', 'here'],
    ['graph', 'here'],
    ['verify', 'here'],
    ['gc'],
    ['runs'],
  ])
    t.is((await project.run(...args)).code, 0, args.join(' '));
  for (const args of [
    ['reads'],
    ['gone', 'here'],
    ['explain', 'reads'],
    ['status'],
    ['accept', 'gone', '--reason', 'so'],
  ]) {
    const { code, stderr } = await project.run(...args);
    t.is(code, 1, args.join(' '));
    t.regex(stderr, /^VB168: there is no file `data\/gone\.txt`/m, args.join(' '));
  }
  // Of everything, what does not need it is shown.
  const status = await project.run('status');
  t.regex(status.stdout, /^● here +fresh[^]*\n· gone +waiting *\n· many +waiting *\n· reads +waiting/);
  t.regex(status.stderr, /VB168[^]*VB169/);
  const graph = await project.run('graph');
  t.is(graph.code, 1);
  t.regex(graph.stdout, /^reads {2}run {2}waiting\n└─ gone {2}run {2}waiting\n[^]*^here {2}run {2}fresh$/m);
  t.regex(graph.stderr, /VB168[^]*VB169/);
  for (const args of [['many'], ['explain', 'many'], ['accept', 'many', '--reason', 'so']])
    t.regex((await project.run(...args)).stderr, /^VB169: nothing matches/m, args.join(' '));
  // What the lock has of it is compared: that the source is gone is the difference.
  project.write('data/gone.txt', 'gone');
  t.is((await project.run('reads')).code, 0);
  project.remove('data/gone.txt');
  const verified = await project.run('verify');
  t.is(verified.code, 3);
  t.regex(verified.stdout, /^gone +input input \(data\/gone\.txt\) .* found absent$/m);
});

test('a pipeline that is wrong, or has a target no longer, hides neither logs nor runs', async (t) => {
  const project = new Project(t, FILES);
  t.is((await project.run()).code, 0);
  project.write('pipeline.yaml', 'version: 1\ntargets: [\n');
  t.like(await project.run('log', 'count'), { code: 0, stdout: 'counted\n', stderr: '' });
  t.regex((await project.run('runs')).stdout, /^\d{8}T.*2 ran/);
  // What has no log, or is no name of a target: the mistake in the pipeline is told.
  for (const word of ['other', '../count', 'count.count']) {
    const { code, stderr } = await project.run('log', word);
    t.is(code, 2);
    t.regex(stderr, /^VB102/, word);
  }
  project.write('pipeline.yaml', PIPELINE.replace('  count:', '  counted:'));
  t.is((await project.run('log', 'count')).stdout, 'counted\n');
  t.regex((await project.run('log', 'other')).stderr, /^VB160/);
  t.regex((await project.run('verfy')).stderr, /did you mean the command `vlmbuild verify`\?/);
  t.regex((await project.run('help')).stderr, /see what there is with `vlmbuild --help`/);
  const elsewhere = await project.run('-C', 'nowhere', 'log', 'count');
  t.regex(elsewhere.stderr, /^VB602/);
});

test('rules: one that is wrong is told, and hides no other', async (t) => {
  const project = new Project(t, { 'rules/my/wrong.ts': 'export default 1;\n' });
  const { code, stdout, stderr } = await project.run('rules');
  t.is(code, 2);
  t.regex(stdout, /^sft\/filter /m);
  t.regex(stderr, /VB206.*my\/wrong/);
});

test('a failing command: what it printed, exit code 1, the log', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  bad:
    run: echo one; echo two >&2; exit 3 # {outputs.x}
    outputs: { x: x.txt }
  after:
    run: cp {inputs.x} {outputs.y}
    inputs: { x: bad }
    outputs: { y: y.txt }
`,
  });
  const { code, stdout, stderr } = await project.run('-j1');
  t.is(code, 1);
  t.snapshot(stable(stdout));
  t.snapshot(stable(stderr), 'why it failed is seen also where the output goes into a file');
  const log = (await project.run('log', 'bad')).stdout.split('\n');
  t.true(log.includes('one') && log.includes('two'));
});

test('log: the last output; of a target that printed nothing since, not what an earlier run of it printed', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  one: { run: 'cat {input} > {output}; test ! -s {input} || ! echo too much', inputs: data/in.txt, outputs: out/one.txt }
`,
    'data/in.txt': 'in',
  });
  t.regex((await project.run('log', 'one')).stderr, /^VB604/);
  t.is((await project.run()).code, 1);
  t.regex((await project.run('log', 'one')).stdout, /^too much$/m);
  project.write('data/in.txt', '');
  t.is((await project.run()).code, 0);
  const { code, stdout, stderr } = await project.run('log', 'one');
  t.is(code, 0);
  t.is(stdout, '');
  t.regex(stderr, /^VB613: `one` printed nothing/);
});

test('where output goes into a full disk, the work is done, and the exit code says that some is lost', async (t) => {
  if (!existsSync('/dev/full')) return void t.pass('there is no /dev/full here');
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  one: { run: 'cp {input} {output}', inputs: data/in.txt, outputs: out/one.txt }
  two: { run: 'cp {input} {output}', inputs: one, outputs: out/two.txt }
`,
    'data/in.txt': 'in',
  });
  const intoFull = ['sh', '-c', 'exec "$@" > /dev/full', 'sh'];
  // From the pipeline, of what has changed, and where nothing has.
  for (const content of ['in', 'other', 'other']) {
    project.write('data/in.txt', content);
    const { code, stderr } = await project.startUnder(intoFull).ended;
    t.is(project.read('out/two.txt'), content);
    t.is(code, 1);
    t.snapshot(stderr, 'what is lost');
  }
  t.is((await project.startUnder(intoFull, 'status').ended).code, 1);
  t.is((await project.startUnder(['sh', '-c', 'exec "$@" 2> /dev/full', 'sh'], 'status').ended).code, 0);
});

test('help teaches: every command has a brief, and the exit codes are told', async (t) => {
  const project = new Project(t, {});
  const { code, stdout } = await project.run('--help');
  t.is(code, 0);
  t.snapshot(stdout);
  t.snapshot((await project.run('build', '--help')).stdout);
});

test('init starts a project that builds, and overwrites nothing', async (t) => {
  const project = new Project(t, {});
  t.is((await project.run('init')).code, 0);
  t.is(project.read('pipeline.schema.json'), (await project.run('schema')).stdout);
  t.true(project.read('pipeline.schema.json').includes('"rows/pick"'));
  await project.builds(t);
  t.is(project.read('out/pictures.jsonl').split('\n').length, 3);
  const { code, stderr } = await project.run('init');
  t.is(code, 2);
  t.regex(stderr, /is there already/);
});
