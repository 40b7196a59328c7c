import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import test, { type ExecutionContext } from 'ava';
import { deeds, Project, Puppets, type Files } from './rig.js';
import { checkTrace } from './trace-check.js';

/** More than is listed in its turn. */
const ROWS = Array.from({ length: 40 }, (_, n) => `${JSON.stringify({ n, text: 'x'.repeat(500_000) })}\n`);

const rule = (listing: string, spec: string): string => `import { appendFileSync, existsSync } from 'node:fs';
import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'A row for every block.',
  params: z.strictObject({}),
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl() },
  async *parts({ inputs }) {
    for await (const block of inputs.rows.blocks()) yield { id: block.id, spec: ${spec}, inputs: { rows: block } };
    console.log('listed');
    ${listing}
    appendFileSync('listings', '+');
  },
  async make({ spec, inputs, outputs }) {
    const numbers = [];
    for await (const { n } of inputs.rows.rows()) numbers.push(n);
    outputs.rows.append(JSON.stringify([spec, numbers]));
  },
});
`;

const project = (text: string): Files => ({
  'rules/my/blocks.ts': text,
  'pipeline.yaml': `version: 1
targets:
  blocks: { rule: my/blocks, inputs: { rows: ./rows.jsonl }, outputs: out/blocks.jsonl }
`,
  'rows.jsonl': ROWS.join(''),
});

function made(text: string): { readonly specs: Set<unknown>; readonly numbers: number[] } {
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as [unknown, number[]]);
  return { specs: new Set(rows.map(([spec]) => spec)), numbers: rows.flatMap(([, numbers]) => numbers) };
}

test('parts that are listed while their input is digested are listed once, and what the rule said is told once', async (t) => {
  const files = new Project(t, project(rule('', '0')));
  const built = await files.builds(t);
  const { events } = built;
  t.deepEqual(deeds(built), { blocks: 'run' });
  t.is(files.read('listings'), '+');
  t.is(events.filter((event) => event.type === 'log' && event.line === 'listed').length, 1);
  t.deepEqual(made(files.read('out/blocks.jsonl')).numbers, [...ROWS.keys()]);
});

test('an input that changes after it was listed and before it is digested is listed anew', async (t) => {
  const change = `if (!existsSync('listings')) appendFileSync('rows.jsonl', '{"n":40}\\n');`;
  const files = new Project(t, project(rule(change, '0')));
  await files.builds(t);
  t.true(files.read('listings').length > 1);
  t.deepEqual(made(files.read('out/blocks.jsonl')).numbers, [...ROWS.keys(), ROWS.length]);
  t.deepEqual(deeds(await files.builds(t)), { blocks: 'fresh' });
});

test('a rule that asks for the digest of its input is told the right one', async (t) => {
  const files = new Project(t, project(rule('', 'inputs.rows.digest')));
  await files.builds(t);
  const digest = createHash('sha256').update(files.read('rows.jsonl')).digest('hex');
  t.deepEqual([...made(files.read('out/blocks.jsonl')).specs], [`sha256:${digest}`]);
});

test('a rule that hides that it asked is not believed', async (t) => {
  const asking = `(() => { try { return inputs.rows.digest; } catch { return 'none'; } })()`;
  const files = new Project(t, project(rule('', asking)));
  await files.builds(t);
  t.is(files.read('listings'), '++');
  const digest = createHash('sha256').update(files.read('rows.jsonl')).digest('hex');
  t.deepEqual([...made(files.read('out/blocks.jsonl')).specs], [`sha256:${digest}`]);
});

test('a rule that cannot list its parts fails once, in its own words', async (t) => {
  const files = new Project(t, project(rule("throw new Error('no parts');", '0')));
  const { events, code } = await files.build();
  t.is(code, 1);
  t.is(events.filter((event) => event.type === 'log' && event.line === 'listed').length, 1);
  t.is(events.filter((event) => event.type === 'target-failed').length, 1);
});

const GROUPS = `import { defineRule, jsonl, sqlite } from 'vlmbuild';
import { z } from 'zod';
import { ask } from '../lib/puppet.js';
export default defineRule({
  summary: 'A row for every group.',
  params: z.strictObject({}),
  inputs: { db: sqlite() },
  outputs: { rows: jsonl() },
  async *parts({ inputs }) {
    const db = inputs.db.open();
    const groups = db.prepare('SELECT DISTINCT g FROM t ORDER BY g').pluck().all();
    db.close();
    await ask('listing');
    for (const g of groups) yield { id: g, spec: g, inputs: { rows: inputs.db.slice({ n: { sql: 'SELECT n FROM t WHERE g = ?', args: [g] } }) } };
  },
  make({ spec, inputs, outputs }) {
    outputs.rows.append(JSON.stringify([spec, [...inputs.rows.rows('n')].length]));
  },
});
`;

