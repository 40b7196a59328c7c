import type { Database, Statement } from 'better-sqlite3';
import type { Json, JsonObject } from 'vlmbuild';
import { callRecord, type ModelCall } from './call-record.js';
import { EPISODE_TABLES, TRACE_INDEXES, TRACE_TABLES, TRACE_VIEWS } from './schema.js';
import { isoTime } from './time.js';

/** The ids an episode may use in each table: `first`, `first + 1` … `count` of them. At least 1, exact as a double. */
export interface IdBlock {
  readonly first: number;
  readonly count: number;
}

/** What is written of an episode's session. Times everywhere are whole milliseconds since 1970, UTC. */
export interface TraceSession {
  readonly sessionId: string;
  readonly createdAt: number;
  /** By convention: run_id, policy_name, policy_id, env_name, env_id, seed, training_session_id, synth_base_url. */
  readonly metadata: JsonObject;
  readonly ids: IdBlock;
}

export type MessageType = 'user' | 'assistant' | 'system' | 'tool_use' | 'tool_result';

export interface RewardRow {
  readonly type: string;
  readonly value: number;
  readonly annotation: Json;
  readonly at: number;
}

/** Makes the tables, indexes and views in a new database, and gets it ready for recording. */
export function createTraceDatabase(db: Database): void {
  db.pragma('journal_mode = WAL');
  // The file is staged: a crash costs this episode, not a database that was there before.
  db.pragma('synchronous = OFF');
  db.pragma('foreign_keys = ON');
  db.transaction(() => {
    for (const statement of [...TRACE_TABLES, ...TRACE_INDEXES, ...TRACE_VIEWS]) db.exec(statement);
  })();
}

/** Brings everything into the one file and leaves no side files behind when the database is closed. */
export function finishTraceDatabase(db: Database): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('journal_mode = DELETE');
}

/**
 * Copies the rows of episode databases into one, as they are: each episode owns its block of ids, so that adding one
 * moves no other's.
 */
export function mergeTraceDatabases(db: Database, paths: Iterable<string>): void {
  const attach = db.prepare('ATTACH DATABASE ? AS episode');
  for (const path of paths) {
    attach.run(path);
    try {
      db.transaction(() => {
        for (const table of EPISODE_TABLES) db.exec(`INSERT INTO main.${table} SELECT * FROM episode.${table}`);
      })();
    } finally {
      db.exec('DETACH DATABASE episode');
    }
  }
}

/**
 * Records one episode. A turn is one transaction:
 *
 *     open --beginTurn--> turn --endTurn--> open … --outcome--> open --close--> closed
 *                          \--message, modelCall, environment, reward
 *
 * Ids come from the episode's block, times from the caller: the same episode gives the same rows.
 */
export class TraceWriter {
  private readonly statements: Record<'timestep' | 'event' | 'message' | 'outcome' | 'reward' | 'counts', Statement>;
  private readonly used = { timestep: 0, event: 0, message: 0, outcome: 0, reward: 0 };
  private turn: { readonly number: number; readonly timestepId: number; events: number; messages: number } | null =
    null;

