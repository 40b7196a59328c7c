/** Builds of which little has changed: they go straight to what that concerns, and leave what the whole way leaves. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { release } from 'node:os';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { Project } from './rig.js';

const FILES = {
  'pipeline.yaml': `version: 1
targets:
  one: { run: "tr a-z A-Z < {input} > {output}", inputs: src/one.txt, outputs: out/one.txt }
  two: { run: "tr a-z A-Z < {input} > {output}", inputs: src/two.txt, outputs: out/two.txt }
  joined: { run: "cat {input} > {output}", inputs: [one, two], outputs: out/joined.txt }
  first: { run: "head -c 3 {input} > {output}", inputs: joined, outputs: out/first.txt }
  list: { run: "ls {input} > {output}", inputs: folder/, outputs: out/list.txt }
  globbed: { run: "cat {input} > {output}", inputs: ["folder/*.txt"], outputs: out/globbed.txt }
  copies: { run: "cp -R {input}/. {output}", inputs: folder/, outputs: out/copies/ }
  apart: { run: "echo apart > {output}", outputs: out/apart.txt }
  fails: { run: "! grep -q fail {input} && cp {input} {output}", inputs: src/two.txt, outputs: out/fails.txt }
`,
  'src/one.txt': 'one\n',
  'src/two.txt': 'two\n',
  'folder/a.txt': 'a\n',
  'folder/sub/b.txt': 'b\n',
  // Says what was loaded.
  'probe.cjs': `const fs = require('fs');
  const { readFileSync } = fs;
  let whole = false;
  fs.readFileSync = (...args) => {
    whole ||= String(args[0]).endsWith('main.cjs');
    return readFileSync(...args);
  };
  process.on('exit', () => {
    fs.writeSync(2, whole ? 'the whole way\\n' : 'the short way\\n');
  });\n`,
};

function project(t: ExecutionContext): Project {
  const made = new Project(t, FILES);
  made.environment['NODE_OPTIONS'] = `--require ${made.path('probe.cjs')}`;
  // On a busy machine the tick may be measured as seconds; then nothing this young is trusted, and all is read whole.
  made.write('cache/clock-tick', `10000000 ${statSync(made.root, { bigint: true }).dev} ${release()}\n`);
  return made;
}

type Edit = (project: Project) => void;

const EDITS: Readonly<Record<string, Edit>> = {
  'a source': (p) => p.write('src/one.txt', 'uno\n'),
  'a source that changes nothing further on': (p) => p.write('src/two.txt', 'TWO\n'),
  'a source that is touched': (p) => utimesSync(p.path('src/one.txt'), 1, 1),
  'a file in a folder': (p) => p.write('folder/a.txt', 'aa\n'),
  'a new file in a folder': (p) => p.write('folder/sub/c.txt', 'c\n'),
  'a new folder': (p) => p.write('folder/more/d.txt', 'd\n'),
  'a new match of a glob': (p) => p.write('folder/e.txt', 'e\n'),
  'an output edited by hand': (p) => p.write('out/joined.txt', 'mine\n'),
  'a file put into an output folder': (p) => p.write('out/copies/stranger.txt', 'mine\n'),
};

test('nothing is written through a folder of outputs that has become a link out of the project', async (t) => {
  const made = project(t);
  t.is((await made.run()).code, 0);
  const away = `${made.root}-away`;
  t.teardown(() => rmSync(away, { recursive: true, force: true }));
  renameSync(made.path('out'), away);
  symlinkSync(away, made.path('out'));
  made.write('src/one.txt', 'uno\n');
  const { code, stderr } = await made.run();
  t.is(code, 2, stderr);
  t.regex(stderr, /VB173/);
  t.is(readFileSync(`${away}/one.txt`, 'utf8'), 'ONE\n');
});

for (const [what, edit] of Object.entries(EDITS)) {
  test(`the short way builds ${what}`, async (t) => {
    const [short, long] = [project(t), project(t)];
    for (const each of [short, long]) t.is((await each.run()).code, 0);
    for (const each of [short, long]) edit(each);
    const built = await short.run();
    t.is(built.code, 0, built.stdout + built.stderr);
    t.regex(built.stderr, /the short way/);
    t.regex((await long.run('-v')).stderr, /the whole way/);
    t.deepEqual(short.tree(), long.tree());
    const again = await short.run();
    t.is(again.stdout, 'everything is fresh (9 targets)\n');
    const whole = await short.run('-n');
    t.notRegex(whole.stdout, /builds|restores/, 'the whole way agrees');
  });
}

test('the log of a database concerns all that read it, also through a link', async (t) => {
  const p = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  named: { run: "echo > {output} # {input}", inputs: data/a.db, outputs: out/named.txt }
  linked: { run: "echo linked > {output} # {input}", inputs: link.db, outputs: out/linked.txt }
`,
    'data/readme.txt': '',
  });
  p.write('cache/clock-tick', `10000000 ${statSync(p.root, { bigint: true }).dev} ${release()}\n`);
  symlinkSync('data/a.db', p.path('link.db'));
  const writer = new Database(p.path('data/a.db'));
  t.teardown(() => writer.close());
  writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x)');
  t.is((await p.run()).code, 0);
  writer.exec('INSERT INTO t VALUES (1)');
  const { stdout } = await p.run();
  t.regex(stdout, /^named +builds: input changed/m);
  t.regex(stdout, /^linked +builds: input changed/m);
});

test('what is read whole: a source that is gone, another pipeline file, other words', async (t) => {
  const p = project(t);
  t.is((await p.run()).code, 0);
  p.remove('src/one.txt');
  const gone = await p.run();
  t.is(gone.code, 1);
  t.regex(gone.stderr, /pipeline\.yaml:3/);
  p.write('src/one.txt', 'one\n');
  t.is((await p.run()).code, 0);
  p.write('pipeline.yaml', p.read('pipeline.yaml').replace('echo apart', 'echo further'));
  const edited = await p.run();
  t.regex(edited.stderr, /the whole way/);
  t.is(p.read('out/apart.txt'), 'further\n');
  p.write('src/one.txt', 'uno\n');
  t.regex((await p.run('first')).stderr, /the whole way/);
});

test('a lock that another build has written since is no matter; another one is brought up to date', async (t) => {
  const [short, long] = [project(t), project(t)];
  const both = async (...words: string[]): Promise<string> => {
    t.is((await long.run('-v', ...words)).code, 0);
    const built = await short.run(...words);
    t.is(built.code, 0, built.stdout + built.stderr);
    t.deepEqual(short.tree(), long.tree(), words.join(' '));
    return built.stdout + built.stderr;
  };
  await both('first', 'globbed');
  await both();
  for (const each of [short, long]) each.write('src/one.txt', 'uno\n');
  await both('joined');
  t.regex(await both('first', 'globbed'), /the short way/);
  // Nothing that is asked for has changed.
  for (const each of [short, long]) each.write('src/two.txt', 'zwei\n');
  await both('fails');
  const [before] = /^targets:\n {2}\w+:\n/m.exec(short.read('pipeline.lock')) ?? [];
  t.truthy(before);
  await both();
  for (const each of [short, long]) {
    // Of one that is not looked at, of one that is, and of none that there is.
    const lock = each.read('pipeline.lock');
    const other = lock.replace(/(\n {2}globbed:\n(?: {4}.*\n)*? {6}output: sha256:)[0-9a-f]{6}/, '$1000000');
    t.not(other, lock);
    each.write('pipeline.lock', other);
    each.write('src/one.txt', 'one\n');
  }
  t.regex(await both(), /the whole way/);
  for (const each of [short, long]) {
    each.write('pipeline.lock', each.read('pipeline.lock').replace(/\n {2}two:\n/, '\n  zwei:\n'));
    each.write('src/one.txt', 'uno\n');
  }
  t.regex(await both(), /the whole way/);
  for (const each of [short, long]) {
    each.write('pipeline.lock', `<<<<<<< HEAD\n${each.read('pipeline.lock')}`);
    each.write('src/one.txt', 'one\n');
  }
  const refused = await short.run();
  t.is(refused.code, (await long.run('-v')).code);
  t.regex(refused.stderr, /the whole way/);
});

test('a plan that is gone or damaged costs the whole way', async (t) => {
  const p = project(t);
  t.is((await p.run()).code, 0);
  for (const name of Object.keys(p.tree([])).filter((path) => path.startsWith('cache/plan-')))
    p.write(name, 'nonsense');
  p.write('src/one.txt', 'uno\n');
  const built = await p.run();
  t.is(built.code, 0);
  t.regex(built.stderr, /the whole way/);
  t.is(p.read('out/joined.txt'), 'UNO\nTWO\n');
  rmSync(p.path('cache/index.db'));
  p.write('src/one.txt', 'eins\n');
  t.is((await p.run()).code, 0);
  t.is(p.read('out/joined.txt'), 'EINS\nTWO\n');
});

test('a failure is told and tried again; what a run came to is recorded whole', async (t) => {
  const p = project(t);
  t.is((await p.run()).code, 0);
  p.write('src/two.txt', 'fail\n');
  const failed = await p.run('-k');
  t.is(failed.code, 1);
  t.regex(failed.stderr, /fails +failed/);
  t.regex(failed.stderr, /the short way/);
  t.is(p.read('out/joined.txt'), 'ONE\nFAIL\n', 'what does not need it is built');
  p.write('src/two.txt', 'fine\n');
  const repaired = await p.run();
  t.is(repaired.code, 0, repaired.stdout);
  t.regex(repaired.stderr, /the short way/);
  t.regex(repaired.stdout, /fresh/);
  await p.run('restore', 'last', '--to', p.path('restored'));
  for (const name of Object.keys(p.tree()).filter((path) => path.startsWith('out/')))
    t.is(p.read(`restored/${name}`), p.read(name), name);
});

test('records of a small change stay in the log of the index; whoever comes next finds them there', async (t) => {
  const p = project(t);
  t.is((await p.run()).code, 0);
  const [index, log] = [p.path('cache/index.db'), p.path('cache/index.db-wal')];
  t.false(existsSync(log));
  const before = readFileSync(index);
  p.write('src/one.txt', 'uno\n');
  t.regex((await p.run()).stderr, /the short way/);
  t.deepEqual(readFileSync(index), before);
  t.true(statSync(log).size > 0);
  for (const name of readdirSync(p.path('cache'))) if (name.startsWith('snapshot')) p.remove(`cache/${name}`);
  t.is((await p.run()).stdout, 'everything is fresh (9 targets)\n');
  t.false(existsSync(log), 'who has time brings it into the file');
});

test('edits in any order leave what the whole way leaves', async (t) => {
  const anyEdit = fc.constantFrom(...Object.keys(EDITS));
  await fc.assert(
    fc.asyncProperty(fc.array(anyEdit, { minLength: 1, maxLength: 4 }), async (names) => {
      const [short, long] = [project(t), project(t)];
      for (const each of [short, long]) t.is((await each.run()).code, 0);
      for (const name of names) {
        for (const each of [short, long]) EDITS[name]?.(each);
        t.is((await short.run()).code, 0, name);
        t.is((await long.run('-v')).code, 0, name);
        t.deepEqual(short.tree(), long.tree(), names.join(', '));
      }
    }),
    { numRuns: 4, seed: 7, endOnFailure: true },
  );
});
