import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import Database from 'better-sqlite3';
import { LIST, lines, RULES } from './engine-rules.js';
import { deeds, eventsOf, Project, Puppets, withEvents, type Built } from './rig.js';

const partsOf = (built: Built): unknown => eventsOf(built, 'target-finished')[0]?.parts;

/** Resolves when the index on disk has so many parts. */
async function recorded(project: Project, parts: number): Promise<void> {
  const index = new Database(project.path('cache/index.db'), { readonly: true });
  try {
    const count = index.prepare('SELECT count(*) FROM parts').pluck();
    while (Number(count.get()) < parts) await setImmediate();
  } finally {
    index.close();
  }
}

test.serial('a command that fails: exit 1, the outputs stay, `log` tells, the next build goes on', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  a: { run: 'cat {input} > {output}; echo said; . ./data/how', inputs: data/in.txt, allow: [data/how], outputs: out/a.txt }
  b: { run: 'cat {input} > {output}', inputs: a, outputs: out/b.txt }
`
      .replaceAll('{input}', '{inputs.input}')
      .replaceAll('{output}', '{outputs.output}'),
    'data/in.txt': 'one',
    'data/how': 'true',
  });
  await project.builds(t);
  project.write('data/in.txt', 'two');
  project.write('data/how', 'exit 7');
  const failed = await project.build();
  t.is(failed.code, 1);
  t.deepEqual(deeds(failed), { a: 'failed', b: 'skipped' });
  t.is(eventsOf(failed, 'target-failed')[0]?.diagnostic.headline, 'the command ended with exit code 7');
  t.is(project.read('out/a.txt'), 'one');
  t.is(project.read('out/b.txt'), 'one');
  const log = await project.run('log', 'a');
  t.regex(log.stdout, /said/);
  t.regex(log.stdout, /exit code 7/);
  project.write('data/how', 'true');
  const mended = await project.builds(t);
  t.deepEqual(deeds(mended), { a: 'run', b: 'run' });
  t.is(project.read('out/b.txt'), 'two');
});

test.serial('what a command writes to its own path is put back when it fails', async (t) => {
  const pipeline = (text: string): string => `version: 1
targets:
  own: { run: '${text}', outputs: { made: out/own.txt, folder: out/folder/ } }
`;
  const project = new Project(t, {
    'pipeline.yaml': pipeline('mkdir -p out/folder; echo good > out/own.txt; echo x > out/folder/x'),
  });
  await project.builds(t);
  t.is(project.read('out/own.txt'), 'good\n');
  project.write('pipeline.yaml', pipeline('mkdir -p out/folder; echo bad > out/own.txt; exit 1'));
  const failed = await project.build();
  t.is(failed.code, 1);
  t.is(project.read('out/own.txt'), 'good\n');
  t.is(project.read('out/folder/x'), 'x\n');

  // What somebody wrote there survives both a failure and a success.
  project.write('out/own.txt', 'mine');
  t.is((await project.build()).code, 1);
  t.is(project.read('out/own.txt'), 'mine');
  project.write('pipeline.yaml', pipeline('mkdir -p out/folder; echo better > out/own.txt; echo y > out/folder/y'));
  const built = await project.builds(t);
  t.is(project.read('out/own.txt'), 'better\n');
  t.deepEqual(readdirSync(project.path('out/folder')), ['y']);
  const kept = eventsOf(built, 'kept-aside');
  t.deepEqual(
    kept.map(({ path, to }) => [path, project.read(to)]),
    [['out/own.txt', 'mine']],
  );
});

test.serial('failed parts do not stop the others; the next build makes only them', async (t) => {
  const project = new Project(t, {
    ...RULES,
    'pipeline.yaml': LIST,
    'data/a.txt': 'a',
    'data/b.txt': 'bad',
    'data/c.txt': 'c',
  });
  const failed = await project.build();
  t.is(failed.code, 1);
  const [part] = eventsOf(failed, 'part-failed');
  t.is(part?.part, 'b.txt');
  t.is(part?.diagnostic.headline, 'bad text in b.txt');
  t.is(part?.diagnostic.next, 'mend it');
  t.is(eventsOf(failed, 'target-failed')[0]?.diagnostic.headline, '1 of 3 parts failed');
  t.false(project.exists('out/list.jsonl'));
  t.false(project.exists('pipeline.lock'));
  project.write('data/b.txt', 'b');
  t.deepEqual(partsOf(await project.builds(t)), { total: 3, made: 1, failed: 0 });
  t.is(project.read('out/list.jsonl'), lines('a', 'b', 'c'));
});

test.serial('within allow_failures a target is partial, and tried again', async (t) => {
  const project = new Project(t, {
    ...RULES,
    'pipeline.yaml': `${LIST}    allow_failures: 1\n    retries: 2\n`,
    'data/a.txt': 'a',
    'data/b.txt': 'bad',
    'data/c.txt': 'c',
  });
  const first = await project.builds(t);
  t.deepEqual(partsOf(first), { total: 3, made: 2, failed: 1 });
  t.deepEqual(
    eventsOf(first, 'part-failed').map(({ attempt, final }) => [attempt, final]),
    [
      [1, false],
      [2, false],
      [3, true],
    ],
  );
  t.is(project.read('out/list.jsonl'), lines('a', 'c'));
  t.regex(project.read('pipeline.lock'), /partial: "2 of 3"/);
  const second = await project.builds(t);
  t.deepEqual(partsOf(second), { total: 3, made: 0, failed: 1 });
  t.deepEqual(eventsOf(second, 'target-started')[0]?.reasons, [{ type: 'parts-failed', failed: 1, total: 3 }]);
  t.true(eventsOf(second, 'target-finished')[0]?.unchanged);
  project.write('data/b.txt', 'b');
  t.deepEqual(partsOf(await project.builds(t)), { total: 3, made: 1, failed: 0 });
  t.notRegex(project.read('pipeline.lock'), /partial/);
});

test.serial('without -k the build stops at a failure, with it what can be built is', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  bad: { run: 'exit 1', outputs: { made: out/bad.txt } }
  after_bad: { run: 'cp {inputs.bad} {outputs.made}', inputs: { bad: bad }, outputs: { made: out/after.txt } }
  good: { run: 'echo > {outputs.made}', after: [bad], outputs: { made: out/good.txt } }
`,
  });
  const stopped = await project.build('-j', '1');
  t.deepEqual(deeds(stopped), { bad: 'failed', after_bad: 'skipped', good: 'skipped' });
  const kept = await project.build('-j', '1', '-k');
  t.is(kept.code, 1);
  t.deepEqual(deeds(kept), { bad: 'failed', after_bad: 'skipped', good: 'run' });
});

