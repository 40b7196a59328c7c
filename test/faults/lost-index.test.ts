import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import test from 'ava';
import Database from 'better-sqlite3';
import { Index } from '../../src/store/index-db.js';
import { cacheLayout } from '../../src/store/layout.js';
import { deeds, eventsOf, Project, Puppets, withEvents, type Built, type Files } from '../rig.js';

const TARGETS = ['first', 'second', 'third'];

const FILES: Files = {
  'pipeline.yaml': `version: 1
targets:
${TARGETS.map((name) => `  ${name}: { run: 'cat {input} > {output}', inputs: ./${name}.txt, outputs: out/${name}.txt }`).join('\n')}
`,
  ...Object.fromEntries(TARGETS.map((name) => [`${name}.txt`, name])),
};

/**
 * Damages a table of the index: `output_paths`, where a build of fresh targets does not look, or one of those that it
 * reads.
 */
function damageTable(project: Project, table = 'output_paths'): void {
  const path = project.path('cache/index.db');
  const database = new Database(path);
  const page = database.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').pluck().get(table);
  database.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4096), 0, 4096, 4096 * (Number(page) - 1));
  closeSync(file);
}

/** Which targets the index knows a result of, and where it is. */
function recorded(project: Project): string[] {
  const index = Index.open(cacheLayout(project.root));
  try {
    return TARGETS.filter(
      (name) => index.lastSuccess(name) !== undefined && index.outputPath(`out/${name}.txt`) !== undefined,
    );
  } finally {
    index.close();
  }
}

function told(built: Built): string[] {
  return eventsOf(built, 'warning').map(({ diagnostic }) => diagnostic.code);
}

for (const table of ['output_paths', 'last_success', 'actions']) {
  test(`an index whose ${table} are lost has in the end what the build found, and that is told`, async (t) => {
    const project = new Project(t, FILES);
    await project.builds(t);
    t.deepEqual(recorded(project), TARGETS);
    damageTable(project, table);
    project.write('third.txt', 'changed');
    const built = await project.builds(t);
    t.deepEqual(deeds(built), { first: 'fresh', second: 'fresh', third: 'run' });
    t.deepEqual(told(built), ['VB419']);
    t.deepEqual(recorded(project), TARGETS);
    // The run is not lost either.
    t.regex((await project.run('runs')).stdout, /built/);
    const times = project.times();
    t.regex((await project.run()).stdout, /^everything is fresh/);
    t.deepEqual(project.times(), times);
  });
}

test('what was made before the index was lost is recorded again, and the next build writes nothing', async (t) => {
  const project = new Project(t, { 'first.txt': 'one', 'second.txt': 'two', 'third.txt': 'three' });
  const puppets = await Puppets.open(t, project);
  const held = `${puppets.command('third')} > /dev/null; cat {input} > {output}`;
  project.write(
    'pipeline.yaml',
    (FILES['pipeline.yaml'] ?? '').replace(
      /third: \{ run: '[^']*'/,
      `third: { after: [first, second], run: ${JSON.stringify(held)}`,
    ),
  );
  const first = project.start('--json');
  (await puppets.asked('third')).answer();
  t.is((await first.ended).code, 0);
  for (const name of ['first', 'third']) project.write(`${name}.txt`, 'changed');
  const second = project.start('--json');
  const asking = await puppets.asked('third');
  for (const suffix of ['', '-wal', '-shm']) rmSync(project.path(`cache/index.db${suffix}`), { force: true });
  asking.answer();
  const built = withEvents(await second.ended);
  t.is(built.code, 0, built.stdout);
  t.deepEqual(deeds(built), { first: 'run', second: 'fresh', third: 'run' });
  t.deepEqual(recorded(project), TARGETS);
  const times = project.times();
  t.regex((await project.run()).stdout, /^everything is fresh/);
  t.deepEqual(project.times(), times);
});

test('where only what changed is looked at, the next build records the rest', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  damageTable(project);
  project.write('third.txt', 'changed');
  // Without options: of those the short cut knows nothing.
  const { code, stdout, stderr } = await project.run();
  t.is(code, 0, stderr);
  t.regex(stderr, /the index was damaged/);
  t.regex(stdout, /done in .*: 1 ran, 2 fresh/);
  t.deepEqual(recorded(project), ['third']);
  t.regex((await project.run()).stdout, /^everything is fresh/);
  t.deepEqual(recorded(project), TARGETS);
});

test('an index that is gone is filled again by a build of what changed', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  for (const suffix of ['', '-wal', '-shm'])
    if (project.exists(`cache/index.db${suffix}`)) project.remove(`cache/index.db${suffix}`);
  project.write('third.txt', 'changed');
  t.regex((await project.run()).stdout, /1 ran, 2 fresh/);
  t.deepEqual(recorded(project), TARGETS);
});

test('nothing is collected by an index that knows nothing', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  damageTable(project);
  const refused = await project.run('gc', '--max-size', '0');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /nothing was dropped[^]*the index was damaged/);
  t.is((await project.run('gc', '--max-size', '0')).code, 1);
  // No snapshot says that all is well.
  t.deepEqual(deeds(await project.builds(t)), { first: 'fresh', second: 'fresh', third: 'fresh' });
  t.is((await project.run('gc', '--max-size', '0')).code, 0);
  for (const name of TARGETS) {
    const digest = createHash('sha256').update(name).digest('hex');
    t.true(project.exists(`cache/objects/${digest.slice(0, 2)}/${digest.slice(2)}`), name);
  }
});

test('damage that another command finds is told by it', async (t) => {
  const project = new Project(t, FILES);
  await project.builds(t);
  damageTable(project);
  const found = await project.run('clean', '--left-over', '-n');
  t.regex(found.stderr, /the index was damaged/);
  t.deepEqual(deeds(await project.builds(t)), { first: 'fresh', second: 'fresh', third: 'fresh' });
  t.deepEqual(recorded(project), TARGETS);
});
