import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import Database from 'better-sqlite3';
import { RULES } from './engine-rules.js';
import { deeds, eventsOf, Project, Puppets, withEvents, type Built } from './rig.js';

const LIST = `version: 1
targets:
  list:
    rule: text/list
    inputs: { files: data/ }
    outputs: out/list.jsonl
`;

const lines = (...names: string[]): string =>
  names.map((name) => `${JSON.stringify({ name: `${name}.txt`, text: name })}\n`).join('');

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

test.serial('damage in the store is reported, never delivered, and made again', async (t) => {
  const project = new Project(t, { ...RULES, 'pipeline.yaml': LIST, 'data/a.txt': 'a', 'data/b.txt': 'b' });
  await project.builds(t);
  const damage = (text: string): void => {
    for (const path of Object.keys(project.tree([]))) {
      if (!path.startsWith('cache/objects/') || path.endsWith('.list')) continue;
      if (project.read(path) !== text) continue;
      chmodSync(project.path(path), 0o644);
      writeFileSync(project.path(path), text.toUpperCase());
    }
  };
  damage(lines('a'));
  project.remove('out/list.jsonl');
  const repaired = await project.builds(t);
  t.deepEqual(partsOf(repaired), { total: 2, made: 1, failed: 0 });
  t.true(eventsOf(repaired, 'warning').some(({ diagnostic }) => diagnostic.code === 'VB413'));
  t.is(project.read('out/list.jsonl'), lines('a', 'b'));

  // Damage found while parts are joined.
  damage(lines('b'));
  project.write('data/c.txt', 'c');
  const joined = await project.builds(t);
  t.deepEqual(partsOf(joined), { total: 3, made: 2, failed: 0 });
  t.is(project.read('out/list.jsonl'), lines('a', 'b', 'c'));
});

for (const [how, assemble] of [
  ['joined', ''],
  [
    'assembled',
    `async assemble({ parts, outputs }) {
    for (const part of parts) for await (const line of part.outputs.rows.lines()) outputs.rows.append(line);
  },`,
  ],
] as const) {
  test.serial(`damage found when much is ${how} already: nothing is there twice`, async (t) => {
    const project = new Project(t, {
      'rules/my/long.ts': `import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Long rows.',
  params: z.strictObject({}),
  outputs: { rows: jsonl() },
  async *parts() {
    for (let n = 0; n < 80; n++) yield { id: String(n), spec: n, inputs: {} };
  },
  async make({ spec, outputs }) {
    outputs.rows.append(JSON.stringify(\`\${spec}-\`.repeat(40_000)));
  },
  ${assemble}
});
`,
      'pipeline.yaml': 'version: 1\ntargets:\n  long: { rule: my/long, outputs: out/long.jsonl }\n',
    });
    await project.builds(t, '-j1');
    const whole = project.read('out/long.jsonl');
    // The pack in which the last part lies, by its only text that no other has.
    const packs = Object.keys(project.tree([])).filter(
      (path) => path.startsWith('cache/objects/') && project.read(path).includes('"79-79-'),
    );
    t.true(packs.length > 0);
    for (const path of packs) {
      const damaged = project.read(path).replaceAll('79-79-', '79-97-');
      chmodSync(project.path(path), 0o644);
      writeFileSync(project.path(path), damaged);
    }
    project.remove('out/long.jsonl');
    const repaired = await project.builds(t);
    t.like(partsOf(repaired), { total: 80, failed: 0 });
    t.notDeepEqual(partsOf(repaired), { total: 80, made: 0, failed: 0 });
    t.true(project.read('out/long.jsonl') === whole);
    t.true(eventsOf(repaired, 'warning').some(({ diagnostic }) => diagnostic.code === 'VB413'));
    t.is((await project.run('verify')).code, 0);
  });
}

