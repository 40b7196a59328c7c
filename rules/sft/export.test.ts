import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import { databaseFrom, play, sha256Hex } from '../lib/testing/play.js';
import rule from './export.js';

const FIXTURES = 'test/fixtures/traces';
const folder = mkdtempSync(join(tmpdir(), 'export-'));
const database = (name: string) => join(folder, `${name}.db`);

interface Case {
  readonly db: string;
  readonly args: readonly string[];
  readonly params: Record<string, unknown>;
  readonly exit: number;
  readonly full?: { readonly rows: number; readonly bytes: number; readonly sha256: string };
}
const cases = JSON.parse(readFileSync(`${FIXTURES}/options.json`, 'utf8')) as Case[];

test.before(() => {
  for (const name of ['small', 'edge']) databaseFrom(`${FIXTURES}/${name}.sql`, database(name));
});
test.after.always(() => rmSync(folder, { recursive: true }));

const exported = async (name: string, params: unknown = {}) =>
  (await play(rule, { inputs: { db: database(name) }, params })).outputs['rows']?.toString();

for (const [name, params, expected] of [
  ['small', {}, 'small.expected.full'],
  ['small', { compat: 'reference' }, 'small.expected.full'],
  ['edge', {}, 'edge.expected.full'],
  ['edge', { compat: 'reference' }, 'edge.expected.full.reference'],
] as const) {
  test(`${name} with ${JSON.stringify(params)} is exported byte for byte`, async (t) => {
    const rows = (await exported(name, params))?.split('\n') ?? [];
    const wanted = readFileSync(`${FIXTURES}/${expected}.jsonl`, 'utf8').split('\n');
    for (const [index, line] of wanted.entries())
      if (rows[index] !== line) return t.is(rows[index], line, `row ${index}`);
    t.is(rows.length, wanted.length);
  });
}

for (const { db, args, params, exit, full } of cases) {
  test(`${db} ${args.join(' ')}`, async (t) => {
    const run = play(rule, { inputs: { db: database(db) }, params });
    if (full === undefined) {
      const error = await t.throwsAsync(run);
      t.is(error.name, exit === 2 ? 'ZodError' : 'UserError', error.message);
      return;
    }
    const rows = (await run).outputs['rows'] ?? Buffer.alloc(0);
    t.is(rows.toString().split('\n').length - 1, full.rows);
    t.is(rows.length, full.bytes);
    t.is(sha256Hex(rows), full.sha256);
  });
}

test('a session is a part: another session, or another filter, makes no session again', async (t) => {
  const path = database('grown');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const keys = async (params: unknown = {}) =>
    new Set((await play(rule, { inputs: { db: path }, params })).parts.map(({ key }) => key));
  const before = await keys();
  const db = new Database(path);
  db.exec(`
    INSERT INTO session_traces SELECT 'aaa', created_at, 0, 0, 0, metadata, NULL, NULL FROM session_traces LIMIT 1;
    INSERT INTO events (session_id, event_type, model_name, provider, call_records, metadata)
      SELECT 'aaa', event_type, model_name, provider, call_records, metadata FROM events WHERE id = 1;`);
  db.close();
  const after = await keys();
  t.is(after.size, before.size + 1);
  t.deepEqual(
    [...before].filter((key) => !after.has(key)),
    [],
  );
  const filtered = await keys({ min_unique: 1, models: ['gpt-4o-mini-2024-07-18'], min_outcome_reward: 1, limit: 3 });
  t.true(filtered.size > 0);
  t.deepEqual(
    [...filtered].filter((key) => !before.has(key)),
    [],
  );
});

test('older databases: tables and columns that are not there', async (t) => {
  const path = database('old');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const db = new Database(path);
  db.exec(`
    DROP VIEW model_usage_stats; DROP VIEW session_summary; DROP VIEW experiment_overview;
    DROP TABLE event_rewards; ALTER TABLE outcome_rewards DROP COLUMN reward_metadata;
    DROP INDEX idx_event_session_step; ALTER TABLE events DROP COLUMN embedding;`);
  const rows = await exported('old', { min_outcome_reward: 1 });
  t.true(rows?.includes('"cumulative_unique": 0'));
  t.is(rows?.split('\n').length, 19);
  db.exec('DROP TABLE outcome_rewards');
  t.is((await exported('old'))?.split('\n').length, 25);
  db.exec('ALTER TABLE events DROP COLUMN call_records; ALTER TABLE events DROP COLUMN provider');
  db.close();
  await t.throwsAsync(exported('old'), { message: /too old to export: `events` lacks `provider`, `call_records`$/ });
});

