import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { BuildOutcome } from '../execute/events.js';
import { tempProject, type TempProject } from '../rule/temp-project.js';
import { UnknownWords, WatchedProject, type Begun } from './project.js';

const PIPELINE = `version: 1
targets:
  a: { run: 'cat {input} > {output}', inputs: data/a.txt, outputs: out/a.txt }
  b: { run: 'cat {input} > {output}', inputs: a, outputs: out/b.txt }
  c: { run: 'cat {input} > {output}', inputs: data/c.txt, outputs: out/c.txt }
  tree: { run: 'ls {inputs.tree} > {outputs.names}', inputs: { tree: tree/ }, outputs: { names: out/names.txt } }
`;

interface Rig extends TempProject {
  readonly watched: WatchedProject;
  /** Writes files, of which undefined removes, and tells of them as whoever watches does. */
  readonly edit: (files: Readonly<Record<string, string | undefined>>) => void;
  readonly doubt: (...paths: readonly string[]) => void;
  /** As a watch does it; gives the outcome, which targets ran, and the project as it was found. */
  readonly build: (whole?: boolean) => Promise<{ outcome: BuildOutcome; ran: string[]; begun: Begun }>;
  /** Names of the targets that are known to be fresh. */
  readonly settled: () => string[];
}

function rig(t: ExecutionContext, targets: readonly string[] = []): Rig {
  const project = tempProject(t, {
    'pipeline.yaml': PIPELINE,
    'data/a.txt': 'a',
    'data/c.txt': 'c',
    'tree/x.txt': 'x',
  });
  const watched = new WatchedProject({
    file: join(project.root, 'pipeline.yaml'),
    environment: process.env,
    targets,
    jobs: 1,
    keepGoing: true,
  });
  t.teardown(() => watched.close());
  const doubt = (...paths: readonly string[]): void => {
    for (const path of paths) watched.doubt(join(project.root, path));
  };
  return {
    ...project,
    watched,
    doubt,
    edit: (files) => {
      project.write(files);
      doubt(...Object.keys(files));
    },
    build: async (whole = false) => {
      const begun = await watched.begin();
      const ran = new Set<string>();
      const { signal } = new AbortController();
      const fit = begun.needed.filter((name) => !begun.unfit.has(name));
      const { outcome } = await watched.build(begun.session, { targets: fit, whole, signal }, (event) => {
        if (event.type === 'target-started') ran.add(event.target);
      });
      return { outcome, ran: [...ran].sort(), begun };
    },
    settled: () => [...watched.settled.keys()].sort(),
  };
}

const ALL = ['a', 'b', 'c', 'tree'];

test('it is opened once; what was built is known to be fresh until somebody tells of a change', async (t) => {
  const { build, edit, settled, watched } = rig(t);
  const first = await build();
  t.like(first, { outcome: 'built', ran: ALL });
  t.true(first.begun.opened);
  t.deepEqual(first.begun.needed.toSorted(), ALL);
  t.deepEqual(settled(), ALL);

  edit({ 'data/a.txt': 'other' });
  const { session, opened } = await watched.begin();
  t.false(opened);
  t.deepEqual(settled(), ['c', 'tree'], 'and what needs it is not');
  const { signal } = new AbortController();
  t.is((await watched.build(session, { whole: false, signal }, () => undefined)).outcome, 'built');
  t.deepEqual(settled(), ALL);
});

test('what nobody told of is not looked at, until all is doubted', async (t) => {
  const { build, doubt, watched, ...project } = rig(t);
  await build();
  project.write({ 'tree/x.txt': 'other', 'tree/y.txt': 'more' });
  t.deepEqual((await build()).ran, []);
  doubt('tree/y.txt');
  t.deepEqual((await build()).ran, ['tree']);
  project.write({ 'data/c.txt': 'other' });
  t.deepEqual((await build()).ran, []);
  watched.doubtAll();
  const { ran, begun } = await build();
  t.true(begun.opened);
  t.deepEqual(ran, ['c']);
});

test('a pipeline that is wrong leaves what was right; put right, it is opened', async (t) => {
  const { build, edit } = rig(t);
  await build();
  edit({ 'pipeline.yaml': 'targets: [', 'data/c.txt': 'other' });
  const wrong = await build();
  t.false(wrong.begun.opened);
  t.is(wrong.begun.problems.length, 1);
  t.deepEqual(wrong.ran, ['c']);
  edit({ 'pipeline.yaml': `${PIPELINE}  d: { run: 'cat {input} > {output}', inputs: c, outputs: out/d.txt }\n` });
  const right = await build();
  t.true(right.begun.opened);
  t.deepEqual([right.begun.problems, right.ran], [[], ['d']]);
});

test('what never was right is an error, and so are words that mean nothing', async (t) => {
  const wrong = rig(t);
  wrong.write({ 'pipeline.yaml': 'targets: [' });
  await t.throwsAsync(wrong.watched.begin());
  await t.throwsAsync(rig(t, ['nothing']).watched.begin(), { instanceOf: UnknownWords });
});

test('where a source is gone its targets do not fit, with all that need them; the others are built', async (t) => {
  const { build, edit, watched } = rig(t);
  await build();
  t.false(watched.misses());
  edit({ 'data/a.txt': undefined, 'data/c.txt': 'other' });
  t.true(watched.misses());
  const { begun, ran } = await build();
  t.deepEqual([...begun.unfit].sort(), ['a', 'b']);
  t.is(begun.problems.length, 1);
  t.deepEqual(ran, ['c']);
  edit({ 'data/a.txt': 'back' });
  t.deepEqual((await build()).ran, ['a', 'b']);
});

