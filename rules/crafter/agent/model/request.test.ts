import test from 'ava';
import { modelParams } from './params.js';
import { endpointUrl, ignoredSettings, modeFor, requestBody, usageOf } from './request.js';
import { completion } from './testing.js';

const paramsOf = (params: object) => modelParams.parse({ kind: 'model', ...params });
const bodyOf = (params: object) => requestBody(paramsOf(params), 'system', 'user');

test('the address is the base and a path, given with the version or without', (t) => {
  for (const base of ['http://h:1', 'http://h:1/', 'http://h:1/v1', 'http://h:1/v1/'])
    t.is(endpointUrl(base), 'http://h:1/v1/chat/completions');
  t.is(endpointUrl('https://h/api'), 'https://h/api/v1/chat/completions');
});

test('settings are sent only where they are given', (t) => {
  const keys = ['model', 'messages', 'tools', 'tool_choice'];
  t.deepEqual(Object.keys(bodyOf({ model: 'gpt-4o-mini' })), keys);
  t.like(bodyOf({ model: 'gpt-4o-mini' }), { tool_choice: 'required' });
  const settings = { temperature: 0, top_p: 0.9, max_tokens: 512 };
  t.like(bodyOf({ model: 'gpt-4o-mini', ...settings }), settings);
});

test('newer models are asked in their own way', (t) => {
  for (const model of ['gpt-5-nano', 'GPT-4.1-mini']) {
    const params = { model, temperature: 0.6, top_p: 0.9, max_tokens: 512 };
    const body = bodyOf(params);
    t.deepEqual(Object.keys(body), [
      'model',
      'messages',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'max_completion_tokens',
    ]);
    t.deepEqual(body['tool_choice'], { type: 'function', function: { name: 'interact_many' } });
    t.is(body['parallel_tool_calls'], false);
    t.deepEqual(ignoredSettings(paramsOf(params)), ['temperature', 'top_p']);
  }
});

test('what a model is shown follows its name, unless it is said', (t) => {
  const shown = (params: object) => (['text', 'image', 'both'] as const).map((mode) => modeFor(paramsOf(params), mode));
  t.deepEqual(shown({ model: 'gpt-4o-mini-2024-07-18' }), ['text', 'image', 'both']);
  t.deepEqual(shown({ model: 'Qwen/Qwen2.5-VL-7B' }), ['text', 'image', 'both']);
  t.deepEqual(shown({ model: 'llama-3' }), ['text', 'image', 'text']);
  t.deepEqual(shown({ model: 'llama-3', use_vision: true }), ['text', 'image', 'both']);
  t.deepEqual(shown({ model: 'gpt-4o', use_vision: false }), ['text', 'image', 'text']);
});

test('usage is what the reply says, its cost what the endpoint or else the price says', (t) => {
  const price = { input: 2.5, output: 10 };
  t.is(usageOf({ choices: [] }, price), null);
  t.deepEqual(usageOf(completion({}), null), {
    inputTokens: 1000,
    outputTokens: 50,
    reasoningTokens: null,
    cachedTokens: null,
    costUsd: null,
  });
  t.is(usageOf(completion({}), price)?.costUsd, 0.003);
  const detailed = {
    prompt_tokens: 9,
    completion_tokens: 8,
    cost: 0.25,
    completion_tokens_details: { reasoning_tokens: 7 },
    prompt_tokens_details: { cached_tokens: 6 },
  };
  t.deepEqual(usageOf({ usage: detailed }, price), {
    inputTokens: 9,
    outputTokens: 8,
    reasoningTokens: 7,
    cachedTokens: 6,
    costUsd: 0.25,
  });
  for (const usage of [null, 'much', [], { prompt_tokens: 'x' }]) t.is(usageOf({ usage }, price), null);
});
