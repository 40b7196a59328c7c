import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import test from 'ava';
import Database from 'better-sqlite3';
import { RULES } from './engine-rules.js';
import { Project, Puppets } from './rig.js';
import { Watching, watching, type EventOf } from './watching.js';

const COPY = `version: 1
targets:
  a: { run: 'cat {inputs.input} > {outputs.output}', inputs: data/in.txt, outputs: out/a.txt }
  b: { run: 'cat {inputs.input} > {outputs.output}', inputs: a, outputs: out/b.txt }
`;

test.serial('an edit is built; what comes out the same, or the same bytes, is not; Ctrl-C ends with 130', async (t) => {
  const [project, watch] = await watching(t, { 'pipeline.yaml': COPY, 'data/in.txt': 'one' });
  t.is(project.read('out/b.txt'), 'one');
  project.save('data/in.txt', 'two');
  const built = await watch.built();
  t.deepEqual(built.changed, { paths: ['data/in.txt'], count: 1 });
  t.deepEqual([...built.ran, ...built.restored], ['a', 'b']);
  t.is(project.read('out/b.txt'), 'two');
  utimesSync(project.path('data/in.txt'), 1, 1);
  const same = await watch.next('watch-built');
  t.is(same.outcome, 'fresh');
  // What nothing depends on is not even looked at: the next build is for what comes after it.
  project.save('data/notes.txt', 'mine');
  project.save('data/in.txt', 'three');
  t.deepEqual((await watch.built()).changed?.paths, ['data/in.txt']);
  t.is(project.read('out/b.txt'), 'three');
  // Written in place it may be seen half-way, and is built twice then.
  project.write('data/in.txt', 'four');
  do await watch.built();
  while (project.read('out/b.txt') !== 'four');
  const { code, stderr } = await watch.end();
  t.is(code, 130);
  t.is(stderr, '');
  t.is(watch.all.at(-1)?.type, 'watch-ended');
});

test.serial(
  'where the last build left everything fresh, that is said at once; edits are noticed as ever',
  async (t) => {
    const project = new Project(t, { ...RULES, 'pipeline.yaml': LIST, 'data/a.txt': 'a' });
    await project.builds(t);
    await project.builds(t);
    const watch = new Watching(project);
    t.like(await watch.next('watch-built'), { outcome: 'fresh', fresh: 1, news: true });
    await watch.next('watch-ready');
    t.false(watch.all.some(({ type }) => type === 'build-started'));
    project.save('data/b.txt', 'b');
    t.deepEqual((await watch.built()).ran, ['list']);
    project.save('out/list.jsonl', 'mine');
    await watch.next('watch-edited');
  },
);

test.serial('a build writes outputs, lock and cache: nothing of that leads to another build', async (t) => {
  const [project, watch] = await watching(t, {
    ...RULES,
    'pipeline.yaml': `${LIST}  copy: { run: 'cp -r {inputs.d}/. {outputs.d}', inputs: { d: data/ }, outputs: { d: out/copy/ } }\n`,
    'data/a.txt': 'a',
  });
  for (const text of ['one', 'two', 'three']) {
    project.save('data/a.txt', text);
    t.deepEqual((await watch.built()).ran.toSorted(), ['copy', 'list']);
    t.is(project.read('out/copy/a.txt'), text);
    // Time enough to hear of all that was written.
    t.is((await project.builds(t)).stdout.match(/target-started/), null);
  }
  const begun = watch.all.filter((event) => event.type === 'watch-changed');
  t.deepEqual(
    begun.map(({ changed }) => changed.paths),
    [['data/a.txt'], ['data/a.txt'], ['data/a.txt']],
  );
});

const LIST = `version: 1
targets:
  list:
    rule: text/list
    inputs: { files: data/ }
    outputs: out/list.jsonl
`;

