import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { TRACE_INDEXES, TRACE_TABLES, TRACE_VIEWS } from '../rules/lib/tracing/schema.js';

/** What is in a generated trace database. */
export interface DatabaseShape {
  readonly name: string;
  readonly sessions: number;
  readonly turns: number;
  /** Pixels of a frame's side; 0 for text alone. */
  readonly side: number;
}

/** About what Crafter frames take as PNG. */
const PNG_BYTES: Readonly<Record<number, number>> = { 64: 3_600, 128: 9_000, 256: 21_000 };

const SYSTEM = `You control the player in Crafter, a small open-world survival game.
Gather wood, stone, coal and iron, craft tools, eat, drink, sleep and unlock achievements.
Trees, stone, water, lava, coal and iron cannot be walked on; face one and use do.
Reply with exactly one interact_many call holding two to five actions.
Actions: noop, move_left, move_right, move_up, move_down, do, sleep, place_stone, place_table, place_furnace, place_plant, make_wood_pickaxe, make_stone_pickaxe, make_iron_pickaxe, make_wood_sword, make_stone_sword, make_iron_sword.`;
const ACTIONS = [...SYSTEM.matchAll(/[a-z]+(?:_[a-z]+)+/g)].map(([name]) => name);
const MODEL = 'gpt-4o-mini-2024-07-18';
const PART = Object.fromEntries(
  [
    ...['type', 'text', 'data', 'mime_type', 'uri', 'base64_data', 'size_bytes', 'sha256', 'width', 'height'],
    ...['duration_ms', 'sample_rate', 'channels', 'language'],
  ].map((key) => [key, null]),
);
const NULLS = (...keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, null]));

/** Writes a database as a rollout of the original tools leaves it; the same shape gives the same rows. */
export function generateDatabase(path: string, shape: DatabaseShape): void {
  const db = new Database(path);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  for (const sql of [...TRACE_TABLES, ...TRACE_INDEXES, ...TRACE_VIEWS]) db.exec(sql);
  db.exec('BEGIN');
  for (let session = 0; session < shape.sessions; session++) addSession(db, shape, session);
  db.exec('COMMIT');
  db.close();
}