test('rewards without a type, of no event, or without ids of their own', async (t) => {
  for (const [name, sql, has] of [
    ['untyped', 'DROP INDEX idx_event_rewards_type; ALTER TABLE event_rewards DROP COLUMN reward_type', false],
    [
      'loose',
      'CREATE TABLE r AS SELECT * FROM event_rewards; DROP TABLE event_rewards; ALTER TABLE r RENAME TO event_rewards; ALTER TABLE event_rewards DROP COLUMN event_id',
      false,
    ],
    [
      'plain',
      'CREATE TABLE r AS SELECT * FROM event_rewards ORDER BY id; DROP TABLE event_rewards; ALTER TABLE r RENAME TO event_rewards; ALTER TABLE event_rewards DROP COLUMN id',
      true,
    ],
  ] as const) {
    const path = database(name);
    databaseFrom(`${FIXTURES}/small.sql`, path);
    const db = new Database(path);
    db.pragma('foreign_keys = OFF');
    db.exec(sql);
    db.close();
    const rows = String(await exported(name));
    t.is(rows.split('\n').length, 25, name);
    t.is(rows.includes('"new_unique": ["'), has, name);
  }
});

test('copied tables have no keys: what names a row is where it is', async (t) => {
  const path = database('copied');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const db = new Database(path);
  db.pragma('foreign_keys = OFF');
  db.pragma('legacy_alter_table = ON');
  for (const [table, order] of [
    ['events', 'id DESC'],
    ['event_rewards', 'id'],
  ])
    db.exec(`CREATE TABLE copy AS SELECT * FROM ${table} ORDER BY ${order}; DROP TABLE ${table};
      ALTER TABLE copy RENAME TO ${table}`);
  const before = await exported('small');
  t.is(await exported('copied'), before);
  db.exec('UPDATE event_rewards SET id = NULL WHERE id < 20');
  t.is(await exported('copied'), before);
  // A number beyond what is exact is no number in a column without a type.
  db.exec(`
    UPDATE event_rewards SET event_id = event_id + 9007199254740993;
    CREATE TABLE copy AS SELECT id + 9007199254740993 AS id, session_id, event_type, model_name, provider, metadata,
      call_records FROM events;
    DROP TABLE events; ALTER TABLE copy RENAME TO events`);
  db.close();
  t.is(await exported('copied'), before);
});

test('types of events and rewards are exact, whatever collation a column was declared with', async (t) => {
  for (const collation of ['BINARY', 'NOCASE']) {
    const path = database(collation);
    databaseFrom(`${FIXTURES}/small.sql`, path);
    const db = new Database(path);
    db.pragma('foreign_keys = OFF');
    db.exec(`
      CREATE TABLE copied AS SELECT * FROM event_rewards; DROP TABLE event_rewards;
      CREATE TABLE event_rewards (id INTEGER PRIMARY KEY, event_id INTEGER, session_id TEXT COLLATE ${collation},
        reward_value FLOAT, reward_type TEXT COLLATE ${collation}, annotation TEXT);
      INSERT INTO event_rewards SELECT id, event_id, session_id, reward_value, reward_type, annotation FROM copied;
      INSERT INTO event_rewards (event_id, session_id, reward_value, reward_type, annotation)
        SELECT event_id, session_id, 9, upper(reward_type), '{"new_unique":["x"],"turned_true":["y"]}' FROM copied;
      DROP TABLE copied;
      CREATE TABLE copied AS SELECT * FROM events; DROP TABLE events;
      CREATE TABLE events (id INTEGER PRIMARY KEY, session_id TEXT COLLATE ${collation}, event_type TEXT COLLATE ${collation},
        model_name TEXT, provider TEXT, metadata TEXT, call_records TEXT);
      CREATE INDEX by_type ON events (event_type); CREATE INDEX by_session ON events (session_id);
      INSERT INTO events SELECT id, session_id, event_type, model_name, provider, metadata, call_records FROM copied;
      INSERT INTO events SELECT id + 1000, session_id, 'CAIS', model_name, provider, metadata, call_records FROM copied`);
    db.close();
    for (const given of [{}, { event_rewards: ['sparse:2'] }, { min_unique: 1 }])
      t.is(await exported(collation, given), await exported('small', given), `${collation} ${JSON.stringify(given)}`);
  }
});

