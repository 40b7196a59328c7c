import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { deeds, eventsOf, Project, type Built } from '../../test/rig.js';
import { databaseFrom, play } from '../lib/testing/play.js';
import rule from './export.js';

const FIXTURE = 'test/fixtures/traces/small.sql';
const FILES = {
  'pipeline.yaml': `version: 1
targets:
  full: { rule: sft/export, inputs: { db: traces.db }, outputs: out/full.jsonl }
`,
};

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What an export from nothing gives. */
async function clean(project: Project): Promise<string> {
  return String((await play(rule, { inputs: { db: project.path('traces.db') } })).outputs['rows']);
}

/** How many parts a build made. */
const made = (built: Built): number => eventsOf(built, 'part-finished').length;

/** Copies all rows of a session under another name; its rewards are those of its own events. */
function copySession(db: Database.Database, from: string, to: string): void {
  const offset = Number(db.prepare('SELECT max(id) FROM events').pluck().get());
  for (const table of ['session_traces', 'events', 'outcome_rewards', 'event_rewards']) {
    const columns = db
      .prepare("SELECT name FROM pragma_table_info(?) WHERE name NOT IN ('session_id', 'embedding')")
      .pluck()
      .all(table)
      .map(String)
      .filter((name) => name !== 'id' || table === 'events');
    const values = columns.map((name) => (name === 'event_id' || name === 'id' ? `${name} + ${offset}` : `"${name}"`));
    db.prepare(
      `INSERT INTO ${table} (session_id, ${columns.map((name) => `"${name}"`).join(', ')})
       SELECT ?, ${values.join(', ')} FROM ${table} WHERE session_id = ?`,
    ).run(to, from);
  }
}

type Edit = (db: Database.Database, session: string, pick: () => number) => number;

/** Edits by name; each tells how many sessions' rows it changed. */
const EDITS: Readonly<Record<string, Edit>> = {
  add(db, session, pick) {
    const name = `${['', 'crafter-', 'é', '😀', '\uffee'][Math.floor(pick() * 5)] ?? ''}${Math.floor(pick() * 1e6)}`;
    copySession(db, session, name);
    return 1;
  },
  delete(db, session) {
    for (const table of ['event_rewards', 'outcome_rewards', 'events', 'session_traces'])
      db.prepare(`DELETE FROM ${table} WHERE session_id = ?`).run(session);
    return 0;
  },
  'edit a reply': (db, session, pick) => {
    db.prepare(
      `UPDATE events SET call_records = replace(call_records, '"output_text":', '"output_text":"said ${pick()}","was":')
       WHERE id = (SELECT max(id) FROM events WHERE session_id = ? AND event_type = 'cais')`,
    ).run(session);
    return 1;
  },
  'break a record': (db, session) => {
    db.prepare(
      `UPDATE events SET call_records = call_records || '}'
       WHERE id = (SELECT max(id) FROM events WHERE session_id = ? AND event_type = 'cais')`,
    ).run(session);
    return 1;
  },
  'edit nothing that counts': (db, session) => {
    db.prepare(`UPDATE events SET latency_ms = 7, cost_usd = 1 WHERE session_id = ?`).run(session);
    return 0;
  },
};

test.serial(
  'random edits: what is made again is what changed, and the bytes are those of a clean export',
  async (t) => {
    const project = new Project(t, FILES);
    databaseFrom(FIXTURE, project.path('traces.db'));
    t.true(made(await project.builds(t)) > 2);
    t.is(project.read('out/full.jsonl'), await clean(project));
    const pick = random(7);
    for (let round = 0; round < 10; round++) {
      const names = Object.keys(EDITS);
      const name = names[round < names.length ? round : Math.floor(pick() * names.length)] ?? 'add';
      const db = new Database(project.path('traces.db'));
      db.pragma('foreign_keys = OFF');
      const sessions = db
        .prepare(
          "SELECT DISTINCT session_id FROM events WHERE event_type = 'cais' AND model_name IS NOT NULL ORDER BY 1",
        )
        .pluck()
        .all()
        .map(String);
      const session = sessions[Math.floor(pick() * sessions.length)] ?? '';
      const changed = EDITS[name]?.(db, session, pick) ?? 0;
      db.close();
      const built = await project.builds(t);
      t.true(made(built) <= changed, `${name} made ${made(built)} parts`);
      t.is(project.read('out/full.jsonl'), await clean(project), name);
    }
  },
);