test('a source that is not there to begin with holds up its targets alone, until it comes', async (t) => {
  const { build, edit, watched, doubt } = rig(t);
  edit({ 'data/a.txt': undefined });
  const first = await build();
  t.true(first.begun.opened);
  t.deepEqual([...first.begun.unfit].sort(), ['a', 'b']);
  t.is(first.begun.problems.length, 1);
  t.deepEqual(first.ran.toSorted(), ['c', 'tree']);
  edit({ 'data/c.txt': 'other' });
  const second = await build();
  t.deepEqual([...second.begun.unfit].sort(), ['a', 'b']);
  t.deepEqual(second.ran, ['c']);
  edit({ 'data/a.txt': 'here' });
  const last = await build();
  t.deepEqual([last.begun.problems, last.ran], [[], ['a', 'b']]);
  doubt('data/a.txt');
  t.false((await watched.begin()).opened);
  // Where all need it, there is nothing to begin with.
  const none = rig(t, ['b']);
  none.edit({ 'data/a.txt': undefined });
  await t.throwsAsync(none.watched.begin(), { instanceOf: UserFacingError });
});

test('a glob that finds what cannot be an input holds up its own target alone', async (t) => {
  const project = rig(t);
  project.write({
    'pipeline.yaml': `${PIPELINE}  g: { run: 'cat {inputs.all} > {outputs.o}', inputs: { all: 'glob/*' }, outputs: { o: out/g.txt } }\n`,
    'glob/a.txt': 'a',
  });
  await project.build();
  project.edit({ 'data/a.txt': 'b', 'glob/A.txt': 'A' });
  const { ran, begun } = await project.build();
  t.deepEqual(ran, ['a', 'b']);
  t.deepEqual([...begun.unfit], ['g']);
  t.is(begun.problems.length, 1);
  project.edit({ 'glob/A.txt': undefined });
  t.deepEqual((await project.build()).begun.problems, []);
});

test('a circle of links in the place of a source is as if that were gone', async (t) => {
  const project = rig(t);
  await project.build();
  for (const name of ['tree', 'data/c.txt']) {
    rmSync(join(project.root, name), { recursive: true });
    symlinkSync(basename(name), join(project.root, name));
  }
  project.doubt('tree', 'data/c.txt');
  project.edit({ 'data/a.txt': 'b' });
  const { ran, begun } = await project.build();
  t.deepEqual(ran, ['a', 'b']);
  t.deepEqual([...begun.unfit].toSorted(), ['c', 'tree']);
});

test('keys of steps under way are those of what is there now', async (t) => {
  const { build, edit, watched } = rig(t);
  await build();
  const keyOf = async (name: string): Promise<unknown> => {
    const decision = (await watched.keys()).get(name);
    return decision?.state === 'waiting' ? 'waiting' : decision?.key;
  };
  const [a, c] = [await keyOf('a'), await keyOf('c')];
  edit({ 'data/a.txt': 'other' });
  t.not(await keyOf('a'), a);
  t.is(await keyOf('b'), 'waiting');
  t.is(await keyOf('c'), c);
  t.deepEqual((await build()).ran, ['a', 'b'], 'asking has not settled anything');
});

test('another cache in the place of the one that is open is opened', async (t) => {
  const { build, root } = rig(t);
  await build();
  rmSync(join(root, 'cache'), { recursive: true });
  const { begun, outcome } = await build(true);
  t.true(begun.opened);
  t.is(outcome, 'fresh');
});

test('what there is can be learned without building, and what is learned is settled', async (t) => {
  const { build, root, settled } = rig(t);
  await build();
  const other = new WatchedProject({
    file: join(root, 'pipeline.yaml'),
    environment: process.env,
    targets: ['b'],
    jobs: 1,
    keepGoing: false,
  });
  t.teardown(() => other.close());
  await other.learn();
  await other.rest();
  t.deepEqual([...other.settled.keys()].sort(), ['a', 'b']);
  t.deepEqual(settled(), ALL);
});

test('a rule whose package has another version runs with that one, in whatever host ran it before', async (t) => {
  const project = rig(t);
  const { build, edit, root } = project;
  const greet = (version: string): Record<string, string> => ({
    'node_modules/greet/index.js': `exports.greeting = 'greet ${version}';`,
    'node_modules/greet/package.json': JSON.stringify({ name: 'greet', version }),
  });
  project.write({
    ...greet('1.0.0'),
    'rules/my/greet.ts': `import { greeting } from 'greet';
import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Greets.',
  params: z.strictObject({}),
  inputs: {},
  outputs: { out: file() },
  run: ({ outputs }) => outputs.out.write(greeting),
});
`,
    'pipeline.yaml': 'version: 1\ntargets:\n  hello: { rule: my/greet, outputs: hello.txt }\n',
  });
  const greeting = (): string => readFileSync(join(root, 'hello.txt'), 'utf8');
  await build();
  t.is(greeting(), 'greet 1.0.0');
  edit(greet('2.0.0'));
  t.deepEqual((await build()).ran, ['hello']);
  t.is(greeting(), 'greet 2.0.0');
});