  /** @param db made by `createTraceDatabase`; closing it is the caller's. */
  constructor(
    private readonly db: Database,
    private readonly session: TraceSession,
  ) {
    const insert = (table: string, columns: string) =>
      db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.replace(/"?(\w+)"?/g, '@$1')})`);
    this.statements = {
      timestep: insert(
        'session_timesteps',
        'id, session_id, step_id, step_index, turn_number, started_at, completed_at, num_events, num_messages, step_metadata',
      ),
      event: insert(
        'events',
        'id, session_id, timestep_id, event_type, system_instance_id, event_time, model_name, provider, input_tokens, ' +
          'output_tokens, total_tokens, cost_usd, latency_ms, call_records, reward, terminated, truncated, ' +
          'system_state_before, system_state_after, metadata',
      ),
      message: insert('messages', 'id, session_id, timestep_id, message_type, content, event_time, metadata'),
      outcome: insert(
        'outcome_rewards',
        'id, session_id, total_reward, achievements_count, total_steps, created_at, reward_metadata',
      ),
      reward: insert(
        'event_rewards',
        'id, event_id, session_id, turn_number, reward_value, reward_type, annotation, source, created_at',
      ),
      counts: db.prepare(
        'UPDATE session_traces SET num_timesteps = ?, num_events = ?, num_messages = ? WHERE session_id = ?',
      ),
    };
    insert('session_traces', 'session_id, created_at, num_timesteps, num_events, num_messages, metadata').run({
      session_id: session.sessionId,
      created_at: isoTime(session.createdAt),
      num_timesteps: 0,
      num_events: 0,
      num_messages: 0,
      metadata: JSON.stringify(session.metadata),
    });
  }

  /** Starts turn `number` (from 0): its timestep row is written when the turn ends. */
  beginTurn(number: number, startedAt: number): void {
    if (this.turn !== null) throw new Error('a turn is open already');
    this.db.exec('BEGIN');
    const timestepId = this.id('timestep');
    this.turn = { number, timestepId, events: 0, messages: 0 };
    this.statements.timestep.run({
      id: timestepId,
      session_id: this.session.sessionId,
      step_id: `decision_${number}`,
      step_index: number,
      turn_number: number,
      started_at: isoTime(startedAt),
      completed_at: null,
      num_events: 0,
      num_messages: 0,
      step_metadata: '{}',
    });
  }

  endTurn(completedAt: number): void {
    const turn = this.openTurn();
    this.db
      .prepare('UPDATE session_timesteps SET completed_at = ?, num_events = ?, num_messages = ? WHERE id = ?')
      .run(isoTime(completedAt), turn.events, turn.messages, turn.timestepId);
    this.statements.counts.run(this.used.timestep, this.used.event, this.used.message, this.session.sessionId);
    this.db.exec('COMMIT');
    this.turn = null;
  }

  /** @param content plain text, or the JSON text of a structured payload. */
  message(type: MessageType, content: string, at: number): void {
    const turn = this.openTurn();
    turn.messages++;
    this.statements.message.run({
      id: this.id('message'),
      session_id: this.session.sessionId,
      timestep_id: turn.timestepId,
      message_type: type,
      content,
      event_time: at / 1000,
      metadata: JSON.stringify({ turn: turn.number, step_id: `decision_${turn.number}` }),
    });
  }

  /** A `cais` event with one call record. `system` is e.g. `policy:crafter-react`. Returns the event's id. */
  modelCall(system: string, call: ModelCall, metadata: JsonObject = {}): number {
    const turn = this.openTurn();
    const id = this.event('cais', system, call.startedAt, {
      model_name: call.model,
      provider: call.provider,
      input_tokens: call.usage?.inputTokens ?? null,
      output_tokens: call.usage?.outputTokens ?? null,
      total_tokens: call.usage === null ? null : call.usage.inputTokens + call.usage.outputTokens,
      cost_usd: wholeCents(call.usage?.costUsd ?? null),
      latency_ms: call.completedAt - call.startedAt,
      call_records: JSON.stringify([callRecord(call, `${this.session.sessionId}/${this.used.event}`)]),
      metadata: JSON.stringify({
        policy_id: null,
        turn: turn.number,
        run_id: this.session.sessionId,
        step_id: `decision_${turn.number}`,
        ...metadata,
      }),
    });
    return id;
  }

  /** An `environment` event: the observation texts before and after, never a picture. Returns the event's id. */
  environment(
    system: string,
    step: {
      readonly at: number;
      readonly before: string;
      readonly after: string;
      readonly reward: number;
      readonly terminated: boolean;
      readonly truncated: boolean;
    },
  ): number {
    const turn = this.openTurn();
    return this.event('environment', system, step.at, {
      reward: step.reward,
      terminated: Number(step.terminated),
      truncated: Number(step.truncated),
      system_state_before: JSON.stringify({ text: step.before }),
      system_state_after: JSON.stringify({ text: step.after }),
      metadata: JSON.stringify({
        turn: turn.number,
        run_id: this.session.sessionId,
        op_index: 2 * turn.number + 1,
        step_id: `decision_${turn.number}`,
      }),
    });
  }

  /** A reward of an event of the open turn. */
  reward(eventId: number, reward: RewardRow): void {
    this.statements.reward.run({
      id: this.id('reward'),
      event_id: eventId,
      session_id: this.session.sessionId,
      turn_number: this.openTurn().number,
      reward_value: reward.value,
      reward_type: reward.type,
      annotation: reward.annotation === null ? null : JSON.stringify(reward.annotation),
      source: 'environment',
      created_at: isoTime(reward.at),
    });
  }

  /** The end of the episode. `totalReward` is cut to its integer part, as the column is. */
  outcome(outcome: {
    readonly totalReward: number;
    readonly achievementsCount: number;
    readonly totalSteps: number;
    readonly at: number;
    readonly metadata: JsonObject;
  }): void {
    this.statements.outcome.run({
      id: this.id('outcome'),
      session_id: this.session.sessionId,
      total_reward: Math.trunc(outcome.totalReward),
      achievements_count: outcome.achievementsCount,
      total_steps: outcome.totalSteps,
      created_at: isoTime(outcome.at),
      reward_metadata: JSON.stringify(outcome.metadata),
    });
  }

  private event(type: 'cais' | 'environment', system: string, at: number, columns: Record<string, unknown>): number {
    const turn = this.openTurn();
    turn.events++;
    const id = this.id('event');
    this.statements.event.run({
      ...NO_EVENT,
      id,
      session_id: this.session.sessionId,
      timestep_id: turn.timestepId,
      event_type: type,
      system_instance_id: system,
      event_time: at / 1000,
      ...columns,
    });
    return id;
  }

  private openTurn(): NonNullable<TraceWriter['turn']> {
    if (this.turn === null) throw new Error('no turn is open');
    return this.turn;
  }

  private id(table: keyof TraceWriter['used']): number {
    const { first, count } = this.session.ids;
    if (this.used[table] >= count) throw new Error(`the episode needs more than ${count} ${table} ids`);
    return first + this.used[table]++;
  }
}

/** The column holds cents, cut to whole ones; the call record has the exact figure. */
const wholeCents = (usd: number | null): number | null => (usd === null ? null : Math.trunc(usd * 100));

const NO_EVENT = {
  model_name: null,
  provider: null,
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  cost_usd: null,
  latency_ms: null,
  call_records: null,
  reward: null,
  terminated: null,
  truncated: null,
  system_state_before: null,
  system_state_after: null,
  metadata: null,
};