test.serial('the same content in another file makes nothing stale', async (t) => {
  const project = new Project(t, FILES);
  databaseFrom(FIXTURE, project.path('traces.db'));
  await project.builds(t);
  const times = readdirSync(project.path('out'));
  const db = new Database(project.path('traces.db'));
  db.pragma('journal_mode = WAL');
  db.exec('VACUUM');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  t.deepEqual(deeds(await project.builds(t)), { full: 'fresh' });
  t.deepEqual(readdirSync(project.path('out')), times);
});

/** A program that writes to the database again and again, by statements with a number that grows. */
async function writing(t: ExecutionContext, path: string, statements: readonly string[]): Promise<() => Promise<void>> {
  const writer = spawn(
    process.execPath,
    [
      '-e',
      `const [path, statements] = process.argv.slice(1);
       const db = new (require('better-sqlite3'))(path);
       db.pragma('busy_timeout = 10000');
       const write = db.transaction((n) => {
         for (const sql of JSON.parse(statements)) db.prepare(sql).run({ n });
       });
       let n = 0;
       const next = () => { write(++n); setTimeout(next, 25); };
       next();
       process.stdout.write('writing');`,
      path,
      JSON.stringify(statements),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.teardown(() => writer.kill('SIGKILL'));
  await once(writer.stdout, 'data');
  return async () => {
    const ended = once(writer, 'exit');
    writer.kill();
    await ended;
  };
}

/** A database in WAL mode in which a session is copied a few times. */
function recordedAt(path: string): { readonly session: string; readonly rows: number } {
  databaseFrom(FIXTURE, path);
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  const [session = ''] = db.prepare('SELECT DISTINCT session_id FROM events ORDER BY 1').pluck().all().map(String);
  for (let i = 0; i < 20; i++) copySession(db, session, `copy-${i}`);
  const rows = db
    .prepare("SELECT count(*) FROM events WHERE session_id = ? AND event_type = 'cais'")
    .pluck()
    .get(session);
  db.close();
  return { session, rows: Number(rows) };
}

test.serial('sessions that are recorded during an export are in it whole, or not at all', async (t) => {
  const project = new Project(t, FILES);
  const path = project.path('traces.db');
  const { session, rows } = recordedAt(path);
  const stop = await writing(t, path, [
    `INSERT INTO session_traces (session_id, created_at, num_timesteps, num_events, num_messages)
       VALUES ('live-' || @n, '', 0, 0, 0)`,
    `INSERT INTO events (session_id, event_type, model_name, provider, metadata, call_records)
       SELECT 'live-' || @n, event_type, model_name, provider, metadata, call_records FROM events
       WHERE session_id = '${session}' AND event_type = 'cais'`,
  ]);
  // A build may give up on what never rests. What it leaves is of one moment all the same.
  await project.build();
  const text = project.exists('out/full.jsonl') ? project.read('out/full.jsonl') : '';
  const counts = new Map<string, number>();
  for (const [, name = ''] of text.matchAll(/"session_id": "(live-[0-9.]+)"/g))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  t.deepEqual(
    [...counts.values()].filter((count) => count !== rows),
    [],
  );
  await stop();
  await project.builds(t);
  t.is(project.read('out/full.jsonl'), await clean(project));
  const sides = readdirSync(project.root).filter((name) => name.startsWith('traces.db'));
  t.deepEqual(
    sides.filter((name) => !/^traces\.db(-wal|-shm)?$/.test(name)),
    [],
  );
});

test.serial('a database of which everything is rewritten all the while gives no dataset of two moments', async (t) => {
  const project = new Project(t, FILES);
  const path = project.path('traces.db');
  recordedAt(path);
  await project.builds(t);
  const before = project.read('out/full.jsonl');
  const stop = await writing(t, path, [
    `UPDATE events SET call_records = json_set(call_records, '$[0].output_text', 'moment ' || @n) WHERE event_type = 'cais'`,
  ]);
  const built = await project.build();
  const moments = new Set(project.read('out/full.jsonl').match(/moment \d+/g));
  if (built.code === 0) t.is(moments.size, 1);
  else {
    // It gives up on what never rests, says so, and leaves what was there.
    t.regex(built.stdout, /changed while it was read/);
    t.is(project.read('out/full.jsonl'), before);
  }
  await stop();
  await project.builds(t);
  t.is(project.read('out/full.jsonl'), await clean(project));
});
