import { chmodSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { LIST, lines, RULES } from './engine-rules.js';
import { deeds, eventsOf, Project, type Built } from './rig.js';

const partsOf = (built: Built): unknown => eventsOf(built, 'target-finished')[0]?.parts;

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
