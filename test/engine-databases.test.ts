import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import test from 'ava';
import { deeds, eventsOf, Project, Puppets } from './rig.js';

const SUM = `import { defineRule, file, sqlite } from 'vlmbuild';
import { z } from 'zod';
import { ask } from '../lib/puppet.js';
export default defineRule({
  summary: 'Sums a column, taking its time.',
  params: z.strictObject({}),
  inputs: { db: sqlite() },
  outputs: { sum: file() },
  async run({ inputs, outputs }) {
    await ask('sum');
    const db = inputs.db.open();
    await outputs.sum.write(String(db.prepare('SELECT sum(n) FROM t').pluck().get()));
    db.close();
  },
});
`;

test.serial('a whole rule reads one state of a database that somebody writes', async (t) => {
  const project = new Project(t, {
    'rules/text/sum.ts': SUM,
    'pipeline.yaml': `version: 1
targets:
  sum: { rule: text/sum, inputs: { db: data/live.db }, outputs: out/sum.txt }
`,
    'data/.keep': '',
  });
  const puppets = await Puppets.open(t, project);
  const db = new Database(project.path('data/live.db'));
  t.teardown(() => db.close());
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE t (n); INSERT INTO t VALUES (1), (2)');
  t.true(statSync(project.path('data/live.db-wal')).size > 0);

  const building = project.start('--json');
  const asking = await puppets.asked('sum');
  // Written while the rule runs, which reads on what there was.
  db.exec('INSERT INTO t VALUES (10)');
  asking.answer();
  t.is((await building.ended).code, 0);
  t.is(project.read('out/sum.txt'), '3');
  // What was recorded is what was read: the next build sees that there is more.
  const again = project.start('--json');
  (await puppets.asked('sum')).answer();
  t.is((await again.ended).code, 0);
  t.is(project.read('out/sum.txt'), '13');
  // The same content in another file layout is the same database.
  db.exec('INSERT INTO t VALUES (5); DELETE FROM t WHERE n = 5');
  db.pragma('wal_checkpoint(TRUNCATE)');
  t.deepEqual(deeds(await project.builds(t)), { sum: 'fresh' });
});

const GROUPS = `import { defineRule, jsonl, sqlite } from 'vlmbuild';
import { z } from 'zod';
import { ask } from '../lib/puppet.js';
export default defineRule({
  summary: 'A row for every group, taking its time.',
  params: z.strictObject({}),
  inputs: { db: sqlite() },
  outputs: { rows: jsonl() },
  *parts({ inputs }) {
    const db = inputs.db.open();
    for (const g of db.prepare('SELECT DISTINCT g FROM t ORDER BY g').pluck().all()) {
      yield { id: g, spec: g, inputs: { rows: inputs.db.slice({ n: { sql: 'SELECT n FROM t WHERE g = ? ORDER BY n', args: [g] } }) } };
    }
    db.close();
  },
  async make({ spec, inputs, outputs }) {
    if (spec === 'a') await ask('make');
    outputs.rows.append(JSON.stringify([spec, ...[...inputs.rows.rows('n')].map(({ n }) => n)]));
  },
});
`;