test.serial('new files, renames, deletes, atomic saves and folders that appear later are noticed', async (t) => {
  const [project, watch] = await watching(t, { ...RULES, 'pipeline.yaml': LIST, 'data/a.txt': 'a' });
  const names = (): unknown[] =>
    project
      .read('out/list.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { name: string }).name);
  /** Some changes are seen in more steps than one: only the last result counts. */
  const until = async (...wanted: string[]): Promise<void> => {
    do await watch.built();
    while (JSON.stringify(names()) !== JSON.stringify(wanted));
  };
  project.save('data/b.txt', 'b');
  await until('a.txt', 'b.txt');
  renameSync(project.path('data/b.txt'), project.path('data/c.txt'));
  await until('a.txt', 'c.txt');
  writeFileSync(project.path('a.draft'), 'new');
  renameSync(project.path('a.draft'), project.path('data/a.txt'));
  await watch.built();
  t.true(project.read('out/list.jsonl').includes('new'));
  mkdirSync(project.path('data/more/deep'), { recursive: true });
  writeFileSync(project.path('data/more/deep/d.txt'), 'd');
  await until('a.txt', 'c.txt', 'more/deep/d.txt');
  project.save('data/more/deep/e.txt', 'e');
  await until('a.txt', 'c.txt', 'more/deep/d.txt', 'more/deep/e.txt');
  rmSync(project.path('data/more'), { recursive: true });
  await until('a.txt', 'c.txt');
  project.save('data/more/f.txt', 'f');
  await until('a.txt', 'c.txt', 'more/f.txt');
});

test.serial('an edit of a rule or of what it imports, of .env and of the pipeline file', async (t) => {
  const [project, watch] = await watching(t, {
    'rules/text/say.ts': `import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
import { word } from '../lib/word.js';
export default defineRule({
  summary: 'Says a word.',
  params: z.strictObject({ mark: z.string().default('') }),
  inputs: {},
  outputs: { said: file() },
  async run({ outputs, params, env }) { await outputs.said.write(word + params.mark + (env.TAIL ?? '')); },
});
`,
    'rules/lib/word.ts': `export const word = 'one';\n`,
    'pipeline.yaml': `version: 1\ntargets:\n  say: { rule: text/say, env: [TAIL], outputs: said.txt }\n`,
  });
  t.is(project.read('said.txt'), 'one');
  project.save('rules/lib/word.ts', `export const word = 'two';\n`);
  await watch.built();
  t.is(project.read('said.txt'), 'two');
  project.save('.env', 'TAIL=!\n');
  await watch.built();
  t.is(project.read('said.txt'), 'two!');
  project.save('rules/lib/word.ts', 'export const word = ');
  await watch.next('watch-broken');
  project.save('rules/lib/word.ts', `export const word = 'three';\n`);
  await watch.built();
  t.is(project.read('said.txt'), 'three!');
  project.save('pipeline.yaml', project.read('pipeline.yaml').replace('env:', 'params: { mark: "?" }, env:'));
  await watch.built();
  t.is(project.read('said.txt'), 'three?!');
});

test.serial('a pipeline that cannot be read: the error is shown, and watching goes on', async (t) => {
  const [project, watch] = await watching(t, { 'pipeline.yaml': 'version: : 1', 'data/in.txt': 'one' });
  t.true(watch.all.some(({ type }) => type === 'watch-broken'));
  project.save('pipeline.yaml', COPY);
  await watch.built();
  t.is(project.read('out/b.txt'), 'one');
  project.save('pipeline.yaml', `${COPY}  c: {}\n`);
  const broken = await watch.next('watch-broken');
  t.is(broken.diagnostics[0]?.at?.path, 'pipeline.yaml');
  // The old folders are watched as well; nothing is built until the file is right.
  project.save('data/in.txt', 'two');
  project.save('pipeline.yaml', COPY);
  const built = await watch.built();
  t.deepEqual(built.failed, []);
  t.is(project.read('out/b.txt'), 'two');
  // A source that is gone is waited for.
  project.remove('data');
  await watch.next('watch-broken');
  project.save('data/in.txt', 'three');
  await watch.built();
  t.is(project.read('out/b.txt'), 'three');
});

test.serial('while the pipeline is wrong, other changes are built by what it was', async (t) => {
  const [project, watch] = await watching(t, {
    'pipeline.yaml': `${COPY}  c: { run: 'cat {inputs.input} > {outputs.output}', inputs: data/c.txt, outputs: out/c.txt }\n`,
    'data/in.txt': 'one',
    'data/c.txt': 'c',
  });
  const right = project.read('pipeline.yaml');
  project.save('pipeline.yaml', 'version: [1');
  t.is((await watch.next('watch-broken')).graph, 'old');
  project.save('data/in.txt', 'two');
  t.like(await watch.built(), { failed: [], fresh: 1, broken: true });
  t.is(project.read('out/b.txt'), 'two');
  project.save('pipeline.yaml', right);
  t.like(await watch.next('watch-built'), { outcome: 'fresh', news: true, broken: false });
  // A source that is gone concerns its own target alone.
  project.remove('data/c.txt');
  t.is((await watch.next('watch-broken')).diagnostics[0]?.code, 'VB168');
  project.save('data/in.txt', 'three');
  t.like(await watch.built(), { failed: [], broken: true });
  t.is(project.read('out/b.txt'), 'three');
  project.save('data/c.txt', 'd');
  t.like(await watch.built(), { ran: ['c'], broken: false });
  t.is(project.read('out/c.txt'), 'd');
});

test.serial('while the lock cannot be read nothing is built, and the watch says so', async (t) => {
  const [project, watch] = await watching(t, { 'pipeline.yaml': COPY, 'data/in.txt': 'one' });
  const right = project.read('pipeline.lock');
  project.save('pipeline.lock', `${right}<<<<<<< HEAD\n`);
  const broken = await watch.next('watch-broken');
  t.is(broken.diagnostics[0]?.code, 'VB302');
  t.is(broken.graph, 'none');
  project.save('pipeline.lock', right);
  project.save('data/in.txt', 'two');
  // They may be noticed one after the other.
  do t.like(await watch.built(), { failed: [], broken: false });
  while (project.read('out/b.txt') !== 'two');
});

test.serial('a source that is not there to begin with is waited for; what does not need it is built', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `${COPY}  c: { run: 'cat {inputs.input} > {outputs.output}', inputs: more/c.txt, outputs: out/c.txt }\n`,
    'data/in.txt': 'one',
  });
  const watch = new Watching(project);
  t.is((await watch.next('watch-broken')).diagnostics[0]?.code, 'VB168');
  t.like(await watch.built(), { failed: [], broken: true });
  t.is(project.read('out/b.txt'), 'one');
  project.save('data/in.txt', 'two');
  await watch.built();
  t.is(project.read('out/b.txt'), 'two');
  project.save('more/c.txt', 'c');
  t.like(await watch.built(), { ran: ['c'], broken: false });
  t.is(project.read('out/c.txt'), 'c');
  t.is((await watch.end()).code, 130);
});

