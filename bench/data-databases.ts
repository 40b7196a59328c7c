import Database from 'better-sqlite3';
import { callRecord, type ModelCall } from '../rules/lib/tracing/call-record.js';
import { TRACE_INDEXES, TRACE_TABLES, TRACE_VIEWS } from '../rules/lib/tracing/schema.js';
import { isoTime } from '../rules/lib/tracing/time.js';
import type { PlayedTurn } from './data-episodes.js';

/** What is in a generated trace database. */
export interface DatabaseShape {
  readonly sessions: number;
  readonly turns: number;
}

const MODEL = { model: 'gpt-4o-mini-2024-07-18', provider: 'openai' };

/**
 * Writes a database as a rollout of the original tools leaves it; the same shape and turns give the same rows.
 *
 * @param played what sessions are made of, in turn.
 */
export function generateDatabase(path: string, shape: DatabaseShape, played: readonly PlayedTurn[]): void {
  const db = new Database(path);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  for (const sql of [...TRACE_TABLES, ...TRACE_INDEXES, ...TRACE_VIEWS]) db.exec(sql);
  const add = sessionAdder(db, played);
  db.exec('BEGIN');
  for (let session = 0; session < shape.sessions; session++) add(session, shape.turns);
  db.exec('COMMIT');
  db.close();
}

/** Adds one session to a database that was generated. */
export function addSession(path: string, number: number, turns: number, played: readonly PlayedTurn[]): void {
  const db = new Database(path);
  const add = sessionAdder(db, played);
  db.transaction(() => add(number, turns))();
  db.close();
}

function sessionAdder(db: Database.Database, played: readonly PlayedTurn[]) {
  const insert = (table: string, columns: string) =>
    db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.replaceAll(/\w+/g, '?')})`);
  const session = insert('session_traces', 'session_id, created_at, num_timesteps, num_events, num_messages, metadata');
  const timestep = insert(
    'session_timesteps',
    'session_id, step_id, step_index, turn_number, started_at, step_metadata',
  );
  const call = insert(
    'events',
    'session_id, timestep_id, event_type, system_instance_id, event_time, model_name, provider, latency_ms, call_records, metadata',
  );
  const step = insert(
    'events',
    'session_id, timestep_id, event_type, system_instance_id, event_time, reward, terminated, truncated, system_state_before, system_state_after, metadata',
  );
  const reward = insert(
    'event_rewards',
    'event_id, session_id, turn_number, reward_value, reward_type, annotation, source, created_at',
  );
  const outcome = insert(
    'outcome_rewards',
    'session_id, total_reward, achievements_count, total_steps, created_at, reward_metadata',
  );

  return (number: number, turns: number): void => {
    const id = `crafter-${String(number).padStart(6, '0')}`;
    const first = number * turns;
    const startedAt = played[0]?.call.startedAt ?? 0;
    session.run(id, isoTime(startedAt), turns, 2 * turns, 0, JSON.stringify({ run_id: id, seed: number }));
    const achieved = new Set<string>();
    for (let turn = 0; turn < turns; turn++) {
      const { call: said, before, after, rewards } = played[(first + turn) % played.length] as PlayedTurn;
      const stepId = `decision_${turn}`;
      const at = said.startedAt / 1000;
      const time = timestep.run(id, stepId, turn, turn, isoTime(said.startedAt), '{}').lastInsertRowid;
      call.run(
        ...[id, time, 'cais', 'policy:crafter-react', at, MODEL.model, MODEL.provider, 1998],
        recordText({ ...said, ...MODEL, completedAt: said.startedAt + 1998 }, `${id}/${turn}`),
        JSON.stringify({ policy_id: null, turn, run_id: id, step_id: stepId }),
      );
      const gained = rewards[0]?.value ?? 0;
      const event = step.run(
        ...[id, time, 'environment', 'environment:crafter', at, gained, 0, 0],
        JSON.stringify({ text: before }),
        JSON.stringify({ text: after }),
        JSON.stringify({ turn, run_id: id, op_index: 2 * turn + 1, step_id: stepId }),
      ).lastInsertRowid;
      for (const { type, value, annotation, at: when } of rewards) {
        const note = annotation === null ? null : JSON.stringify(annotation);
        reward.run(event, id, turn, value, type, note, 'environment', isoTime(when));
        for (const name of (annotation as { readonly achievements: readonly string[] } | null)?.achievements ?? [])
          achieved.add(name);
      }
    }
    const achievements = JSON.stringify({ achievements: [...achieved] });
    outcome.run(id, achieved.size, achieved.size, turns, isoTime(startedAt), achievements);
  };
}

/** As the original tools record a call: with the request's messages, so that every picture is in it twice. */
function recordText(call: ModelCall, name: string): string {
  const record = callRecord(call, name);
  const raw = { messages: call.messages, ...call.request };
  // A key that is there keeps its place: the request comes before what a reader looks for.
  return JSON.stringify([{ ...record, request_params: { ...(record['request_params'] as object), raw_params: raw } }]);
}
