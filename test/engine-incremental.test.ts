import { readdirSync, utimesSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { RULES } from './engine-rules.js';
import { deeds, eventsOf, Project, type Files } from './rig.js';

const rows = (...names: string[]): string => names.map((name) => `${JSON.stringify({ name })}\n`).join('');

const PIPELINE = `version: 1
vars: { mark: '' }
targets:
  upper:
    rule: text/upper
    inputs: { rows: data/rows.jsonl }
    params: { mark: '\${vars.mark}' }
    outputs: out/upper.jsonl
  list:
    rule: text/list
    inputs: { files: data/files/ }
    outputs: out/list.jsonl
  count:
    run: printf '%d rows\\n' "$(wc -l < {inputs.rows})" > {outputs.count}
    inputs: { rows: upper }
    outputs: { count: out/count.txt }
  explode:
    rule: text/explode
    inputs: { rows: upper }
    outputs: { files: out/rows/, index: out/rows.txt }
  card:
    run: cat {inputs.count} {inputs.list} > {outputs.card}
    inputs: { count: count, list: list }
    outputs: { card: out/card.txt }
`;

const FILES: Files = {
  ...RULES,
  'pipeline.yaml': PIPELINE,
  'data/rows.jsonl': rows('a', 'b', 'c'),
  'data/files/one.txt': 'one',
  'data/files/two.txt': 'two',
};

const ALL = ['upper', 'list', 'count', 'explode', 'card'];
const every = (deed: string): Record<string, string> => Object.fromEntries(ALL.map((name) => [name, deed]));

test.serial('a build from nothing makes everything; a second one runs nothing and writes nothing', async (t) => {
  const project = new Project(t, FILES);
  const first = await project.builds(t);
  t.deepEqual(deeds(first), every('run'));
  t.is(project.read('out/count.txt'), '3 rows\n');
  t.is(project.read('out/upper.jsonl'), rows('a', 'b', 'c').toUpperCase());
  t.is(project.read('out/card.txt'), `3 rows\n${project.read('out/list.jsonl')}`);
  t.deepEqual(readdirSync(project.path('out/rows')), ['row-0.txt', 'row-1.txt', 'row-2.txt']);
  t.true(project.exists('pipeline.lock'));
  t.is(first.events.at(-1)?.type, 'build-finished');

  const times = project.times();
  const second = await project.run();
  t.is(second.code, 0);
  t.is(second.stdout, 'everything is fresh (5 targets)\n');
  t.deepEqual(project.times(), times);

  // And once more without the snapshot's short cut.
  const third = await project.builds(t);
  t.deepEqual(deeds(third), every('fresh'));
  t.deepEqual(project.times(), times);
});

test.serial('a param switched there and back restores; nothing runs twice', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  const before = project.tree(['cache', 'pipeline.yaml']);
  project.write('pipeline.yaml', PIPELINE.replace("mark: ''", "mark: '!'"));
  const there = await project.builds(t);
  // The count comes out the same, so the card is not made again.
  t.deepEqual(deeds(there), { upper: 'run', list: 'fresh', count: 'run', explode: 'run', card: 'fresh' });
  const [count] = eventsOf(there, 'target-finished').filter(({ target }) => target === 'count');
  t.true(count?.unchanged);
  project.write('pipeline.yaml', PIPELINE);
  const back = await project.builds(t);
  t.deepEqual(deeds(back), { upper: 'restore', list: 'fresh', count: 'fresh', explode: 'restore', card: 'fresh' });
  t.deepEqual(project.tree(['cache', 'pipeline.yaml']), before);
});

test.serial('parts added, changed and removed: only what is new is made', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t, 'list');
  const parts = async (): Promise<unknown> => {
    const built = await project.builds(t, 'list');
    return eventsOf(built, 'target-finished')[0]?.parts;
  };
  project.write('data/files/three.txt', 'three');
  t.deepEqual(await parts(), { total: 3, made: 1, failed: 0 });
  project.write('data/files/one.txt', 'ONE');
  t.deepEqual(await parts(), { total: 3, made: 1, failed: 0 });
  project.remove('data/files/two.txt');
  t.deepEqual(await parts(), { total: 2, made: 0, failed: 0 });
  t.is(project.read('out/list.jsonl'), '{"name":"one.txt","text":"ONE"}\n{"name":"three.txt","text":"three"}\n');
  project.write('data/files/one.txt', 'one');
  project.write('data/files/two.txt', 'two');
  project.remove('data/files/three.txt');
  t.is(await parts(), undefined, 'the very first list is restored');
});