for (const harm of ['gone', 'damaged'] as const) {
  test.serial(`a file of a joined directory that is ${harm} in the store is made again`, async (t) => {
    const project = new Project(t, {
      'rules/my/files.ts': `import { defineRule, directory } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'A file a part.',
  params: z.strictObject({}),
  outputs: { files: directory() },
  async *parts() {
    for (let n = 0; n < 3; n++) yield { id: String(n), spec: n, inputs: {} };
  },
  async make({ spec, outputs }) {
    await outputs.files.add(\`\${spec}.txt\`, Buffer.from(\`file \${spec}\`));
  },
});
`,
      'pipeline.yaml': 'version: 1\ntargets:\n  files: { rule: my/files, outputs: out/files/ }\n',
    });
    await project.builds(t, '-j1');
    const blob = Object.keys(project.tree([])).find(
      (path) => path.startsWith('cache/objects/') && project.read(path) === 'file 1',
    );
    if (blob === undefined) return t.fail('the file is not in the store');
    if (harm === 'gone') project.remove(blob);
    else {
      chmodSync(project.path(blob), 0o644);
      writeFileSync(project.path(blob), 'file 7');
    }
    project.remove('out/files');
    await project.builds(t);
    t.deepEqual(
      ['0', '1', '2'].map((n) => project.read(`out/files/${n}.txt`)),
      ['file 0', 'file 1', 'file 2'],
    );
    return t.is((await project.run('verify')).code, 0);
  });
}

test.serial('parts that would come out different are not made again unasked', async (t) => {
  const project = new Project(t, {
    'rules/my/dice.ts': `import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Dice.',
  params: z.strictObject({ dice: z.int(), loaded: z.boolean().default(false) }),
  deterministic: ({ params }) => params.loaded,
  outputs: { rows: jsonl() },
  async *parts({ params }) {
    for (let n = 0; n < params.dice; n++) yield { id: String(n), spec: n, inputs: {} };
  },
  async make({ outputs }) {
    outputs.rows.append(String(Math.random()));
  },
});
`,
    'pipeline.yaml': `version: 1
vars: { dice: 2 }
targets:
  dice: { rule: my/dice, params: { dice: '\${vars.dice}' }, outputs: out/dice.jsonl }
`,
  });
  await project.builds(t);
  const rows = project.read('out/dice.jsonl');
  project.remove('out/dice.jsonl');
  project.remove('cache/objects');
  for (const args of [[], ['--set', 'vars.dice=3']]) {
    const refused = await project.build(...args);
    t.is(refused.code, 1);
    t.is(eventsOf(refused, 'target-failed')[0]?.diagnostic.code, 'VB305');
    t.false(project.exists('out/dice.jsonl'));
  }
  await project.builds(t, '-B');
  t.not(project.read('out/dice.jsonl'), rows);

  // What the rule says goes by the params.
  const pipeline = project.read('pipeline.yaml');
  project.write('pipeline.yaml', pipeline.replace('}, outputs', ', loaded: true }, outputs'));
  await project.builds(t);
  project.remove('out/dice.jsonl');
  project.remove('cache/objects');
  t.deepEqual(deeds(await project.builds(t)), { dice: 'run' });
});

test.serial('damage in the record of a folder is found while planning, and the folder made again', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  folder: { run: 'mkdir {outputs.made}; echo one > {outputs.made}/one', outputs: { made: out/folder/ } }
`,
  });
  await project.builds(t);
  t.regex((await project.run('status')).stdout, /folder +fresh +4 B/);
  for (const path of Object.keys(project.tree([]))) {
    if (!path.startsWith('cache/objects/')) continue;
    chmodSync(project.path(path), 0o644);
    writeFileSync(project.path(path), 'damage');
  }
  project.remove('out/folder');
  t.regex((await project.run('status')).stdout, /folder +stale +now +output missing/);
  const repaired = await project.builds(t);
  t.deepEqual(deeds(repaired), { folder: 'run' });
  t.is(project.read('out/folder/one'), 'one\n');
});

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
