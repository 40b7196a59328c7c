import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import sharp from 'sharp';
import { play } from '../lib/testing/play.js';
import { ownTextures } from './art/textures.js';
import rollouts from './rollouts.js';
import { Crafter } from './sim/crafter.js';

async function record(t: ExecutionContext, params: object): Promise<Database.Database> {
  const { outputs } = await play(rollouts, { params });
  const folder = mkdtempSync(join(tmpdir(), 'rollouts-'));
  writeFileSync(join(folder, 'db'), outputs['db'] ?? '');
  const db = new Database(join(folder, 'db'), { readonly: true });
  t.teardown(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  return db;
}

const TABLES = ['session_traces', 'session_timesteps', 'events', 'messages', 'outcome_rewards', 'event_rewards'];

/** Everything that was recorded of some sessions. */
const rowsOf = (db: Database.Database, session: string) =>
  TABLES.map((table) => db.prepare(`SELECT * FROM ${table} WHERE session_id = ? ORDER BY 1`).all(session));

interface CallRecord {
  input_messages: { role: string; parts: { type: string; text: string | null; uri: string | null }[] }[];
  output_tool_calls: { name: string; arguments_json: string }[];
  request_params: { raw_params: { messages?: unknown; tools: unknown[]; tool_choice: string } };
}
const recordsOf = (db: Database.Database): CallRecord[] =>
  db
    .prepare("SELECT call_records FROM events WHERE event_type = 'cais' ORDER BY id")
    .pluck()
    .all()
    .map((text) => (JSON.parse(String(text)) as [CallRecord])[0]);

const SHORT = { steps: 12, policy: { kind: 'scripted', actions: ['move_left', 'do', 'noop'], actions_per_turn: 5 } };

test('a seed more or less moves no other seed, and the order of seeds is that of the list', async (t) => {
  const one = await record(t, { ...SHORT, seeds: 3 });
  const three = await record(t, { ...SHORT, seeds: [5, '2..3'] });
  const name = 'crafter-scripted-both-0003';
  t.deepEqual(rowsOf(three, name), rowsOf(one, name));
  t.deepEqual(three.prepare('SELECT session_id FROM session_traces ORDER BY rowid').pluck().all(), [
    'crafter-scripted-both-0005',
    'crafter-scripted-both-0002',
    'crafter-scripted-both-0003',
  ]);
  t.deepEqual(three.pragma('foreign_key_check'), []);
  t.is(three.pragma('journal_mode', { simple: true }), 'delete');
});

test('a turn is a model call and what the environment answered', async (t) => {
  const db = await record(t, { ...SHORT, seeds: 1 });
  const events = db.prepare('SELECT event_type, model_name, provider, metadata FROM events ORDER BY id').all() as {
    event_type: string;
    model_name: string | null;
    provider: string | null;
    metadata: string;
  }[];
  // 12 steps in turns of 5: the last one has room for two.
  t.deepEqual(
    events.map(({ event_type, model_name, provider }) => [event_type, model_name, provider]),
    [1, 2, 3].flatMap(() => [
      ['cais', 'scripted', 'vlmbuild'],
      ['environment', null, null],
    ]),
  );
  t.deepEqual(
    events.map(({ metadata }) => (JSON.parse(metadata) as { turn: number }).turn),
    [0, 0, 1, 1, 2, 2],
  );
  const states = db
    .prepare("SELECT system_state_after FROM events WHERE event_type = 'environment' ORDER BY id")
    .pluck();
  t.regex(String(states.all()[2]), /Step: 12\/256/);
  t.deepEqual(db.prepare('SELECT total_steps FROM outcome_rewards').pluck().all(), [3]);
  t.deepEqual(db.prepare('SELECT message_type FROM messages ORDER BY id').pluck().all(), [
    'system',
    'user',
    'tool_use',
    'user',
    'tool_use',
    'user',
    'tool_use',
  ]);
});

test('rows of a turn hold what other readers of the layout look for', async (t) => {
  const db = await record(t, { seeds: 7, mode: 'text', length: 3, policy: { ...SHORT.policy, actions_per_turn: 2 } });
  const session = 'crafter-scripted-text-0007';
  const metadataOf = (table: string) =>
    db
      .prepare(`SELECT metadata FROM ${table}`)
      .pluck()
      .all()
      .map((text): unknown => JSON.parse(String(text)));
  t.deepEqual(metadataOf('session_traces'), [
    {
      ...{ run_id: session, policy_name: 'crafter-react', policy_id: null, env_name: 'crafter', env_id: null },
      ...{ seed: 7, training_session_id: null, synth_base_url: null },
    },
  ]);
  const [first, second] = [0, 1].map((turn) => ({ turn, run_id: session, step_id: `decision_${turn}` }));
  t.deepEqual(metadataOf('events'), [
    { policy_id: null, ...first },
    { ...first, op_index: 1 },
    { policy_id: null, ...second },
    { ...second, op_index: 3 },
  ]);
  const outcome = JSON.parse(String(db.prepare('SELECT reward_metadata FROM outcome_rewards').pluck().get())) as object;
  t.deepEqual(outcome, { achievements: [], final_achievements: [], env_seed: 7, env_id: null, policy_id: null });
  const columns = 'step_id, step_index, turn_number, started_at, completed_at, num_events, num_messages, step_metadata';
  t.deepEqual(db.prepare(`SELECT ${columns} FROM session_timesteps ORDER BY id DESC LIMIT 1`).raw().get(), [
    ...['decision_1', 1, 1, '2025-01-01T00:00:01+00:00', '2025-01-01T00:00:01.500000+00:00', 2, 2, '{}'],
  ]);
  const environment = db.prepare(
    "SELECT terminated, truncated, reward, system_state_before, system_state_after FROM events WHERE event_type = 'environment' ORDER BY id",
  );
  const states = environment.all() as { system_state_before: string; system_state_after: string }[];
  t.like(states[0], { terminated: 0, truncated: 0, reward: 0 });
  t.like(states[1], { terminated: 0, truncated: 1, reward: 0 });
  t.is(states[1]?.system_state_before, states[0]?.system_state_after);
});

test('death is recorded as the end of the game, not of the time', async (t) => {
  const noops = { kind: 'scripted', actions: ['noop'], actions_per_turn: 8 };
  const db = await record(t, { seeds: 1, mode: 'text', steps: 9000, length: 9000, policy: noops });
  const last = "SELECT terminated, truncated FROM events WHERE event_type = 'environment' ORDER BY id DESC LIMIT 1";
  t.deepEqual(db.prepare(last).get(), { terminated: 1, truncated: 0 });
  t.is(db.prepare('SELECT sum(terminated) FROM events').pluck().get(), 1);
});

test('what the player is shown follows the mode, and pictures are stored once', async (t) => {
  const shown = async (mode: string) => {
    const records = recordsOf(await record(t, { ...SHORT, mode, seeds: 1 }));
    for (const { input_messages, request_params } of records) {
      t.deepEqual(
        input_messages.map(({ role }) => role),
        ['system', 'user'],
      );
      t.is(request_params.raw_params.messages, undefined);
      t.is(request_params.raw_params.tools.length, 1);
      t.is(request_params.raw_params.tool_choice, 'required');
    }
    return records.map(({ input_messages }) => input_messages[1]?.parts.map(({ type }) => type).join());
  };
  t.deepEqual(await shown('both'), ['text,image', 'text,image', 'text,image']);
  t.deepEqual(await shown('image'), ['image', 'image', 'image']);
  t.deepEqual(await shown('text'), ['text', 'text', 'text']);
});

test('history names the calls of the turns before', async (t) => {
  const records = recordsOf(await record(t, { ...SHORT, mode: 'text', seeds: 1 }));
  const last = records[2]?.input_messages[1]?.parts[0]?.text ?? '';
  t.deepEqual(last.split('\n').slice(-2), [
    '- interact_many: {"actions":["noop","move_left","do","noop","move_left"]}',
    '- interact_many: {"actions":["move_left","do","noop","move_left","do"]}',
  ]);
});

test('achievements become rewards under the names of either kind of reader', async (t) => {
  const db = await record(t, { seeds: 3, steps: 100, mode: 'text', policy: { kind: 'expert' } });
  const rewards = db.prepare('SELECT reward_type, reward_value, annotation FROM event_rewards ORDER BY id').all() as {
    reward_type: string;
    reward_value: number;
    annotation: string | null;
  }[];
  const unique = rewards.filter(({ reward_type }) => reward_type === 'unique_achievement_delta');
  const names = unique.flatMap(({ annotation }) => {
    const { new_unique, achievements } = JSON.parse(annotation ?? '{}') as Record<string, string[]>;
    t.deepEqual(new_unique, achievements);
    return achievements ?? [];
  });
  t.true(names.length >= 10, 'the expert knows what it does');
  const outcome = db.prepare('SELECT * FROM outcome_rewards').get() as {
    total_reward: number;
    achievements_count: number;
    reward_metadata: string;
  };
  t.is(outcome.achievements_count, names.length);
  t.is(outcome.total_reward, names.length);
  const metadata = JSON.parse(outcome.reward_metadata) as Record<string, unknown>;
  t.deepEqual(metadata['achievements'], [...names].sort());
  t.deepEqual(metadata['final_achievements'], metadata['achievements']);
  const deltas = rewards.filter(({ reward_type }) => reward_type === 'achievement_delta');
  const sparse = rewards.filter(({ reward_type }) => reward_type === 'sparse');
  const turns = recordsOf(db).length;
  t.deepEqual([deltas.length, sparse.length], [turns, turns]);
  t.is(
    deltas.reduce((sum, { reward_value }) => sum + reward_value, 0),
    names.length,
  );
});

test('an episode ends at its length, at death, and at the most turns', async (t) => {
  const metaOf = async (params: object) =>
    (await play(rollouts, { params: { mode: 'text', seeds: 1, ...params } })).parts[0]?.meta;
  const noops = { policy: { kind: 'scripted', actions: ['noop'], actions_per_turn: 8 } };
  t.like(await metaOf({ ...noops, steps: 100, length: 20 }), { steps: 20, turns: 3, ending: 'length' });
  t.like(await metaOf({ ...noops, max_steps_per_episode: 2 }), { steps: 16, turns: 2, ending: 'limit' });
  t.like(await metaOf({ ...noops }), { steps: 160, turns: 20, ending: 'limit' });
  t.like(await metaOf({ ...noops, steps: 9000, length: 9000 }), { ending: 'death', health: 0 });
});

test('policies differ by seed or not, and repeat themselves', async (t) => {
  const calls = async (seeds: number, policy: object) =>
    recordsOf(await record(t, { seeds, steps: 24, mode: 'text', policy })).map(
      ({ output_tool_calls }) => output_tool_calls,
    );
  const random = { kind: 'random' };
  t.deepEqual(await calls(1, random), await calls(1, random));
  t.notDeepEqual(await calls(1, random), await calls(2, random));
  t.deepEqual(await calls(1, { kind: 'expert' }), await calls(1, { kind: 'expert' }));
});

test('params that cannot be are refused before anything runs', (t) => {
  const refused = (params: object) => t.false(rollouts.params.safeParse(params).success, JSON.stringify(params));
  refused({});
  refused({ seeds: [1, 1] });
  refused({ seeds: 1, mode: 'sound' });
  refused({ seeds: 1, policy: { kind: 'scripted', actions: ['fly'] } });
  refused({ seeds: 1, policy: { kind: 'expert', skill: 9 } });
  refused({ seeds: 1, size: 5 });
  refused({ seeds: 1, step: 5 });
  refused({ seeds: 1, steps: 90_000, length: 90_000 });
  t.true(rollouts.params.safeParse({ seeds: 1, length: 90_000 }).success);
  t.true(rollouts.params.safeParse({ seeds: 1, steps: 90_000, length: 10_000 }).success);
});

test('frames are what the player saw before the first turn and after each, in every mode', async (t) => {
  const params = { ...SHORT, seeds: [5, 3], size: 32 };
  const wanted = ['frames', 'summary'];
  const both = await play(rollouts, { params, wanted });
  const names = Object.keys(both.outputs).filter((name) => name.startsWith('frames/'));
  t.deepEqual(
    names,
    [3, 5].flatMap((seed) => [0, 1, 2, 3].map((n) => `frames/seed_000${seed}/step_00${n}.png`)),
  );
  const text = await play(rollouts, { params: { ...params, mode: 'text' }, wanted });
  for (const name of names) t.deepEqual(text.outputs[name], both.outputs[name], name);

  const game = new Crafter({ seed: 3, size: [32, 32], length: 256, textures: ownTextures() });
  let frame = game.reset();
  const { actions } = SHORT.policy;
  for (let step = 0; step <= 12; step++) {
    if (step % 5 === 0 || step === 12) {
      const number = Math.ceil(step / 5);
      const png = both.outputs[`frames/seed_0003/step_00${number}.png`];
      t.deepEqual(await sharp(png).raw().toBuffer(), Buffer.from(frame?.data ?? []), `after ${step} steps`);
    }
    frame = game.step((actions[step % actions.length] ?? 'noop') as 'do').frame;
  }
  const unlocked = both.parts.reduce((sum, { meta }) => sum + (meta['achievements'] as string[]).length, 0);
  t.is(
    both.outputs['summary']?.toString(),
    `{
  "model": "scripted",
  "episodes": 2,
  "mean_steps": 3,
  "mean_achievements": ${unlocked / 2},
  "total_tool_calls": 6,
  "output_dir": "."
}
`,
  );
});

test('frames and the summary are what is recorded anyway', async (t) => {
  const plain = await play(rollouts, { params: { ...SHORT, seeds: 4 } });
  const more = await play(rollouts, { params: { ...SHORT, seeds: 4 }, wanted: ['frames', 'summary'] });
  t.deepEqual(more.outputs['db'], plain.outputs['db']);
  t.deepEqual(Object.keys(plain.outputs), ['db']);
});

test('the expert plays for the steps that it has, whichever param says so', async (t) => {
  const short = await play(rollouts, { params: { seeds: 1, length: 30, steps: 30 } });
  const long = await play(rollouts, { params: { seeds: 1, length: 10_000, steps: 30 } });
  const played = ({ parts }: typeof short) => parts.map(({ meta }) => ({ ...meta, ending: '' }));
  t.deepEqual(played(long), played(short));
});