const HELD = `import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
import { ask } from '../lib/puppet.js';
export default defineRule({
  summary: 'Asks, reads, writes.',
  params: z.strictObject({ name: z.string() }),
  inputs: { text: file().optional() },
  outputs: { text: file() },
  async run({ inputs, outputs, params }) {
    await outputs.text.write('half');
    const answer = await ask(params.name);
    await outputs.text.write(answer + ' ' + (inputs.text === undefined ? '' : await inputs.text.text()));
  },
});
`;

const HELD_PIPELINE = `version: 1
targets:
  held:
    rule: text/held
    inputs: { text: data/in.txt }
    params: { name: held }
    outputs: out/held.txt
`;

test.serial('a host that is killed fails its target and nothing else', async (t) => {
  const project = new Project(t, { 'rules/text/held.ts': HELD, 'pipeline.yaml': HELD_PIPELINE, 'data/in.txt': 'in' });
  const puppets = await Puppets.open(t, project);
  const building = project.start('--json');
  const { pid } = await puppets.asked('held');
  process.kill(pid, 'SIGKILL');
  const failed = withEvents(await building.ended);
  t.is(failed.code, 1);
  t.is(eventsOf(failed, 'target-failed')[0]?.diagnostic.code, 'VB405');
  t.false(project.exists('out/held.txt'));
  const again = project.start('--json');
  (await puppets.asked('held')).answer('second');
  t.is((await again.ended).code, 0);
  t.is(project.read('out/held.txt'), 'second in');
});

test.serial('Ctrl-C ends hosts and commands, and says so with 130', async (t) => {
  const project = new Project(t, { 'rules/text/held.ts': HELD, 'data/in.txt': 'in' });
  const puppets = await Puppets.open(t, project);
  const command = puppets.command('command').replaceAll("'", "''");
  project.write(
    'pipeline.yaml',
    `${HELD_PIPELINE}  command: { run: '${command} > {outputs.made}', outputs: { made: out/made.txt } }\n`,
  );
  project.write('out/held.txt', 'mine');
  const building = project.start('--json', '-j', '2');
  const [inRule, inCommand] = await Promise.all([puppets.asked('held'), puppets.asked('command')]);
  building.kill('SIGINT');
  await Promise.all([inRule.gone, inCommand.gone]);
  const interrupted = withEvents(await building.ended);
  t.is(interrupted.code, 130);
  t.is(eventsOf(interrupted, 'build-finished')[0]?.outcome, 'interrupted');
  t.is(project.read('out/held.txt'), 'mine');
  t.deepEqual(readdirSync(project.path('cache/stage')), []);
  const again = project.start('-j', '2');
  (await puppets.asked('held')).answer();
  (await puppets.asked('command')).answer();
  t.is((await again.ended).code, 0);
});