for (const journal of ['WAL', 'DELETE']) {
  test(`a database that is written while it is listed and digested gives what one state of it holds (${journal})`, async (t) => {
    const project = new Project(t, {
      'rules/my/groups.ts': GROUPS,
      'pipeline.yaml': `version: 1
targets:
  groups: { rule: my/groups, inputs: { db: data/live.db }, outputs: out/groups.jsonl }
`,
    });
    mkdirSync(project.path('data'));
    const puppets = await Puppets.open(t, project);
    const path = project.path('data/live.db');
    const writing = (write: (db: Database.Database) => void): void => {
      const db = new Database(path);
      write(db);
      db.close();
    };
    writing((db) => {
      db.pragma(`journal_mode = ${journal}`);
      db.exec('CREATE TABLE t (g, n)');
      for (let n = 0; n < 40; n++) db.prepare('INSERT INTO t VALUES (?, ?)').run('ab'[n % 2], 'x'.repeat(500_000));
    });
    let isWritten = false;
    void (async () => {
      for (;;) {
        const asking = await puppets.asked('listing');
        // Of the groups that were found this is none.
        if (!isWritten) writing((db) => db.exec("INSERT INTO t VALUES ('c', 'new'), ('a', 'new')"));
        isWritten = true;
        asking.answer();
      }
    })();
    await project.builds(t);
    const before = '["a",20]\n["b",20]\n';
    const after = '["a",21]\n["b",20]\n["c",1]\n';
    t.true([before, after].includes(project.read('out/groups.jsonl')), project.read('out/groups.jsonl'));
    await project.builds(t);
    t.is(project.read('out/groups.jsonl'), after);
  });
}

const TEXTS = `import { appendFileSync } from 'node:fs';
import { defineRule, jsonl, sqlite } from 'vlmbuild';
import { z } from 'zod';
import { ask } from '../lib/puppet.js';
export default defineRule({
  summary: 'A row for every row.',
  params: z.strictObject({}),
  inputs: { db: sqlite() },
  outputs: { rows: jsonl() },
  async *parts({ inputs }) {
    const db = inputs.db.open();
    const ids = db.prepare('SELECT id FROM t ORDER BY id').pluck().all();
    db.close();
    await ask('listed');
    for (const id of ids)
      yield { id: String(id), spec: id, inputs: { row: inputs.db.slice({ t: { table: 't', by: 'id', values: [id], columns: ['text'] } }) } };
    appendFileSync('listings', '+');
  },
  make({ spec, inputs, outputs }) {
    for (const { text } of inputs.row.rows('t')) outputs.rows.append(JSON.stringify([spec, text.length, text.slice(0, 3)]));
  },
});
`;