test.serial('deleted outputs are restored; edited ones are kept aside and repaired', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  const before = project.tree();
  project.remove('out/upper.jsonl');
  project.remove('out/rows/row-1.txt');
  project.write('out/count.txt', 'edited by hand\n');
  project.write('out/rows/row-0.txt', 'edited too');
  project.write('out/rows/foreign.txt', 'mine');
  const repaired = await project.builds(t);
  t.deepEqual(deeds(repaired), { ...every('fresh'), upper: 'restore', count: 'restore', explode: 'restore' });
  t.deepEqual(project.tree(), before);
  const kept = new Map(eventsOf(repaired, 'kept-aside').map(({ path, to }) => [path, project.read(to)]));
  t.deepEqual(Object.fromEntries(kept), {
    'out/count.txt': 'edited by hand\n',
    'out/rows/row-0.txt': 'edited too',
    'out/rows/foreign.txt': 'mine',
  });
});

test.serial('a touched input is read, and nothing runs', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  utimesSync(project.path('data/rows.jsonl'), new Date(), new Date());
  t.deepEqual(deeds(await project.builds(t)), every('fresh'));
  t.is((await project.run()).stdout, 'everything is fresh (5 targets)\n');
});

test.serial(
  'files of the future are trusted like others: nothing is written, and an edit of one is built',
  async (t) => {
    const project = new Project(t, FILES);
    await project.builds(t);
    const ahead = new Date(Date.now() + 86_400_000);
    for (const path of Object.keys(project.tree())) utimesSync(project.path(path), ahead, ahead);
    await project.builds(t);
    const times = project.times();
    t.regex((await project.run()).stdout, /^everything is fresh/);
    t.deepEqual(project.times(), times);
    t.deepEqual(deeds(await project.builds(t)), every('fresh'));
    t.deepEqual(project.times(), times, 'not even a record, nor the clock');
    project.write('data/files/one.txt', 'ONE');
    utimesSync(project.path('data/files/one.txt'), ahead, ahead);
    t.is(deeds(await project.builds(t))['list'], 'run');
  },
);

test.serial('without cache/, outputs and lock in place are believed: nothing runs', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  const before = project.tree();
  project.remove('cache');
  t.deepEqual(deeds(await project.builds(t)), every('fresh'));
  t.deepEqual(project.tree(), before);
  // And what was believed may be replaced without being taken for somebody's edit.
  project.write('data/rows.jsonl', rows('x', 'y'));
  const rebuilt = await project.builds(t);
  t.deepEqual(eventsOf(rebuilt, 'kept-aside'), []);
  t.is(project.read('out/count.txt'), '2 rows\n');
});

test.serial('a result that was only believed is kept when it is replaced: switched back, nothing runs', async (t) => {
  const project = new Project(t, {
    'rules/my/all.ts': `import { defineRule, directory, file, sqlite } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'An output of each kind.',
  params: z.strictObject({ n: z.int() }),
  outputs: { text: file(), folder: directory(), database: sqlite() },
  async run({ params, outputs }) {
    outputs.text.write('n ' + params.n);
    outputs.folder.add('n/' + params.n, 'n ' + params.n);
    outputs.database.open().exec('create table t as select ' + params.n + ' as n');
  },
});
`,
    'pipeline.yaml': `version: 1
vars: { n: 1 }
targets:
  all:
    rule: my/all
    params: { n: '\${vars.n}' }
    outputs: { text: out/text, folder: out/folder/, database: out/data.db }
  own:
    run: 'mkdir -p out; echo {vars.n} > out/own'
    outputs: { made: out/own }
`,
  });
  const pipeline = project.read('pipeline.yaml');
  await project.builds(t);
  const before = project.tree();
  project.remove('cache');
  t.deepEqual(deeds(await project.builds(t)), { all: 'fresh', own: 'fresh' });
  project.write('pipeline.yaml', pipeline.replace('{ n: 1 }', '{ n: 2 }'));
  t.deepEqual(deeds(await project.builds(t)), { all: 'run', own: 'run' });
  project.write('pipeline.yaml', pipeline);
  t.deepEqual(deeds(await project.builds(t)), { all: 'restore', own: 'restore' });
  t.deepEqual(project.tree(), before);
});

test.serial('two builds in two folders give the same lock and the same bytes', async (t) => {
  const [a, b] = [new Project(t, FILES), new Project(t, FILES)];
  await Promise.all([a.builds(t, '-j', '1'), b.builds(t, '-j', '4')]);
  t.is(a.read('pipeline.lock'), b.read('pipeline.lock'));
  t.deepEqual(a.tree(), b.tree());
  t.false(a.read('pipeline.lock').includes(a.root));
});

test.serial('the lock is missing: it is written from what is known, and nothing runs', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  const lock = project.read('pipeline.lock');
  project.remove('pipeline.lock');
  t.deepEqual(deeds(await project.builds(t)), every('fresh'));
  t.is(project.read('pipeline.lock'), lock);
});

