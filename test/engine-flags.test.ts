import test from 'ava';
import { LIST, RULES } from './engine-rules.js';
import { deeds, eventsOf, Project } from './rig.js';

test.serial('--locked stops with 3 before anything runs, and never writes', async (t) => {
  const project = new Project(t, { ...RULES, 'pipeline.yaml': LIST, 'data/a.txt': 'a' });
  t.is((await project.build('--locked')).code, 3);
  await project.builds(t);
  t.is((await project.build('--locked')).code, 0);
  const lock = project.read('pipeline.lock');
  project.remove('out/list.jsonl');
  t.deepEqual(deeds(await project.builds(t, '--locked')), { list: 'restore' });
  project.write('data/b.txt', 'b');
  const different = await project.build('--locked');
  t.is(different.code, 3);
  t.regex(different.stderr, /the key of `list` differs from the lock/);
  t.deepEqual(different.events, []);
  t.is(project.read('pipeline.lock'), lock);
});

test.serial('--locked delivers no result that differs', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  unsteady: { run: 'cp data/now {outputs.made}', allow: [data/now], outputs: { made: out/now.txt } }
`,
    'data/now': 'one',
  });
  await project.builds(t);
  project.write('data/now', 'two');
  project.remove('cache');
  project.remove('out');
  const different = await project.build('--locked');
  t.is(different.code, 3);
  t.is(eventsOf(different, 'target-failed')[0]?.diagnostic.code, 'VB411');
  t.false(project.exists('out/now.txt'));
});

test.serial('--only builds from what is on disk', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  a: { run: 'cp {inputs.in} {outputs.made}', inputs: { in: data/in.txt }, outputs: { made: out/a.txt } }
  b: { run: 'cp {inputs.a} {outputs.made}', inputs: { a: a }, outputs: { made: out/b.txt } }
`,
    'data/in.txt': 'one',
  });
  const needs = await project.build('--only', 'b');
  t.is(needs.code, 2);
  t.regex(needs.stderr, /`b` needs `a`, which is not built/);
  await project.builds(t);
  project.write('data/in.txt', 'two');
  t.deepEqual(deeds(await project.builds(t, '--only', 'b')), { b: 'fresh' });
  t.is(project.read('out/b.txt'), 'one');
});

test.serial('store: false keeps digests, not bytes', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  big: { run: 'echo big > {outputs.made}', store: false, outputs: { made: out/big.txt } }
`,
  });
  await project.builds(t);
  const objects = Object.keys(project.tree([])).filter((path) => path.startsWith('cache/objects/'));
  t.false(objects.some((path) => project.read(path) === 'big\n'));
  t.deepEqual(deeds(await project.builds(t)), { big: 'fresh' });
  project.remove('out/big.txt');
  t.deepEqual(deeds(await project.builds(t)), { big: 'run' });
});

test.serial('-n expects more of many parts than of the one that was made last', async (t) => {
  const names = Array.from({ length: 10 }, (_, i) => [`data/${i}.txt`, `${i}`] as const);
  const project = new Project(t, { ...RULES, 'pipeline.yaml': LIST, ...Object.fromEntries(names) });
  await project.builds(t);
  project.write('data/0.txt', 'another');
  t.deepEqual(deeds(await project.builds(t)), { list: 'run' });
  project.write('data/0.txt', 'yet another');
  const expected = async (...flags: string[]): Promise<number> => {
    const [decision] = (await project.run('-n', '--json', ...flags)).stdout.split('\n');
    return (JSON.parse(decision ?? '') as { expectedSeconds: number }).expectedSeconds;
  };
  t.true((await expected('-B', 'list')) > (await expected('list')));
});
