import test from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { TRACE_INDEXES, TRACE_TABLES } from '../../lib/tracing/schema.js';
import { type TraceTables, traceTables } from '../../lib/tracing/tables.js';
import { exportParams } from './filters.js';
import { quickQueries } from './session-queries.js';
import { eligibleSessions } from './sessions.js';

const session = fc.constantFrom('a', 'b', 'B', '', '\uffee', '😀', 'a\u0000', '12');
const id = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -3, max: 60 }).map(BigInt) },
  fc.constantFrom((1n << 53n) - 1n, 1n << 53n, (1n << 53n) + 1n, (1n << 63n) - 1n, -(1n << 63n)),
);
/** What is no text is none of the names of sessions. */
const named = fc.oneof({ weight: 20, arbitrary: session }, fc.constant(Buffer.from('a')));
const event = fc.record({
  id,
  session: named,
  type: fc.constantFrom('cais', 'cais', 'environment'),
  model: fc.constantFrom('m', 'm', 'n', '', null, Buffer.from('m')),
  provider: fc.constantFrom('p', 'q', '', null),
  records: fc.constantFrom('[]', null),
});
const reward = fc.record({
  session: named,
  event: fc.oneof({ weight: 20, arbitrary: id }, fc.constantFrom(2.5, 'x', ' 7', Buffer.from('7'))),
  type: fc.constantFrom('unique_achievement_delta', 'achievement_delta', 'sparse', null),
  value: fc.constantFrom(0, 1, 1, -1),
});
const content = fc.record({
  events: fc.uniqueArray(event, { maxLength: 60, selector: ({ id: of }) => of }),
  rewards: fc.array(reward, { maxLength: 40 }),
});
const names = fc.subarray(['m', 'n', 'p']);
const params = fc.record({ models: names, providers: names, max_unique: fc.constantFrom(undefined, 9) });

function filled({ events, rewards }: typeof content extends fc.Arbitrary<infer T> ? T : never): Database.Database {
  const db = new Database(':memory:');
  db.pragma('foreign_keys = OFF');
  for (const sql of [...TRACE_TABLES, ...TRACE_INDEXES]) db.exec(sql);
  const insert = db.prepare(
    'INSERT INTO events (id, session_id, event_type, model_name, provider, call_records) VALUES (?, ?, ?, ?, ?, ?)',
  );
  for (const each of events) insert.run(each.id, each.session, each.type, each.model, each.provider, each.records);
  const give = db.prepare(
    `INSERT INTO event_rewards (event_id, session_id, reward_type, reward_value, created_at) VALUES (?, ?, ?, ?, '')`,
  );
  for (const each of rewards) give.run(each.event, each.session, each.type, each.value);
  return db;
}

function listed(db: Database.Database, tables: TraceTables, given: unknown): unknown {
  const counts = { sessions: 0, eligible: 0, failed: {} };
  return { sessions: [...eligibleSessions(db, tables, exportParams.parse(given), counts)], counts };
}

test('sessions are the same, taken in one row each or in many', (t) => {
  let sessions = 0;
  fc.assert(
    fc.property(content, params, (rows, given) => {
      const db = filled(rows);
      const tables = traceTables(db, 'db');
      t.deepEqual(quickQueries(db, tables), { events: true, rewards: true });
      const { events, eventRewards } = tables;
      const plain: TraceTables = {
        ...tables,
        events: { ...events, rowid: undefined },
        eventRewards: eventRewards && { ...eventRewards, isInteger: () => false },
      };
      t.deepEqual(quickQueries(db, plain), { events: false, rewards: false });
      for (const each of [{}, given]) t.deepEqual(listed(db, tables, each), listed(db, plain, each));
      // A filter that all pass lists the same rows of each session.
      t.deepEqual(listed(db, tables, {}), listed(db, tables, { max_unique: 9 }));
      sessions += (listed(db, tables, {}) as { sessions: unknown[] }).sessions.length;
      db.close();
    }),
    { seed: 1, numRuns: 400 },
  );
  t.true(sessions > 300, `only ${sessions} sessions were listed`);
});

test('in one row only where that gives the ids in their order', (t) => {
  const quick = (change: (sql: string) => string | null) => {
    const db = new Database(':memory:');
    for (const sql of [...TRACE_TABLES, ...TRACE_INDEXES]) {
      const changed = change(sql);
      if (changed !== null) db.exec(changed);
    }
    const told = quickQueries(db, traceTables(db, 'db'));
    db.close();
    return told;
  };
  const both = { events: true, rewards: true };
  t.deepEqual(
    quick((sql) => sql),
    both,
  );
  for (const index of ['idx_event_type', 'idx_event_model', 'idx_event_session_step'])
    t.deepEqual(
      quick((sql) => (sql.includes(` ${index} `) ? null : sql)),
      { ...both, events: false },
      index,
    );
  const partial = quick((sql) => (sql.includes(' idx_event_model ') ? `${sql} WHERE model_name = 'm'` : sql));
  t.deepEqual(partial, { ...both, events: false });
  // Such a key is not the rowid.
  const key = (table: string, type: string) =>
    quick((sql) => (sql.includes(`TABLE ${table} `) ? sql.replace('INTEGER PRIMARY KEY AUTOINCREMENT', type) : sql));
  for (const type of ['INTEGER PRIMARY KEY DESC', 'INT PRIMARY KEY'])
    t.deepEqual(key('events', type), { events: false, rewards: false });
  t.deepEqual(key('event_rewards', 'INT PRIMARY KEY'), { ...both, rewards: false });
  t.deepEqual(
    quick((sql) => sql.replace('event_id INTEGER NOT NULL', 'event_id')),
    { ...both, rewards: false },
  );
});

test('rewards of sessions without model calls are passed over in the byte order of UTF-8', (t) => {
  const event = { id: 1n, session: '😀', type: 'cais', model: 'm', provider: 'p', records: '[]' } as const;
  const rewards = (['\uffee', '😀'] as const).map((session) => {
    return { session, event: 1n as never, type: 'achievement_delta' as const, value: 1 as const };
  });
  const db = filled({ events: [event], rewards });
  for (const models of [[], ['m']]) {
    const { sessions } = listed(db, traceTables(db, 'a.db'), { models }) as { sessions: unknown };
    t.like(sessions, [{ id: '😀', events: [1], rewards: [{ id: 2, event: 1 }] }]);
  }
  db.close();
});
