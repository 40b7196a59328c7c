import test from 'ava';
import { ACTIONS } from '../sim/rules.js';
import { SYSTEM_PROMPT, historyText, seesImages, userContent } from './prompt.js';

const call = (actions: string[]) => ({ id: 'x', name: 'interact_many', arguments: { actions } });

test('the system prompt names the game and every action', (t) => {
  t.regex(SYSTEM_PROMPT, /Crafter/);
  for (const action of ACTIONS) t.true(SYSTEM_PROMPT.includes(action), action);
});

test('history: three lines at most, newest first, arguments compact and cut to 500 characters', (t) => {
  t.deepEqual(historyText([]).split('\n').slice(1), ['- none']);
  const calls = [call(['noop']), call(['do']), { id: 'y', name: 'other', arguments: '{ "é": 1 }' }, call(['sleep'])];
  t.deepEqual(historyText(calls).split('\n').slice(1), [
    '- interact_many: {"actions":["sleep"]}',
    '- other: { "é": 1 }',
    '- interact_many: {"actions":["do"]}',
  ]);
  const long = { id: 'z', name: 'n', arguments: '😀'.repeat(600) };
  t.is(historyText([long]).split('\n')[1], `- n: ${'😀'.repeat(500)}`);
});

test('what a user message holds in each mode', (t) => {
  const text = 'state\n\nPrevious tool calls (newest first):\n- none';
  const image = { type: 'image_url', image_url: { url: 'data:x' } } as const;
  t.is(userContent('text', 'state', [], 'data:x'), text);
  t.deepEqual(userContent('both', 'state', [], 'data:x'), [{ type: 'text', text }, image]);
  t.deepEqual(userContent('image', 'state', [], 'data:x'), [image]);
  t.is(userContent('image', 'state', [], undefined), text);
});

test('models that see are known by their names', (t) => {
  for (const name of ['GPT-4o-mini-2024-07-18', 'Qwen/Qwen2.5-VL-7B', 'gpt-4.1-nano', 'claude-3-haiku'])
    t.true(seesImages(name), name);
  for (const name of ['gpt-3.5-turbo', 'qwen3-32b', 'expert']) t.false(seesImages(name), name);
});