/** Adds one session: its turns and its outcome. */
export function addSession(db: Database.Database, { turns, side }: DatabaseShape, number: number): void {
  const id = `crafter-${String(number).padStart(6, '0')}`;
  const at = '2025-10-20T09:00:05.250000+00:00';
  db.prepare(
    `INSERT INTO session_traces (session_id, created_at, num_timesteps, num_events, num_messages, metadata)
     VALUES (?, ?, ?, ?, 0, '{}')`,
  ).run(id, at, turns, 2 * turns);
  const event = db.prepare(
    `INSERT INTO events (session_id, event_type, system_instance_id, event_time, model_name, provider, call_records, metadata,
       system_state_before, system_state_after) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
  );
  const reward = db.prepare(
    `INSERT INTO event_rewards (event_id, session_id, turn_number, reward_value, reward_type, annotation, source, created_at)
     VALUES (?, ?, ?, 1.0, ?, ?, 'environment', ?)`,
  );
  for (let turn = 0; turn < turns; turn++) {
    const metadata = JSON.stringify({ policy_id: null, turn, run_id: id, step_id: `decision_${turn}` });
    const record = callRecord(id, turn, side);
    event.run(id, 'cais', 'policy:crafter-react', MODEL, 'openai', JSON.stringify([record]), metadata, null, null);
    const state = JSON.stringify({ text: stateText(turn) });
    const { lastInsertRowid } = event.run(
      ...[id, 'environment', 'environment:crafter', null, null, null, metadata, state, state],
    );
    if (turn % 7 === 3) {
      const name = ACTIONS[turn % ACTIONS.length] ?? '';
      reward.run(lastInsertRowid, id, turn, 'achievement_delta', JSON.stringify({ turned_true: [name] }), at);
      reward.run(lastInsertRowid, id, turn, 'unique_achievement_delta', JSON.stringify({ new_unique: [name] }), at);
    }
  }
  db.prepare(
    `INSERT INTO outcome_rewards (session_id, total_reward, achievements_count, total_steps, created_at, reward_metadata)
     VALUES (?, 3, 1, ?, ?, ?)`,
  ).run(id, turns, at, JSON.stringify({ achievements: ['collect_wood'] }));
}

function stateText(turn: number): string {
  return `Crafter state\nStep: ${turn}/256\nHealth: 9\nPosition: [43, 31]\nFacing: [0, 1]\nInventory: food:9, drink:9, energy:9\nAchievements: none\nNearby (5x5):\ncow zombie zombie sand sand\ncow coal path coal tree\ntree zombie player grass iron\nzombie cow path iron water\ncow coal iron iron zombie\n\nPick the next actions.\n\nEarlier calls:\n- none`;
}

/** A PNG's head, and bytes that no compressor would shorten. */
function frameUrl(session: string, turn: number, side: number): string {
  const bytes = Buffer.alloc(PNG_BYTES[side] ?? side * side);
  const noise = createHash('shake256', { outputLength: bytes.length }).update(`${session} ${turn}`).digest();
  noise.copy(bytes);
  bytes.write('89504e470d0a1a0a0000000d49484452', 'hex');
  bytes.writeUInt32BE(side, 16);
  bytes.writeUInt32BE(side, 20);
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

function callRecord(session: string, turn: number, side: number) {
  const hash = createHash('sha256').update(`${session}/${turn}`).digest('hex');
  const url = side === 0 ? undefined : frameUrl(session, turn, side);
  const args = JSON.stringify({ actions: [ACTIONS[turn % ACTIONS.length], 'do'] });
  const callId = `call_${hash.slice(0, 16)}`;
  const toolCall = { id: callId, type: 'function', function: { name: 'interact_many', arguments: args } };
  const message = { role: 'assistant', content: null, refusal: null, tool_calls: [toolCall] };
  const reply = JSON.stringify({
    id: `chatcmpl-${hash.slice(0, 12)}`,
    object: 'chat.completion',
    created: 1760950805,
    model: MODEL,
    choices: [{ index: 0, finish_reason: 'tool_calls', logprobs: null, message }],
    usage: { prompt_tokens: 1283, completion_tokens: 24, total_tokens: 1307 },
  });
  const text = stateText(turn);
  const image = url === undefined ? [] : [{ type: 'image_url', image_url: { url } }];
  const messages = [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: [{ type: 'text', text }, ...image] },
  ];
  const items = { type: 'string', enum: ['noop', 'do', 'sleep', ...ACTIONS] };
  const properties = { actions: { type: 'array', description: 'Action names, first to last.', items, minItems: 1 } };
  const parameters = { type: 'object', properties, required: ['actions'], additionalProperties: false };
  const tool = { type: 'function', function: { name: 'interact_many', description: 'Run these actions.', parameters } };
  const raw = { messages, model: MODEL, max_tokens: 512, temperature: 0.6, tools: [tool], tool_choice: 'required' };
  const recorded = (role: string, parts: readonly object[]) => ({
    role,
    parts: parts.map((part) => ({ ...PART, ...part })),
    name: null,
    tool_call_id: null,
    metadata: {},
  });
  const picture = url === undefined ? [] : [{ type: 'image', mime_type: 'image/jpeg', uri: url }];
  return {
    call_id: hash.slice(0, 36),
    api_type: 'chat_completions',
    provider: 'openai',
    model_name: MODEL,
    schema_version: '1.0',
    started_at: '2025-10-20T09:00:05.833704+00:00',
    completed_at: '2025-10-20T09:00:07.831704+00:00',
    latency_ms: 1998,
    request_params: {
      ...{ temperature: 0.6, top_p: null, max_tokens: 512, stop: null, top_k: null },
      ...NULLS('presence_penalty', 'frequency_penalty', 'repetition_penalty', 'seed', 'n', 'best_of'),
      ...NULLS('response_format', 'json_mode', 'tool_config'),
      raw_params: raw,
    },
    input_messages: [
      recorded('system', [{ type: 'text', text: SYSTEM }]),
      recorded('user', [{ type: 'text', text }, ...picture]),
    ],
    input_text: null,
    tool_choice: 'auto',
    output_messages: [recorded('assistant', [{ type: 'text', text: reply }])],
    outputs: [],
    output_text: reply,
    output_tool_calls: [
      { name: 'interact_many', arguments_json: args, arguments: null, call_id: callId, index: 0, metadata: {} },
    ],
    usage: { input_tokens: 1283, output_tokens: 24, total_tokens: 1307, cost_usd: null },
    ...NULLS('finish_reason', 'choice_index'),
    tool_results: [],
    ...NULLS('chunks', 'request_raw_json', 'response_raw_json', 'span_id', 'trace_id', 'provider_request_id'),
    request_server_timing: null,
    metadata: { has_tools: true, num_tools: 1 },
    outcome: 'success',
    ...NULLS('error', 'token_traces', 'safety', 'refusal', 'redactions'),
  };
}
