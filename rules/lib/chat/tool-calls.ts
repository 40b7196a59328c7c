import { jsonText, tryParseJsonText } from './json-text.js';
import { isMap, isTruthy, type JsonMap, type JsonValue } from './json-value.js';

export type ToolCall = {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
};

/** Recorded tool calls, in whichever of the known forms, as chat completions have them. */
export function toolCallsOf(calls: JsonValue | undefined): ToolCall[] {
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((call, index) => (isMap(call) ? [toolCallOf(call, index)] : []));
}

function toolCallOf(call: JsonMap, index: number): ToolCall {
  const inner = call.get('function');
  const called: JsonMap = isMap(inner) ? inner : new Map<string, JsonValue>();
  const args = argumentsOf(call, called);
  return {
    id: asText(firstTruthy(call.get('id'), call.get('call_id')) ?? `call_${index}`),
    type: 'function',
    function: {
      name: asText(firstTruthy(call.get('name'), called.get('name')) ?? 'tool'),
      arguments: args === undefined || args === null ? '{}' : asText(args),
    },
  };
}

/** Those of the function, where it has the key; else those beside it. Where either are null, their text may say them. */
function argumentsOf(call: JsonMap, called: JsonMap): JsonValue | undefined {
  const args = called.has('arguments') ? called.get('arguments') : call.get('arguments');
  const json = call.get('arguments_json');
  if ((args !== undefined && args !== null) || typeof json !== 'string') return args;
  const parsed = tryParseJsonText(json);
  return parsed === undefined ? json : parsed;
}

function firstTruthy(...values: readonly (JsonValue | undefined)[]): JsonValue | undefined {
  return values.find((value) => isTruthy(value));
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : jsonText(value);
}
