import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import test from 'ava';
import Database from 'better-sqlite3';
import { deeds, eventsOf, Project, type Files } from '../rig.js';
import { FAULT_RULES } from './rules.js';

/** Ends its host where the file `die` names the task it is at. */
const DIES = `import { existsSync, readFileSync } from 'node:fs';
export const at = (task: string): void => {
  if (existsSync('die') && readFileSync('die', 'utf8') === task) process.kill(process.pid, 'SIGKILL');
};
`;

const TASKS: Files = {
  'rules/lib/dies.ts': DIES,
  'rules/my/parts.ts': `import { at } from '../lib/dies.js';
import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
at('describe');
export default defineRule({
  summary: 'Dies at will.',
  params: z.strictObject({ n: z.int().refine(() => (at('check'), true)) }),
  outputs: { rows: jsonl() },
  async *parts({ params }) {
    at('list');
    for (let n = 0; n < params.n; n++) yield { id: String(n), spec: n, inputs: {} };
  },
  async make({ spec, outputs }) {
    if (spec === 2) at('make');
    outputs.rows.append(String(spec));
  },
  async assemble({ join }) {
    at('assemble');
    await join('rows');
  },
});
`,
  'rules/my/whole.ts': `import { at } from '../lib/dies.js';
import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Dies at will.',
  params: z.strictObject({}),
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl() },
  async run({ inputs, outputs }) {
    for await (const line of inputs.rows.lines()) {
      outputs.rows.append(line + line);
      at('whole');
    }
  },
});
`,
  'pipeline.yaml': `version: 1
targets:
  parts: { rule: my/parts, params: { n: 4 }, outputs: out/parts.jsonl }
  whole: { rule: my/whole, inputs: { rows: parts }, outputs: out/whole.jsonl }
  command: { run: 'cat {input} > {output}; grep -q command die && kill -9 $PPID; true', inputs: whole, outputs: out/command.txt, allow: [die] }
`,
};

test.serial('a host that is killed at any kind of task costs that task', async (t) => {
  t.timeout(200_000);
  for (const task of ['describe', 'check', 'list', 'make', 'assemble', 'whole', 'command']) {
    const project = new Project(t, { ...TASKS, die: task });
    const failed = await project.build('-k');
    // A rule that cannot even be loaded is wrong; a host that is lost at work is a failed target.
    t.is(failed.code, task === 'describe' || task === 'check' ? 2 : 1, `${task}: ${failed.stdout}${failed.stderr}`);
    for (const path of ['parts.jsonl', 'whole.jsonl', 'command.txt'])
      if (project.exists(`out/${path}`)) t.regex(project.read(`out/${path}`), /^(0\n1\n2\n3|00\n11\n22\n33)\n$/, task);
    project.write('die', 'nowhere');
    const built = await project.builds(t);
    const expected = task === 'make' ? { total: 4, made: 1, failed: 0 } : undefined;
    if (expected !== undefined) t.deepEqual(eventsOf(built, 'target-finished')[0]?.parts, expected);
    t.is(project.read('out/command.txt'), '00\n11\n22\n33\n');
  }
});

const ASKS: Files = {
  ...FAULT_RULES,
  'pipeline.yaml': `version: 1
targets:
  asks: { rule: fault/asks, params: { question: why }, outputs: out/asks.json }
  other: { run: 'echo other > {output}', outputs: out/other.txt }
`,
};

test.serial('answers that cannot be read stop what asks, and nothing else; they are never dropped', async (t) => {
  for (const damage of ['cut short', 'no database at all', '']) {
    const project = new Project(t, ASKS);
    await project.builds(t);
    const path = project.path('cache/answers.db');
    const answers = new Database(path);
    answers.pragma('wal_checkpoint(TRUNCATE)');
    answers.close();
    if (damage === 'cut short') truncateSync(path, statSync(path).size - 100);
    else writeFileSync(path, damage);
    const damaged = readFileSync(path);
    project.write('pipeline.yaml', ASKS['pipeline.yaml']?.replace('why', 'how').replace('echo other', 'echo o') ?? '');
    const refused = await project.build('-k');
    t.deepEqual(deeds(refused), { asks: 'failed', other: 'run' }, refused.stdout);
    const said = eventsOf(refused, 'target-failed')[0]?.diagnostic;
    t.regex(said?.headline ?? '', /^the answers in `.*` cannot be read$/);
    t.is(said?.code, 'VB506');
    t.deepEqual(readFileSync(path), damaged, 'left as it is, for whoever can save what is in it');
    // Whoever has no backup says so by moving it away.
    rmSync(path);
    t.deepEqual(deeds(await project.builds(t)), { asks: 'run', other: 'fresh' });
  }
});

test.serial('what was repaired is told: an index that is damaged, what killed builds left', async (t) => {
  const project = new Project(t, ASKS);
  await project.builds(t);
  writeFileSync(project.path('cache/index.db'), 'no database at all');
  mkdirSync(project.path('cache/stage/20200101T000000Z-abcdef/0'), { recursive: true });
  const built = await project.builds(t);
  t.deepEqual(
    eventsOf(built, 'warning')
      .map(({ diagnostic }) => diagnostic.code)
      .sort(),
    ['VB419', 'VB430'],
  );
  t.deepEqual(deeds(built), { asks: 'fresh', other: 'fresh' });
  t.false(project.exists('cache/stage/20200101T000000Z-abcdef'));
});

test.serial('a lock with the marks of a conflict is refused and left to whoever has to decide', async (t) => {
  const project = new Project(t, ASKS);
  await project.builds(t);
  const lock = project.read('pipeline.lock');
  const conflict = lock.replace('targets:\n', 'targets:\n<<<<<<< HEAD\n=======\n>>>>>>> other\n');
  project.write('pipeline.lock', conflict);
  const refused = await project.run();
  t.is(refused.code, 2);
  t.regex(refused.stderr, /pipeline\.lock:3:1/);
  t.is(project.read('pipeline.lock'), conflict);
  project.write('pipeline.lock', lock);
  t.is((await project.run()).code, 0);
});