test('views have neither rowids nor, it may be, ids', async (t) => {
  const path = database('views');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const db = new Database(path);
  db.pragma('legacy_alter_table = ON');
  for (const [table, columns] of [
    ['events', 'id, session_id, event_type, model_name, provider, metadata, call_records'],
    ['event_rewards', 'event_id, session_id, reward_type, reward_value, annotation'],
    ['outcome_rewards', 'session_id, total_reward, reward_metadata'],
  ])
    db.exec(`ALTER TABLE ${table} RENAME TO stored_${table};
      CREATE VIEW ${table} AS SELECT ${columns} FROM stored_${table}`);
  db.close();
  const params = { min_unique: 1, min_outcome_reward: 1, event_rewards: ['sparse'] };
  for (const given of [{}, params]) t.is(await exported('views', given), await exported('small', given));
});

test('rewards that add up to no number are not enough', async (t) => {
  const path = database('infinite');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const db = new Database(path);
  db.pragma('foreign_keys = OFF');
  const session = db.prepare('SELECT min(session_id) FROM events').pluck().get();
  const give = db.prepare(
    "INSERT INTO event_rewards (event_id, session_id, reward_type, reward_value, created_at) VALUES (1, ?, 'odd', ?, '')",
  );
  give.run(session, Infinity);
  t.is(typeof (await exported('infinite', { event_rewards: ['odd:5'] })), 'string');
  give.run(session, -Infinity);
  db.close();
  for (const min of ['odd', 'odd:-5'])
    await t.throwsAsync(exported('infinite', { event_rewards: [min] }), { message: /passes the filters/ });
});

test('where no session passes the filters, it is told what they fail by', async (t) => {
  databaseFrom(`${FIXTURES}/small.sql`, database('failing'));
  const failing = (params: unknown) => t.throwsAsync(exported('failing', params), { name: 'UserError' });
  t.regex((await failing({ models: ['no'] })).message, /^none of the 4 sessions of .* passes the filters: 4 × models$/);
  const mixed = await failing({ max_unique: 3, min_outcome_reward: 1, event_rewards: ['sparse:99'] });
  t.regex(mixed.message, /: 2 × event_rewards, 1 × max_unique, 1 × min_outcome_reward$/);
  const db = new Database(database('failing'));
  db.pragma('foreign_keys = OFF');
  db.exec(
    'UPDATE events SET model_name = NULL; DELETE FROM events WHERE session_id > (SELECT min(session_id) FROM events)',
  );
  db.close();
  const nameless = await failing({});
  t.regex(nameless.message, /^the only session of .* does not pass the filters: 1 × no model name$/);
  t.like(nameless, {
    next: 'record the model with each call: a session of which no model call names its model is not exported',
  });
});

test('no model calls, and such as no text names the session of', async (t) => {
  databaseFrom(`${FIXTURES}/small.sql`, database('nobody'));
  const db = new Database(database('nobody'));
  db.pragma('foreign_keys = OFF');
  db.exec("UPDATE events SET session_id = CAST(session_id AS BLOB) WHERE event_type = 'cais'");
  await t.throwsAsync(exported('nobody'), { message: /^none of the 24 model calls of .* is of a session$/ });
  db.exec("DELETE FROM events WHERE event_type = 'cais'");
  db.close();
  await t.throwsAsync(exported('nobody'), { message: / holds no model calls to export$/ });
});

test('a session may have any name, and an event any id', async (t) => {
  const path = database('names');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const db = new Database(path);
  db.pragma('foreign_keys = OFF');
  const [first, second, third, fourth] = db.prepare('SELECT DISTINCT session_id FROM events ORDER BY 1').pluck().all();
  const rename = (from: unknown, to: string) => {
    for (const table of ['events', 'event_rewards', 'outcome_rewards'])
      db.prepare(`UPDATE ${table} SET session_id = ? WHERE session_id = ?`).run(to, from);
  };
  rename(first, '');
  rename(second, '""');
  rename(third, '"');
  rename(fourth, 'a\n\u009bz');
  db.exec(`
    UPDATE event_rewards SET event_id = event_id + 9007199254740993;
    UPDATE events SET id = id + 9007199254740993;`);
  db.close();
  const { outputs, parts } = await play(rule, { inputs: { db: path } });
  t.deepEqual(
    parts.map(({ id }) => id),
    ['""', String.raw`"\""`, String.raw`"\"\""`, String.raw`"a\n\u009bz"`],
  );
  const rows = String(outputs['rows']);
  const before = String(await exported('small'));
  t.is(rows.split('\n').length, 25);
  for (const key of ['new_unique', 'turned_true'])
    t.is(rows.split(`"${key}": ["`).length, before.split(`"${key}": ["`).length, key);
});