test.serial('a lock that tells what was before, as another vlmbuild may write it, is brought up to date', async (t) => {
  const [project, watch] = await watching(t, { 'pipeline.yaml': COPY, 'data/in.txt': 'one' });
  const before = project.read('pipeline.lock');
  project.save('data/in.txt', 'two');
  await watch.built();
  const now = project.read('pipeline.lock');
  t.not(now, before);
  project.save('pipeline.lock', before);
  do await watch.next('watch-built');
  while (project.read('pipeline.lock') !== now);
  t.deepEqual(
    [...watch.all].reverse().find(({ type }) => type === 'build-finished'),
    watch.all.at(-2),
  );
  project.save('pipeline.lock', now);
  t.like(await watch.next('watch-built'), { outcome: 'fresh' });
  t.is(watch.all.at(-2)?.type, 'watch-changed', 'nothing was built for a lock that is right');
  project.remove('pipeline.lock');
  do await watch.next('watch-built');
  while (!project.exists('pipeline.lock'));
  t.is(project.read('pipeline.lock'), now, 'one that is gone is written again');
});

test.serial(
  'what reading a database leaves beside it is no change: a rule that fails is not tried again for it',
  async (t) => {
    const rule = `import { defineRule, file, sqlite, UserError } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Counts rows.',
  params: z.strictObject({}),
  inputs: { db: sqlite() },
  outputs: { count: file() },
  async run({ inputs, outputs }) {
    const db = inputs.db.open();
    const { n } = db.prepare('SELECT count(*) AS n FROM t').get() as { n: number };
    db.close();
    if (n < 2) throw new UserError('too few rows');
    await outputs.count.write(String(n));
  },
});
`;
    const rows = (path: string, n: number): void => {
      const db = new Database(path);
      db.pragma('journal_mode = WAL');
      db.exec('CREATE TABLE t(a)');
      for (let i = 0; i < n; i++) db.exec(`INSERT INTO t VALUES (${i})`);
      db.close();
    };
    const [project, watch] = await watching(
      t,
      {
        'rules/my/count.ts': rule,
        'pipeline.yaml':
          'version: 1\ntargets:\n  count: { rule: my/count, inputs: { db: data/a.db }, outputs: out/n.txt }\n',
        'data/notes.txt': '',
      },
      (made) => rows(made.path('data/a.db'), 1),
    );
    t.true(watch.all.some(({ type }) => type === 'target-failed'));
    rows(`${project.root}.db`, 2);
    renameSync(`${project.root}.db`, project.path('data/a.db'));
    t.deepEqual((await watch.built()).ran, ['count']);
    t.is(project.read('out/n.txt'), '2');
    t.is(watch.all.filter(({ type }) => type === 'target-started').length, 2);
    for (const event of watch.all) if (event.type === 'watch-changed') t.deepEqual(event.changed.paths, ['data/a.db']);
  },
);

