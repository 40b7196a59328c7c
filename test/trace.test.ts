import test from 'ava';
import { RULES } from './engine-rules.js';
import { Project, Puppets } from './rig.js';
import { checkTrace, type CheckedTrace, type Slice } from './trace-check.js';

const read = (project: Project, path = 'trace.json'): CheckedTrace => checkTrace(project.read(path));
const named = (slices: readonly Slice[], cat: string): Slice[] => slices.filter((slice) => slice.cat === cat);

/** Slices of one lane and depth that are under way at once: there must be none. */
function overlaps(slices: readonly Slice[]): Slice[] {
  return slices.filter((a) =>
    slices.some((b) => a !== b && a.lane === b.lane && a.depth === b.depth && a.start < b.end && b.start < a.start),
  );
}

test('a trace tells targets, parts, slots, waits and phases', async (t) => {
  const project = new Project(t, {
    ...RULES,
    'data/files/one.txt': 'one',
    'data/files/two.txt': 'two',
    'data/files/three.txt': 'three',
    'pipeline.yaml': `version: 1
pools: { api: 1 }
targets:
  list: { rule: text/list, inputs: data/files/, outputs: out/list.jsonl }
  first: { run: 'cat {input} > {output}', inputs: list, outputs: out/first.txt, resources: { api: 1 } }
  second: { run: 'sort {input} > {output}', inputs: list, outputs: out/second.txt, resources: { api: 1 } }
`,
  });
  const { code, stderr } = await project.run('-j2', '--trace', 'trace.json');
  t.is(code, 0, stderr);
  const { slices, waits, moments, counters } = read(project);
  t.deepEqual(overlaps(slices), []);

  const targets = named(slices, 'target');
  t.deepEqual(targets.map(({ name }) => name).sort(), ['first', 'list', 'second']);
  const list = targets.find(({ name }) => name === 'list');
  t.like(list?.args, { state: 'stale', reasons: ['never built'], attempt: 1, outcome: 'built' });
  t.like(list?.args['parts'], { total: 3, made: 3, failed: 0 });
  t.deepEqual(Object.keys(list?.args['digests'] as object), ['out/list.jsonl']);
  t.regex(String(list?.args['key']), /^sha256:[0-9a-f]{64}$/);

  const made = named(slices, 'make');
  t.deepEqual(made.map(({ name }) => name).sort(), ['make: one.txt', 'make: three.txt', 'make: two.txt']);
  t.true(made.every(({ lane, depth }) => /^slot [12]$/.test(lane) && depth === 1));
  t.true(made.every(({ start, end }) => list !== undefined && list.start <= start && end <= list.end));
  for (const phase of ['list', 'join']) t.is(named(slices, phase).length, 1, phase);
  t.is(named(slices, 'run').length, 2);
  for (const phase of ['install', 'record']) t.is(named(slices, phase).length, 3, phase);
  for (const phase of ['start', 'read the pipeline', 'open the store', 'write the lock', 'take the snapshot'])
    t.is(named(slices, phase).length, 1, phase);
  t.true(named(slices, 'digest').some(({ name }) => name === 'digest: 3 files from data/files/one.txt on'));

  // Both want the one of the pool.
  t.true(waits.some(({ name, args }) => name === 'wait for a slot' && args['pool api'] === 1));
  const [a, b] = named(slices, 'run');
  t.true(a !== undefined && b !== undefined && (a.end <= b.start || b.end <= a.start));
  t.is(Math.max(...(counters['running'] ?? [])), 2);
  t.is(counters['running']?.at(-1), 0);
  t.is(counters['waiting']?.at(-1), 0);
  t.true(moments.includes('build built'));

  // The next one replaces it, and tells what it found.
  t.is((await project.run('--trace', 'trace.json')).code, 0);
  t.deepEqual(
    read(project)
      .moments.filter((name) => name.startsWith('fresh'))
      .sort(),
    ['fresh: first', 'fresh: list', 'fresh: second'],
  );
});

test('a trace of a build that fails: attempts, and what was not built', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  bad: { run: 'exit 3', outputs: out/bad.txt, retries: 1 }
  next: { run: 'cat {input} > {output}', inputs: bad, outputs: out/next.txt }
`,
  });
  t.is((await project.run('--trace', 'trace.json')).code, 1);
  const { slices, moments } = read(project);
  const attempts = named(slices, 'target');
  t.deepEqual(
    attempts.map(({ args }) => [args['attempt'], args['outcome']]),
    [
      [1, 'failed, tries again'],
      [2, 'failed'],
    ],
  );
  t.true(moments.includes('not built: next'));

  // And of one that never begins.
  project.write('pipeline.yaml', 'version: 1\ntargets: { bad: { rum: x } }\n');
  t.is((await project.run('--trace', 'trace.json')).code, 2);
  t.deepEqual(
    read(project).slices.map(({ name }) => name),
    ['start', 'read the pipeline'],
  );
});

test('a trace of a build that is interrupted is whole', async (t) => {
  const project = new Project(t, {});
  const puppets = await Puppets.open(t, project);
  const command = puppets.command('held').replaceAll("'", "''");
  project.write('pipeline.yaml', `version: 1\ntargets:\n  held: { run: '${command} > {output}', outputs: out.txt }\n`);
  const building = project.start('--trace', 'trace.json');
  await puppets.asked('held');
  building.kill('SIGINT');
  t.is((await building.ended).code, 130);
  const { slices } = read(project);
  t.is(named(slices, 'run').length, 1);
  t.like(named(slices, 'target')[0]?.args, { outcome: 'cut short' });
});

test('a trace replaces nothing but a trace', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': "version: 1\ntargets: { a: { run: 'echo > {output}', outputs: a } }\n",
  });
  const before = project.tree();
  const over = await project.run('--trace', 'pipeline.yaml');
  t.is(over.code, 2);
  t.regex(over.stderr, /^VB609: /);
  const nowhere = await project.run('--trace', 'missing/trace.json');
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /^VB610: /);
  t.is((await project.run('-n', '--trace', 'trace.json')).code, 2);
  t.deepEqual(project.tree(), before);
});