test.serial('kill -9 in the middle costs the parts in flight; the next build needs no repair', async (t) => {
  const project = new Project(t, {
    ...RULES,
    'rules/text/list.ts': (RULES['rules/text/list.ts'] ?? '')
      .replace('import { z }', "import { ask } from '../lib/puppet.js';\nimport { z }")
      .replace("log('reads ' + spec);", "if (text === 'hold') await ask('part');"),
    'pipeline.yaml': LIST,
    'data/a.txt': 'a',
    'data/b.txt': 'b',
    'data/hold.txt': 'hold',
    'data/z.txt': 'z',
    'out/list.jsonl': 'what was there',
  });
  const puppets = await Puppets.open(t, project);
  const building = project.start('--json', '-j', '1');
  const held = await puppets.asked('part');
  // Records are written in batches: the kill comes when those of the two parts before the held one are on disk.
  await recorded(project, 2);
  building.kill('SIGKILL');
  t.is((await building.ended).signal, 'SIGKILL');
  await held.gone;
  t.is(project.read('out/list.jsonl'), 'what was there');

  const again = project.start('--json', '-j', '1');
  (await puppets.asked('part')).answer();
  const built = withEvents(await again.ended);
  t.is(built.code, 0, built.stdout + built.stderr);
  t.deepEqual(partsOf(built), { total: 4, made: 2, failed: 0 });
  t.is(project.read('out/list.jsonl'), lines('a', 'b', 'hold', 'z'));
  t.deepEqual(readdirSync(project.path('cache/stage')), []);
  t.is(eventsOf(built, 'kept-aside').length, 1);
});

test.serial('two builds at once take turns: the second waits, and finds the target fresh', async (t) => {
  const project = new Project(t, { 'rules/text/held.ts': HELD, 'pipeline.yaml': HELD_PIPELINE, 'data/in.txt': 'in' });
  const puppets = await Puppets.open(t, project);
  const first = project.start('--json');
  const held = await puppets.asked('held');
  const second = project.start('--json');
  await new Promise<void>((resolve) =>
    second.child.stdout?.on('data', (data: Buffer) => {
      if (data.includes('target-blocked')) resolve();
    }),
  );
  held.answer('once');
  const [a, b] = [withEvents(await first.ended), withEvents(await second.ended)];
  t.deepEqual([a.code, b.code], [0, 0]);
  t.deepEqual([deeds(a), deeds(b)], [{ held: 'run' }, { held: 'fresh' }]);
  t.is(eventsOf(b, 'target-blocked')[0]?.holder.pid, first.child.pid);
});

test.serial('an input that changes while it is read is noticed: what is recorded is what was read', async (t) => {
  const project = new Project(t, { 'rules/text/held.ts': HELD, 'pipeline.yaml': HELD_PIPELINE, 'data/in.txt': 'old' });
  const puppets = await Puppets.open(t, project);
  const building = project.start('--json');
  const held = await puppets.asked('held');
  project.write('data/in.txt', 'new');
  held.answer('first');
  (await puppets.asked('held')).answer('second');
  const built = withEvents(await building.ended);
  t.is(built.code, 0);
  t.deepEqual(
    eventsOf(built, 'warning').map(({ diagnostic }) => diagnostic.headline),
    ['`data/in.txt` changed while it was read: it is read once more'],
  );
  t.is(project.read('out/held.txt'), 'second new');
  t.is((await project.run()).stdout, 'everything is fresh (1 target)\n');

  // One that never stands still fails the target.
  project.write('data/in.txt', '1');
  const restless = project.start('--json');
  for (const text of ['2', '3']) {
    const asking = await puppets.asked('held');
    project.write('data/in.txt', text);
    asking.answer('third');
  }
  const failed = withEvents(await restless.ended);
  t.is(failed.code, 1);
  t.is(eventsOf(failed, 'target-failed')[0]?.diagnostic.code, 'VB407');
  t.is(project.read('out/held.txt'), 'second new');
});

test.serial('secrets: a missing one is told before anything runs; none shows anywhere', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  first: { run: 'echo > {outputs.made}', outputs: { made: out/first.txt } }
  told:
    run: 'echo "key $TOKEN"; echo "$TOKEN" >&2; test -n "$TOKEN"; cp {inputs.first} {outputs.made}; exit 1'
    inputs: { first: first }
    secrets: [TOKEN]
    outputs: { made: out/told.txt }
`,
  });
  const missing = await project.build();
  t.is(missing.code, 2);
  t.regex(missing.stderr, /the secret `TOKEN` of `told` is not set/);
  t.false(project.exists('out/first.txt'));
  project.environment['TOKEN'] = 'sesame-opens';
  const failed = await project.build();
  t.is(failed.code, 1);
  t.regex(failed.stdout, /key \*\*\*/);
  const everything = [failed.stdout, failed.stderr];
  for (const path of Object.keys(project.tree([]))) everything.push(project.read(path));
  t.false(everything.some((text) => text.includes('sesame')));
});