test.serial('the cache may be removed while nothing runs', async (t) => {
  const [project, watch] = await watching(t, { 'pipeline.yaml': COPY, 'data/in.txt': 'one' });
  project.save('data/in.txt', 'two');
  await watch.built();
  project.remove('cache');
  project.save('data/in.txt', 'three');
  t.like(await watch.built(), { outcome: 'built', failed: [] });
  t.is(project.read('out/b.txt'), 'three');
  t.is((await project.builds(t)).events.filter(({ type }) => type === 'target-started').length, 0);
});

test.serial('of many targets only those are looked at to which a change matters', async (t) => {
  const copies = Array.from({ length: 20 }, (_, i) => [
    `  c${i}: { run: 'cat {inputs.input} > {outputs.output}', inputs: data/${i}.txt, outputs: out/${i}.txt }\n`,
    [`data/${i}.txt`, String(i)] as const,
  ]);
  const [project, watch] = await watching(t, {
    ...Object.fromEntries(copies.map(([, file]) => file as readonly [string, string])),
    'pipeline.yaml': `version: 1\ntargets:\n${copies.map(([text]) => text as string).join('')}`,
  });
  project.save('data/7.txt', 'seven');
  t.like(await watch.built(), { ran: ['c7'], fresh: 19 });
  const started = watch.all.filter((event): event is EventOf<'build-started'> => event.type === 'build-started');
  t.deepEqual(started.at(-1)?.targets, ['c7']);
  // What was not looked at is in the lock, and in what the run came to, all the same.
  t.deepEqual((await watch.end()).code, 130);
  t.regex(project.read('pipeline.lock'), /^ {2}c19:$/m);
  t.is((await project.builds(t)).events.filter(({ type }) => type === 'target-started').length, 0);
});

test.serial('a failed build leaves the watch alive and says what it waits for', async (t) => {
  const [project, watch] = await watching(t, { ...RULES, 'pipeline.yaml': LIST, 'data/a.txt': 'bad' });
  const waiting = watch.all.find((event): event is EventOf<'watch-waiting'> => event.type === 'watch-waiting');
  t.deepEqual(waiting?.targets, [{ target: 'list', needs: ['data', 'rules/text/list.ts'] }]);
  project.save('data/a.txt', 'good');
  t.deepEqual((await watch.built()).ran, ['list']);
});

test.serial('a step whose inputs change while it runs is stopped and begun anew', async (t) => {
  const project = new Project(t, { 'data/in.txt': 'one', 'data/other.txt': 'x' });
  const puppets = await Puppets.open(t, project);
  project.save(
    'pipeline.yaml',
    `version: 1
targets:
  slow:
    run: |
      ${puppets.command('slow')} > /dev/null
      cat {inputs.input} > {outputs.output}
    inputs: data/in.txt
    outputs: out/slow.txt
  other: { run: 'cat {inputs.input} > {outputs.output}', inputs: data/other.txt, outputs: out/other.txt, after: slow }
`,
  );
  const watch = new Watching(project);
  const first = await puppets.asked('slow');
  project.save('data/in.txt', 'two');
  t.deepEqual((await watch.next('watch-aborted')).targets, ['slow']);
  await first.gone;
  const second = await puppets.asked('slow');
  // What does not touch the step under way is built when that is done.
  project.save('data/other.txt', 'y');
  await watch.next('watch-postponed');
  second.answer();
  await watch.next('watch-ready');
  t.is(project.read('out/slow.txt'), 'two');
  if (project.read('out/other.txt') !== 'y') await watch.built();
  t.is(project.read('out/other.txt'), 'y');
  t.is(watch.all.filter(({ type }) => type === 'watch-aborted').length, 1);
});