// Where the writer keeps a log, it is seen from the start that there is one; else when what was listed is no longer there.
for (const [journal, makes] of [
  ['WAL', 1],
  ['DELETE', 2],
] as const) {
  test.serial(`a rule in parts comes to its end however busy the writer is (${journal})`, async (t) => {
    const project = new Project(t, {
      'rules/text/groups.ts': GROUPS,
      'pipeline.yaml': `version: 1
targets:
  rows: { rule: text/groups, inputs: { db: data/live.db }, outputs: out/rows.jsonl }
`,
      'data/.keep': '',
    });
    const puppets = await Puppets.open(t, project);
    const db = new Database(project.path('data/live.db'));
    t.teardown(() => db.close());
    db.pragma(`journal_mode = ${journal}`);
    db.exec("CREATE TABLE t (g, n); INSERT INTO t VALUES ('a', 1), ('b', 2)");
    let n = 10;
    const write = (): unknown => db.exec(`INSERT INTO t VALUES ('a', ${n}), ('b', ${n++})`);

    const building = project.start('--json', '-j', '1');
    for (let asks = 0; asks < makes; asks++) {
      const asking = await puppets.asked('make');
      write();
      asking.answer();
    }
    const { code, stdout } = await building.ended;
    t.is(code, 0, stdout);
    // Of one moment: each group has the same rows.
    const rows = project
      .read('out/rows.jsonl')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as unknown[]).slice(2));
    t.is(rows.length, 2);
    t.deepEqual(rows[0], rows[1]);

    const again = project.start('--json', '-j', '1');
    (await puppets.asked('make')).answer();
    t.is((await again.ended).code, 0);
    const all = Array.from({ length: n - 10 }, (_, i) => 10 + i);
    t.is(project.read('out/rows.jsonl'), `${JSON.stringify(['a', 1, ...all])}\n${JSON.stringify(['b', 2, ...all])}\n`);
    db.pragma('wal_checkpoint(TRUNCATE)');
    t.deepEqual(deeds(await project.builds(t)), { rows: 'fresh' });
  });
}

const NAMED = `import { defineRule, jsonl, sqlite } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'A row for every group, from rows that are named.',
  params: z.strictObject({}),
  inputs: { db: sqlite() },
  outputs: { rows: jsonl() },
  *parts({ inputs }) {
    const db = inputs.db.open();
    for (const g of db.prepare('SELECT DISTINCT g FROM t ORDER BY g').pluck().all()) {
      const values = db.prepare('SELECT id FROM t WHERE g = ? ORDER BY id').pluck().all(g);
      yield { id: g, spec: g, inputs: { rows: inputs.db.slice({ n: { table: 't', by: 'id', values, columns: ['n'] } }) } };
    }
    db.close();
  },
  make({ spec, inputs, outputs }) {
    outputs.rows.append(JSON.stringify([spec, ...[...inputs.rows.rows('n')].map(({ n }) => n)]));
  },
});
`;

for (const journal of ['WAL', 'DELETE']) {
  test.serial(
    `of a database that stays open parts are made whose rows changed, and those alone (${journal})`,
    async (t) => {
      const project = new Project(t, {
        'rules/text/named.ts': NAMED,
        'pipeline.yaml': `version: 1
targets:
  rows: { rule: text/named, inputs: { db: data/live.db }, outputs: out/rows.jsonl }
`,
        'data/.keep': '',
      });
      const db = new Database(project.path('data/live.db'));
      t.teardown(() => db.close());
      db.pragma(`journal_mode = ${journal}`);
      db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, g, n)');
      for (let id = 1; id <= 2000; id++)
        db.prepare('INSERT INTO t VALUES (?, ?, ?)').run(
          id,
          `g${String(Math.floor(id / 10)).padStart(4, '0')}`,
          'x'.repeat(100),
        );
      const expected = (): string =>
        (
          db.prepare('SELECT g, json_group_array(n) AS n FROM (SELECT * FROM t ORDER BY g, id) GROUP BY g').all() as {
            g: string;
            n: string;
          }[]
        )
          .map(({ g, n }) => `${JSON.stringify([g, ...(JSON.parse(n) as unknown[])])}\n`)
          .join('');
      const build = async (): Promise<number> => eventsOf(await project.builds(t), 'part-finished').length;
      t.is(await build(), 201);
      const edits: readonly (readonly [sql: string, made: number])[] = [
        ["INSERT INTO t VALUES (5000, 'new', 1)", 1],
        ["UPDATE t SET n = 'y' WHERE id IN (15, 1500)", 2],
        ['DELETE FROM t WHERE id = 77', 1],
        ["UPDATE t SET n = 'x' WHERE id = 15", 1],
      ];
      for (const [sql, made] of edits) {
        db.exec(sql);
        t.is(await build(), made, sql);
        t.is(project.read('out/rows.jsonl'), expected(), sql);
      }
    },
  );
}