test.serial('a removed output stays, a new one is made', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t, 'count');
  project.write('pipeline.yaml', PIPELINE.replace('out/count.txt', 'out/number.txt'));
  const built = await project.builds(t, 'count');
  t.is(deeds(built)['count'], 'restore');
  t.true(project.exists('out/number.txt'));
  t.true(project.exists('out/count.txt'));
});

test.serial('-B runs what is named, and its parts, again', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  const forced = await project.builds(t, '-B', 'upper');
  t.deepEqual(deeds(forced), { upper: 'run' });
  t.deepEqual(eventsOf(forced, 'target-finished')[0]?.parts, { total: 1, made: 1, failed: 0 });
  t.deepEqual(deeds(await project.builds(t)), every('fresh'));
});

test.serial('-B runs targets of one key once, and all have what it gave', async (t) => {
  const target = (output: string): string => `{ run: 'od -N 16 -t x8 /dev/urandom > {output}', outputs: ${output} }`;
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  a: ${target('out/a')}
  b: ${target('out/b')}
  c: ${target('out/c')}
`,
  });
  await project.builds(t);
  const before = project.read('out/a');
  for (const jobs of ['1', '3']) {
    const did = Object.values(deeds(await project.builds(t, '-B', '-j', jobs)));
    t.deepEqual(did.sort(), ['restore', 'restore', 'run']);
    const now = ['a', 'b', 'c'].map((name) => project.read(`out/${name}`));
    t.not(now[0], before);
    t.is(new Set(now).size, 1);
    // Neither index nor lock has another one.
    t.deepEqual(deeds(await project.builds(t)), { a: 'fresh', b: 'fresh', c: 'fresh' });
    project.remove('pipeline.lock');
    t.deepEqual(deeds(await project.builds(t)), { a: 'fresh', b: 'fresh', c: 'fresh' });
  }
});

type Edit =
  | { readonly do: 'rows'; readonly names: readonly string[] }
  | { readonly do: 'file'; readonly name: string; readonly text: string }
  | { readonly do: 'mark'; readonly mark: string }
  | { readonly do: 'spoil'; readonly output: string; readonly how: 'delete' | 'edit' }
  | { readonly do: 'touch' };

const word = fc.constantFrom('a', 'b', 'c', 'ä');
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constant('rows' as const), names: fc.array(word, { maxLength: 4 }) }),
  fc.record({ do: fc.constant('file' as const), name: word, text: fc.constantFrom('', 'one', 'other') }),
  fc.record({ do: fc.constant('mark' as const), mark: fc.constantFrom('', '!', '?') }),
  fc.record({
    do: fc.constant('spoil' as const),
    output: fc.constantFrom('out/upper.jsonl', 'out/count.txt', 'out/rows/row-0.txt', 'out/card.txt', 'out/list.jsonl'),
    how: fc.constantFrom('delete' as const, 'edit' as const),
  }),
  fc.record({ do: fc.constant('touch' as const) }),
);

function apply(project: Project, change: Edit): void {
  switch (change.do) {
    case 'rows':
      project.write('data/rows.jsonl', rows(...change.names));
      break;
    case 'file':
      project.write(`data/files/${change.name}.txt`, change.text);
      break;
    case 'mark':
      project.write('pipeline.yaml', PIPELINE.replace("mark: ''", `mark: '${change.mark}'`));
      break;
    case 'spoil':
      if (!project.exists(change.output)) break;
      if (change.how === 'delete') project.remove(change.output);
      else project.write(change.output, 'spoilt');
      break;
    case 'touch':
      utimesSync(project.path('data/rows.jsonl'), new Date(), new Date());
  }
}

test.serial('whatever was edited in whatever order, a build leaves what a build from nothing leaves', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(edit, { maxLength: 3 }), { minLength: 1, maxLength: 4 }), async (rounds) => {
      const project = new Project(t, FILES);
      for (const round of rounds) {
        for (const change of round) apply(project, change);
        const built = await project.run('-k');
        t.is(built.code, 0, built.stdout + built.stderr);
      }
      const clean = new Project(t, {
        ...FILES,
        'pipeline.yaml': project.read('pipeline.yaml'),
        'data/rows.jsonl': project.read('data/rows.jsonl'),
        ...Object.fromEntries(
          readdirSync(project.path('data/files')).map((name) => [
            `data/files/${name}`,
            project.read(`data/files/${name}`),
          ]),
        ),
      });
      await clean.builds(t);
      t.deepEqual(project.tree(), clean.tree());
    }),
    { numRuns: 5, seed: 20240607, endOnFailure: true },
  );
});
