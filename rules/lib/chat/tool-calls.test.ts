import test from 'ava';
import { parseJsonText } from './json-text.js';
import { toolCallsOf } from './tool-calls.js';

const argumentsOf = (call: string) => toolCallsOf(parseJsonText(`[${call}]`))[0]?.function.arguments;

test('arguments: those of the function, else those beside it, else their text', (t) => {
  for (const [call, expected] of [
    ['{"function": {"arguments": "{\\"a\\":1}"}, "arguments": "x"}', '{"a":1}'],
    ['{"function": {"arguments": null}, "arguments": "x", "arguments_json": "{\\"a\\":1}"}', '{"a": 1}'],
    ['{"function": {"arguments": null}, "arguments": "x"}', '{}'],
    ['{"function": {"name": "f"}, "arguments": "x", "arguments_json": "{\\"a\\":1}"}', 'x'],
    ['{"function": {"name": "f"}, "arguments": null, "arguments_json": "{\\"a\\":1}"}', '{"a": 1}'],
    ['{"arguments_json": "{\\"a\\":1"}', '{"a":1'],
    ['{"arguments_json": "null"}', '{}'],
    ['{"arguments": false, "arguments_json": "1"}', 'false'],
    ['{}', '{}'],
  ] as const)
    t.is(argumentsOf(call), expected, call);
});

test('names and ids: the first that says something, else made up', (t) => {
  const calls = toolCallsOf(
    parseJsonText('[5, {"name": "", "function": {"name": 0.5}, "id": [], "call_id": {"a": 1}}, {"function": "f"}]'),
  );
  t.deepEqual(
    calls.map(({ id, function: { name } }) => [id, name]),
    [
      ['{"a": 1}', '0.5'],
      ['call_2', 'tool'],
    ],
  );
});