test.serial('Ctrl-C while a step runs: it is stopped, and no process is left', async (t) => {
  const project = new Project(t, {});
  const puppets = await Puppets.open(t, project);
  const run = `${puppets.command('slow')} > {outputs.output}`;
  project.save(
    'pipeline.yaml',
    `version: 1\ntargets:\n  slow:\n    run: ${JSON.stringify(run)}\n    outputs: slow.txt\n`,
  );
  const watch = new Watching(project);
  const asking = await puppets.asked('slow');
  const { code } = await watch.end();
  t.is(code, 130);
  await asking.gone;
});

test.serial('an output edited by hand is reported and stays until its target must run', async (t) => {
  const [project, watch] = await watching(t, { 'pipeline.yaml': COPY, 'data/in.txt': 'one' });
  project.save('out/b.txt', 'mine');
  t.like(await watch.next('watch-edited'), { target: 'b', output: 'output', path: 'out/b.txt' });
  await watch.next('watch-built');
  t.is(project.read('out/b.txt'), 'mine');
  project.save('data/in.txt', 'two');
  const kept = await watch.next('kept-aside');
  await watch.built();
  t.is(project.read(kept.to), 'mine');
  t.is(project.read('out/b.txt'), 'two');
  // One that is gone is put back.
  project.remove('out/b.txt');
  t.deepEqual((await watch.built()).restored, ['b']);
  t.is(project.read('out/b.txt'), 'two');
});

test.serial('a target that changes its own inputs is stopped and named; the next change goes on', async (t) => {
  const [project, watch] = await watching(t, {
    'data/count.txt': '0',
    'pipeline.yaml': `version: 1
targets:
  grows: { run: 'echo x >> data/count.txt; cat {inputs.input} > {outputs.output}', inputs: data/count.txt, outputs: out.txt, allow: [data/count.txt] }
`,
  });
  const stopped = await watch.next('watch-oscillates');
  t.deepEqual(
    stopped.targets.map(({ target }) => target),
    ['grows'],
  );
  t.deepEqual(stopped.changed.paths, ['data/count.txt']);
  const runs = (): number => readFileSync(project.path('data/count.txt'), 'utf8').split('x').length - 1;
  const before = runs();
  t.true(before < 40);
  project.save('pipeline.yaml', project.read('pipeline.yaml').replace('echo x >> data/count.txt; ', ''));
  await watch.built();
  t.is(runs(), before);
});

test.serial('the words must mean something; flags for one build are refused', async (t) => {
  const project = new Project(t, { 'pipeline.yaml': COPY, 'data/in.txt': 'one' });
  const unknown = await project.run('watch', 'c');
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /there is no target `c`/);
  const forced = await project.run('--watch', '-B', 'a');
  t.is(forced.code, 2);
  t.regex(forced.stderr, /`-B` does not go with `--watch`/);
});

test.serial('--watch of build, in plain lines', async (t) => {
  const project = new Project(t, { 'pipeline.yaml': COPY, 'data/in.txt': 'one' });
  const started = project.start('--watch', 'b');
  if (started.child.stdout === null) throw new Error('no output');
  const lines = createInterface(started.child.stdout);
  const text: string[] = [];
  for await (const line of lines) {
    text.push(line);
    if (line.startsWith('watching ')) project.save('data/in.txt', 'two');
    if (line.startsWith('data/in.txt changed')) break;
  }
  started.kill('SIGINT');
  t.is((await started.ended).code, 130);
  t.regex(text.at(-1) ?? '', /^data\/in\.txt changed: ran a, b; [\d.]+s after the save$|: ran a; restored b; /);
});
