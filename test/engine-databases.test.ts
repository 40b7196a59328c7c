import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import test from 'ava';
import { deeds, Project, Puppets } from './rig.js';

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
  // Written while the rule runs: what was read is not what is there, so it runs again.
  db.exec('INSERT INTO t VALUES (10)');
  asking.answer();
  (await puppets.asked('sum')).answer();
  t.is((await building.ended).code, 0);
  t.is(project.read('out/sum.txt'), '13');
  // The same content in another file layout is the same database.
  db.exec('INSERT INTO t VALUES (5); DELETE FROM t WHERE n = 5');
  db.pragma('wal_checkpoint(TRUNCATE)');
  t.deepEqual(deeds(await project.builds(t)), { sum: 'fresh' });
});
