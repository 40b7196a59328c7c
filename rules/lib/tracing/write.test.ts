import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import { tempFolder } from '../../../src/base/temp-folder-for-tests.js';
import { createTraceDatabase, finishTraceDatabase, mergeTraceDatabases, TraceWriter } from './write.js';

const schemaOf = (db: Database.Database) =>
  db.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name").all();

function episode(path: string, seed: number): void {
  const db = new Database(path);
  createTraceDatabase(db);
  const start = Date.UTC(2025, 9, 20, 9) + seed * 1000;
  const writer = new TraceWriter(db, {
    sessionId: `crafter-${seed}`,
    createdAt: start,
    metadata: { seed },
    ids: { first: seed * 100 + 1, count: 100 },
  });
  for (let turn = 0; turn < 2; turn++) {
    const at = start + turn * 250;
    writer.beginTurn(turn, at);
    writer.modelCall('policy:test', {
      startedAt: at,
      completedAt: at + 20,
      model: 'expert',
      provider: null,
      messages: [{ role: 'user', content: 'hi' }],
      request: { model: 'expert', messages: [] },
      response: { choices: [] },
      toolCalls: [],
      usage: null,
    });
    writer.message('tool_use', '[]', at);
    const event = writer.environment('environment:test', {
      at,
      before: 'a',
      after: 'b',
      reward: 1,
      terminated: false,
      truncated: false,
    });
    writer.reward(event, { type: 'sparse', value: 1, annotation: null, at });
    writer.endTurn(at + 100);
  }
  writer.outcome({ totalReward: 2.9, achievementsCount: 2, totalSteps: 2, at: start + 500, metadata: {} });
  finishTraceDatabase(db);
  db.close();
}

test('the schema is that of the recorders', (t) => {
  const theirs = new Database(':memory:');
  theirs.exec(readFileSync('test/fixtures/traces/small.sql', 'utf8'));
  const ours = new Database(':memory:');
  createTraceDatabase(ours);
  t.deepEqual(schemaOf(ours), schemaOf(theirs));
});

test('while it is recorded a database is in WAL mode, keeps foreign keys, and shows whole turns alone', (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'episode.db');
  const db = new Database(path);
  createTraceDatabase(db);
  t.is(db.pragma('journal_mode', { simple: true }), 'wal');
  t.is(db.pragma('foreign_keys', { simple: true }), 1);
  const reader = new Database(path, { readonly: true });
  const seen = () =>
    ['session_timesteps', 'messages'].map((table) => reader.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
  const writer = new TraceWriter(db, { sessionId: 's', createdAt: 0, metadata: {}, ids: { first: 1, count: 2 } });
  writer.beginTurn(0, 0);
  writer.message('user', 'hi', 0);
  t.deepEqual(seen(), [0, 0]);
  writer.endTurn(500);
  t.deepEqual(seen(), [1, 1]);
  t.throws(() => writer.message('user', 'hi', 0), { message: /no turn is open/ });
  reader.close();
  finishTraceDatabase(db);
  db.close();
  t.deepEqual(readdirSync(folder), ['episode.db']);
});

test('episodes merge with their ids, and leave one file', (t) => {
  const folder = tempFolder(t);
  const paths = [3, 1].map((seed) => {
    const path = join(folder, `${seed}.db`);
    episode(path, seed);
    return path;
  });
  const db = new Database(join(folder, 'all.db'));
  createTraceDatabase(db);
  mergeTraceDatabases(db, paths);
  finishTraceDatabase(db);
  t.deepEqual(db.pragma('foreign_key_check'), []);
  t.deepEqual(db.prepare('SELECT id FROM events').pluck().all(), [101, 102, 103, 104, 301, 302, 303, 304]);
  t.deepEqual(
    db
      .prepare('SELECT num_timesteps, num_events, num_messages, created_at FROM session_traces WHERE session_id = ?')
      .get('crafter-1'),
    {
      num_timesteps: 2,
      num_events: 4,
      num_messages: 2,
      created_at: '2025-10-20T09:00:01+00:00',
    },
  );
  t.is(
    db.prepare('SELECT started_at FROM session_timesteps WHERE id = 102').pluck().get(),
    '2025-10-20T09:00:01.250000+00:00',
  );
  t.is(db.prepare('SELECT total_reward FROM outcome_rewards WHERE id = 301').pluck().get(), 2);
  db.close();
  t.deepEqual(readdirSync(folder).sort(), ['1.db', '3.db', 'all.db']);
});
