import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { type Json, type JsonObject, UserError } from 'vlmbuild';
import { play } from '../lib/testing/play.js';
import { type Asked, type Told, calling, completion, serveChat } from './agent/model/testing.js';
import rollouts from './rollouts.js';

const secrets = { OPENAI_API_KEY: 'sk-1' };

/** Has a model play that answers so. */
async function playModel(
  t: ExecutionContext,
  answer: (asked: Asked, index: number) => Told,
  params: { readonly policy?: object; readonly [name: string]: unknown } = {},
  answers = new Map<string, Json>(),
) {
  const { url, asked } = await serveChat(t, answer);
  // The address is part of every question: a later server is the same endpoint.
  const policy = { kind: 'model', model: 'gpt-4o-mini', base_url: url, tries: 1, ...params.policy };
  const run = (changed: object = {}) =>
    play(rollouts, {
      params: { seeds: 1, size: 32, mode: 'text', max_steps_per_episode: 3, ...params, policy, ...changed },
      secrets,
      answers,
    });
  return { run, asked };
}

function rowsOf<T>(t: ExecutionContext, bytes: Buffer | undefined, sql: string): T[] {
  const folder = mkdtempSync(join(tmpdir(), 'rollouts-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'db'), bytes ?? '');
  const db = new Database(join(folder, 'db'), { readonly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}

const contentTypes = ({ body }: Asked): unknown => {
  const [system, user, ...more] = body['messages'] as { role: string; content: string | { type: string }[] }[];
  if (system?.role !== 'system' || user?.role !== 'user' || more.length > 0) return 'not two messages';
  return typeof user.content === 'string' ? 'words' : user.content.map(({ type }) => type);
};

test('a model is asked turn by turn, shown what the mode says, and recorded', async (t) => {
  for (const [mode, shown] of [
    ['text', 'words'],
    ['image', ['image_url']],
    ['both', ['text', 'image_url']],
  ] as const) {
    const { run, asked } = await playModel(t, () => ({ body: calling(['move_left', 'do']) }), {
      mode,
      policy: { temperature: 0.6, price: { input: 100, output: 100 } },
    });
    const { outputs, parts } = await run();
    t.deepEqual(asked.map(contentTypes), [shown, shown, shown]);
    t.is(asked[0]?.path, '/v1/chat/completions');
    t.is(asked[0]?.body['temperature'], 0.6);
    t.like(parts[0]?.meta, {
      turns: 3,
      steps: 6,
      toolCalls: 3,
      ending: 'limit',
      usage: { inputTokens: 3000, outputTokens: 150 },
    });
    const calls = rowsOf<{ model_name: string; provider: string; cost_usd: number; call_records: string }>(
      t,
      outputs['db'],
      "SELECT * FROM events WHERE event_type = 'cais' ORDER BY id",
    );
    t.is(calls.length, 3);
    t.like(calls[0], { model_name: 'gpt-4o-mini', provider: '127.0.0.1', input_tokens: 1000, total_tokens: 1050 });
    t.is(calls[0]?.cost_usd, 10, 'cents, cut');
    const [record] = JSON.parse(calls[0]?.call_records ?? '[]') as [JsonObject];
    t.like(record, { usage: { cost_usd: 0.105 }, output_text: JSON.stringify(calling(['move_left', 'do'])) });
    t.false(JSON.stringify(record['request_params']).includes('messages'));
  }
});

test('a model that does not see is told in words, and that is said', async (t) => {
  const { run, asked } = await playModel(t, () => ({ body: calling(['noop']) }), {
    mode: 'both',
    policy: { model: 'llama-3' },
  });
  const { log } = await run();
  t.deepEqual(asked.map(contentTypes), ['words', 'words', 'words']);
  t.true(log.some((line) => line.includes('use_vision')));
});

test('what was answered is asked by nobody again: after a failure, for more seeds, in longer episodes', async (t) => {
  const answers = new Map<string, Json>();
  let isDown = true;
  const { run, asked } = await playModel(
    t,
    (_, index) => (isDown && index === 4 ? { status: 500, body: '' } : { body: calling(['move_right', 'noop']) }),
    { seeds: '1..2', mode: 'image' },
    answers,
  );
  const failure = await t.throwsAsync(run(), { instanceOf: UserError });
  t.regex(failure.message, /answered 500/);
  t.is(asked.length, 5);
  isDown = false;
  const { parts, outputs } = await run();
  t.is(asked.length, 7, 'the question that failed, and the one after it');
  t.deepEqual(
    parts.map(({ meta }) => meta['turns']),
    [3, 3],
  );
  const again = await run();
  t.is(asked.length, 7);
  t.true(again.outputs['db']?.equals(outputs['db'] ?? Buffer.alloc(0)), 'answers make the same bytes');
  await run({ seeds: '1..3' });
  t.is(asked.length, 10);
  await run({ max_steps_per_episode: 4 });
  t.is(asked.length, 12);
});

test('seeds that start alike, and turns in which nothing seems to happen, get a reply each', async (t) => {
  const { run, asked } = await playModel(t, () => ({ body: calling(['noop']) }), { seeds: '1..2', mode: 'text' });
  await run();
  const first = asked.map(({ body }) => JSON.stringify(body)).filter((body) => body.includes('Step: 0/'));
  t.is(first.length, 2);
  t.is(new Set(first).size, 1, 'as words tell it, both start in the same place');
  // In a world of one cell nothing is seen to change but the light, and that little at noon, after 56 steps.
  const still = await playModel(t, (_, turn) => ({ body: calling(Array(turn < 7 ? 8 : 1).fill('noop')) }), {
    ...{ mode: 'image', area: [1, 1], max_steps_per_episode: 12 },
  });
  await still.run();
  t.is(still.asked.length, 12);
  t.true(new Set(still.asked.map(({ body }) => JSON.stringify(body))).size < 12);
});

test('replies that are no proper calls are understood as far as they can be', async (t) => {
  const played = async (reply: JsonObject) => {
    const { run } = await playModel(t, () => ({ body: reply }), { max_steps_per_episode: 1 });
    const { parts, log } = await run();
    return { ...(parts[0]?.meta as { steps: number; turns: number; ending: string }), log };
  };
  t.like(await played(completion({ content: 'I would rather not.' })), { steps: 0, turns: 1, ending: 'no tool call' });
  t.like(await played(completion({ content: null })), { steps: 0, turns: 1, ending: 'no tool call' });
  t.like(await played(completion({ content: '<action>left</action><action>do</action>' })), { steps: 2 });
  const wrong = await played(calling(['fly', 'move_up', 99]));
  t.is(wrong.steps, 1);
  t.deepEqual(wrong.log.slice(0, 2), ['unknown action "fly": skipped', 'unknown action 99: skipped']);
  t.like(await played(calling([], 'move_up')), { steps: 1 });
  t.like(await played(calling([])), { steps: 1 });
  const broken = { id: 'c', type: 'function', function: { name: 'interact_many', arguments: '{"actions": ["do' } };
  t.like(await played(completion({ content: null, tool_calls: [null, broken] })), { steps: 1, ending: 'limit' });
});

test('a key that is not there is named before anything is asked', async (t) => {
  const { run, asked } = await playModel(t, () => ({ body: calling(['noop']) }), { policy: { secret: 'MY_KEY' } });
  const error = await t.throwsAsync(run(), { instanceOf: UserError, message: /no secret `MY_KEY`/ });
  t.regex(error instanceof UserError ? (error.next ?? '') : '', /secrets: \[MY_KEY\]/);
  t.is(asked.length, 0);
});

test('episodes wait for a model together, and compute each on their own', (t) => {
  const concurrency = (policy: object) =>
    rollouts.shape === 'parts'
      ? rollouts.concurrency?.({ params: rollouts.params.parse({ seeds: 1, concurrency: 4, policy }) })
      : t.fail();
  t.is(concurrency({ kind: 'model', model: 'm' }), 4);
  t.is(concurrency({ kind: 'expert' }), undefined);
});