async function texts(t: ExecutionContext) {
  const project = new Project(t, {
    'rules/my/texts.ts': TEXTS,
    'pipeline.yaml': `version: 1
targets:
  texts: { rule: my/texts, inputs: { db: ./texts.db }, outputs: out/texts.jsonl }
`,
  });
  const puppets = await Puppets.open(t, project);
  const write = (sql: string): void => {
    const db = new Database(project.path('texts.db'));
    db.exec(sql);
    db.close();
  };
  let whenListed = (): void => undefined;
  void (async () => {
    for (;;) {
      const asking = await puppets.asked('listed');
      whenListed();
      asking.answer();
    }
  })();
  write('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
  const long = "printf('%.*c', 500000, 'x')";
  write(
    `INSERT INTO t WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 40) SELECT n, ${long} FROM n`,
  );
  await project.builds(t);
  const expected = (changed: Readonly<Record<number, string>>): string =>
    Array.from({ length: 40 }, (_, i) => `${JSON.stringify([i + 1, 500_000, changed[i + 1] ?? 'xxx'])}\n`).join('');
  t.is(project.read('out/texts.jsonl'), expected({}));
  t.is(project.read('listings'), '+');
  const change = (id: number, text: string): void =>
    write(`UPDATE t SET text = '${text}' || substr(text, 4) WHERE id = ${id}`);
  return { project, expected, change, onListed: (work: () => void) => (whenListed = work) };
}

test('a database that is remembered is listed while it is digested, once, and what changed in it is made', async (t) => {
  const { project, expected, change } = await texts(t);
  change(7, 'new');
  const { code, stderr } = await project.run('--trace', 'trace.json');
  t.is(code, 0, stderr);
  t.is(project.read('out/texts.jsonl'), expected({ 7: 'new' }));
  t.is(project.read('listings'), '++');
  const { slices } = checkTrace(project.read('trace.json'));
  const [list, ...others] = slices.filter(({ cat }) => cat === 'list');
  const digest = slices.find(({ name }) => name === 'digest: texts.db');
  t.deepEqual(others, []);
  t.true(list !== undefined && digest !== undefined && list.start < digest.end && digest.end < list.end);
  t.deepEqual(
    slices.filter(({ cat }) => cat === 'make').map(({ name }) => name),
    ['make: 7'],
  );
});

test('a remembered database that is written while it is listed gives what one state of it holds', async (t) => {
  const { project, expected, change, onListed } = await texts(t);
  change(7, 'new');
  let writes = 0;
  onListed(() => {
    if (writes++ === 0) change(8, 'too');
  });
  await project.builds(t);
  const [before, after] = [expected({ 7: 'new' }), expected({ 7: 'new', 8: 'too' })];
  t.true([before, after].includes(project.read('out/texts.jsonl')));
  await project.builds(t);
  t.is(project.read('out/texts.jsonl'), after);
});

test('where every slot lists ahead, each listing ends without a slot for its target: nothing waits for ever', async (t) => {
  const project = new Project(t, {
    'rules/my/texts.ts': TEXTS.replace("    await ask('listed');\n", '')
      .replace("import { ask } from '../lib/puppet.js';\n", '')
      .replace('z.strictObject({})', 'z.strictObject({ mark: z.string() })')
      .replace('parts({ inputs })', 'parts({ inputs, params })')
      .replace('spec: id', 'spec: params.mark + id'),
    'pipeline.yaml': `version: 1
targets:
  a: { rule: my/texts, inputs: { db: ./texts.db }, params: { mark: a }, outputs: out/a.jsonl }
  b: { rule: my/texts, inputs: { db: ./texts.db }, params: { mark: b }, outputs: out/b.jsonl }
  c: { rule: my/texts, inputs: { db: ./texts.db }, params: { mark: c }, outputs: out/c.jsonl }
`,
  });
  const db = new Database(project.path('texts.db'));
  t.teardown(() => db.close());
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
  for (let id = 1; id <= 40; id++) db.prepare('INSERT INTO t VALUES (?, ?)').run(id, 'x'.repeat(500_000));
  for (const [n, jobs] of ['-j1', '-j2', '-j3', '-j1'].entries()) {
    db.prepare('UPDATE t SET text = ? WHERE id = 7').run(`n${String(n)} ${'x'.repeat(500_000)}`);
    await project.builds(t, jobs);
    for (const mark of ['a', 'b', 'c'])
      t.is(project.read(`out/${mark}.jsonl`).split('\n')[6], JSON.stringify([`${mark}7`, 500_003, `n${String(n)} `]));
  }
});

test('while a changed database is listed ahead, what came of it last is joined ahead with the slot of its target', async (t) => {
  const waits = `while (existsSync('wait') && !readdirSync('cache/stage', { recursive: true }).some((name) => name.includes('.ahead')))
      await new Promise((done) => setTimeout(done, 1));`;
  const project = new Project(t, {
    'rules/my/texts.ts': TEXTS.replace("await ask('listed');", waits)
      .replace("import { ask } from '../lib/puppet.js';\n", '')
      .replace('import { appendFileSync }', 'import { appendFileSync, existsSync, readdirSync }')
      .replace('[spec, text.length, text.slice(0, 3)]', '[spec, text]'),
    'pipeline.yaml': `version: 1
targets:
  texts: { rule: my/texts, inputs: { db: ./texts.db }, outputs: out/texts.jsonl }
`,
  });
  const db = new Database(project.path('texts.db'));
  t.teardown(() => db.close());
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
  const texts = Array.from({ length: 40 }, (_, n) => `${n} ${'x'.repeat(500_000)}`);
  for (const text of texts) db.prepare('INSERT INTO t (text) VALUES (?)').run(text);
  await project.builds(t, '-j2');
  project.write('wait', '');
  texts.push('new');
  db.prepare('INSERT INTO t (text) VALUES (?)').run('new');
  await project.builds(t, '-j2');
  t.is(project.read('listings'), '++');
  t.true(project.read('out/texts.jsonl') === texts.map((text, n) => `${JSON.stringify([n + 1, text])}\n`).join(''));
});