test('rewards name their event by a text where the column has no type', async (t) => {
  const path = database('texts');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const db = new Database(path);
  db.pragma('foreign_keys = OFF');
  db.exec(`
    CREATE TABLE r (id INTEGER PRIMARY KEY, event_id, session_id, reward_value, reward_type, annotation);
    INSERT INTO r SELECT id, ' ' || event_id || '.0', session_id, reward_value, reward_type, annotation FROM event_rewards;
    DROP TABLE event_rewards; ALTER TABLE r RENAME TO event_rewards`);
  db.close();
  t.is(await exported('texts'), await exported('small'));
});

test('a model call without records is none: it takes no turn, and nothing is skipped', async (t) => {
  const path = database('recordless');
  databaseFrom(`${FIXTURES}/small.sql`, path);
  const db = new Database(path);
  db.exec(`
    UPDATE events SET metadata = '{}';
    INSERT INTO events (id, session_id, event_type, model_name, metadata)
      SELECT -id, session_id, event_type, model_name, '{"turn": []}' FROM events WHERE event_type = 'cais';
    INSERT INTO events (id, session_id, event_type, model_name, metadata)
      SELECT id - 1000, session_id, event_type, model_name, '{}' FROM events WHERE event_type = 'cais'`);
  const { outputs, log } = await play(rule, { inputs: { db: path } });
  db.exec('DELETE FROM events WHERE id < 0');
  db.close();
  t.deepEqual(outputs['rows'], (await play(rule, { inputs: { db: path } })).outputs['rows']);
  t.regex(log.at(-1) ?? '', /^24 rows of \d+ sessions$/);
});

test('a database in UTF-16 gives the same rows', async (t) => {
  const path = database('utf16');
  const db = new Database(path);
  db.pragma("encoding = 'UTF-16le'");
  db.pragma('foreign_keys = OFF');
  db.exec(readFileSync(`${FIXTURES}/edge.sql`, 'utf8'));
  db.close();
  t.is(await exported('utf16'), readFileSync(`${FIXTURES}/edge.expected.full.jsonl`, 'utf8'));
});

test('what is no trace database is a clear error', async (t) => {
  const other = new Database(database('other'));
  other.exec('CREATE TABLE t (x)');
  other.close();
  await t.throwsAsync(exported('other'), { name: 'UserError', message: /it has no table `events`/ });
  const text = play(rule, { inputs: { db: `${FIXTURES}/README.md` } });
  await t.throwsAsync(text, { name: 'UserError', message: /cannot be read as a database/ });
  const damaged = new Database(database('damaged'));
  damaged.pragma('foreign_keys = OFF');
  damaged.exec(readFileSync(`${FIXTURES}/small.sql`, 'utf8'));
  const root = Number(damaged.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'events'").pluck().get());
  const pageSize = Number(damaged.pragma('page_size', { simple: true }));
  damaged.close();
  const bytes = readFileSync(database('damaged'));
  writeFileSync(database('damaged'), bytes.fill(0xaa, (root - 1) * pageSize, root * pageSize));
  await t.throwsAsync(exported('damaged'), { name: 'UserError', message: /cannot be read as a database: .*malformed/ });
});

test('what is skipped is counted and named', async (t) => {
  const { log } = await play(rule, { inputs: { db: database('edge') } });
  t.true(log.includes('skipped event 46: call_records is not JSON'));
  t.true(log.includes('skipped event 48, record 4: record has no reply'));
  t.is(
    log.at(-1),
    '215 rows of 23 sessions; skipped: 4 × call_records is not JSON, 4 × call_records is not a list, ' +
      '6 × record has no input, 15 × record has no reply, 4 × record is not an object, 7 × turn cannot be read',
  );
});
