import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { deeds, Project } from './rig.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of a folder of the repository as git would give it: without what was built there. */
function copyOf(t: ExecutionContext, folder: string): Project {
  const project = new Project(t, {});
  const listed = spawnSync('git', ['ls-files', '-z', '--', '.'], { cwd: join(ROOT, folder), encoding: 'utf8' });
  const files = listed.status === 0 ? listed.stdout.split('\0').filter((path) => path !== '') : undefined;
  for (const name of files ?? readdirSync(join(ROOT, folder))) {
    const from = join(ROOT, folder, name);
    if (existsSync(from)) cpSync(from, project.path(name), { recursive: true });
  }
  return project;
}

test('own-rule: a rule of ten lines, found by its path, with nothing installed', async (t) => {
  const project = copyOf(t, 'examples/own-rule');
  await project.builds(t);
  t.is(project.read('shouted.jsonl'), '{"text":"TREE!"}\n{"text":"STONE!"}\n{"text":"DIAMOND!"}\n');
  t.deepEqual(deeds(await project.builds(t)), { shouted: 'fresh' });

  const rule = project.read('rules/text/shout.ts');
  project.write('rules/text/shout.ts', `// loud\n${rule.replace('Shouts every row.', 'Shouts.')}`);
  t.deepEqual(deeds(await project.builds(t)), { shouted: 'fresh' }, 'comments and summaries change nothing');
  project.write('rules/text/shout.ts', rule.replace('toUpperCase', 'toLowerCase'));
  t.deepEqual(deeds(await project.builds(t)), { shouted: 'run' });
  t.is(project.read('shouted.jsonl'), '{"text":"tree!"}\n{"text":"stone!"}\n{"text":"diamond!"}\n');
});

test('python-script: an existing script joins, and editing it makes its card stale', async (t) => {
  const project = copyOf(t, 'examples/python-script');
  if (spawnSync('python3', ['--version']).status !== 0) {
    const { code, stderr } = await project.run();
    t.not(code, 0);
    t.regex(stderr, /python3/, 'without python3 the message names it');
    return;
  }
  await project.builds(t);
  t.is(
    project.read('CARD.md'),
    '# Dataset card\n\n2 rows\n\n- assistant: 2 messages\n- system: 1 messages\n- user: 2 messages\n',
  );
  project.write('scripts/card.py', project.read('scripts/card.py').replace('# Dataset card', '# Card'));
  t.deepEqual(deeds(await project.builds(t)), { card: 'run' });
  t.true(project.read('CARD.md').startsWith('# Card\n'));
});

test('the reference workflow: from play to job, one episode more is one part more, two folders give one lock', async (t) => {
  const pipeline = readFileSync(join(ROOT, 'pipeline.yaml'), 'utf8').replace('seeds: 0..9', 'seeds: 0..2');
  const files = {
    'pipeline.yaml': pipeline,
    'examples/vlm/configs/crafter_vlm_gpt4o.toml': readFileSync(
      join(ROOT, 'examples/vlm/configs/crafter_vlm_gpt4o.toml'),
      'utf8',
    ),
  };
  const project = new Project(t, files);
  const first = await project.builds(t);
  t.deepEqual(deeds(first), { frames: 'run', traces: 'run', full: 'run', dataset: 'run', split: 'run', job: 'run' });
  const rows = project.read('examples/vlm/output/crafter_vlm_dataset.jsonl').trimEnd().split('\n');
  t.true(rows.length > 20);
  for (const row of rows) t.true(row.includes('"user_has_image": true'));
  const job = JSON.parse(project.read('examples/vlm/output/job.json')) as { files: { rows: number }[] };
  t.is(
    job.files.reduce((sum, file) => sum + file.rows, 0),
    rows.length,
    'the job counts every row of the split',
  );
  t.regex(project.read('examples/vlm/output/image_only_messages.jsonl'), /^\{"step": 0, "action_id": 2, "message": /);

  const again = await project.run();
  t.is(again.stdout, 'everything is fresh (6 targets)\n');

  const { stdout: planned } = await project.run('-n', '--set', 'vars.seeds=0..3', 'dataset');
  t.regex(planned, /^run +traces .*4 parts: 3 fresh, 1 new {2}param changed \(seeds "0\.\.2" → "0\.\.3"\)$/m);
  const more = await project.builds(t, '--set', 'vars.seeds=0..3', 'dataset');
  const made = more.events.flatMap((event) =>
    event.type === 'target-finished' ? [[event.target, event.parts?.made]] : [],
  );
  t.deepEqual(made.slice(0, 2), [
    ['traces', 1],
    ['full', 1],
  ]);
  t.true(
    project.read('examples/vlm/output/crafter_vlm_dataset.jsonl').startsWith(`${rows.join('\n')}\n`),
    'earlier rows stay',
  );

  const back = await project.builds(t);
  t.true(
    Object.values(deeds(back)).every((deed) => deed === 'restore' || deed === 'fresh'),
    'a param switched back restores',
  );

  const twin = new Project(t, files);
  await twin.builds(t, '-j1');
  t.is(twin.read('pipeline.lock'), project.read('pipeline.lock'));
  t.deepEqual(twin.tree(), project.tree());

  // The episodes that the shipped pipeline plays, a row each, by the names that rollouts give them.
  const [, name = ''] = /"session_id": "([^"]*)0000"/.exec(rows[0] ?? '') ?? [];
  const ten = Array.from({ length: 10 }, (_, seed) => `{"metadata": {"session_id": "${name}000${seed}"}}\n`);
  twin.write('ten.jsonl', ten.join(''));
  twin.write('pipeline.yaml', pipeline.replace('{ rows: dataset }', '{ rows: ten.jsonl }'));
  await twin.builds(t, 'split');
  for (const side of ['train', 'validation'])
    t.not(twin.read(`examples/vlm/output/${side}.jsonl`), '', `the split of ten episodes has none for ${side}`);
});
