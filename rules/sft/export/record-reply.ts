import type { Compat } from '../../lib/chat/content.js';
import { jsonText, parseJsonText } from '../../lib/chat/json-text.js';
import { type Reply, replyOf } from '../../lib/chat/reply.js';
import type { ToolCall } from '../../lib/chat/tool-calls.js';

/** The bytes of a value. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Longer replies may be nested so deeply, or have such numbers, that `parseJsonText` refuses what `JSON.parse` takes. */
const SHORT_REPLY = 2000;

/**
 * The text of the message that answers, and of what closes the list of messages, which goes on with it; undefined where
 * there is none.
 *
 * @param outputText of a string, its quotes included; undefined where it is null.
 */
export function replyMessage(
  records: Buffer,
  outputText: Extent | undefined,
  toolCalls: Extent | undefined,
  compat: Compat,
): { readonly text: string; readonly hasImage: boolean } | undefined {
  const text = outputText && (JSON.parse(textOf(records, outputText)) as string);
  const reply = readReply(text, toolCalls && textOf(records, toolCalls), compat);
  if (reply.content === '' && reply.toolCalls.length === 0) return undefined;
  return { text: `, {"role": "assistant", "content": ${replyText(reply)}}]`, hasImage: reply.hasImage };
}

function readReply(text: string | undefined, toolCalls: string | undefined, compat: Compat): Reply {
  const quick = text === undefined || text === '' ? undefined : quickReply(text);
  if (quick !== undefined && quick.toolCalls.length > 0) return quick;
  return replyOf(text, toolCalls === undefined ? undefined : parseJsonText(toolCalls), compat);
}

function textOf(records: Buffer, { start, end }: Extent): string {
  return records.toString('utf8', start, end);
}

function replyText({ content, toolCalls }: Reply): string {
  const said = typeof content === 'string' ? JSON.stringify(content) : jsonText(content);
  if (toolCalls.length === 0) return said;
  return `${said}, "tool_calls": [${toolCalls.map(toolCallText).join(', ')}]`;
}

function toolCallText({ id, function: { name, arguments: args } }: ToolCall): string {
  return `{"id": ${JSON.stringify(id)}, "type": "function", "function": {"name": ${JSON.stringify(name)}, "arguments": ${JSON.stringify(args)}}}`;
}

/**
 * The reply of a short complete response whose tool calls are all in the form that chat completions have, and whose
 * content is text or null; undefined for any other, which `replyOf` reads.
 */
function quickReply(text: string): Reply | undefined {
  if (text.length > SHORT_REPLY) return undefined;
  let response: unknown;
  try {
    response = JSON.parse(text);
  } catch {
    return undefined;
  }
  const choices = memberOf(response, 'choices');
  const message = memberOf(Array.isArray(choices) ? choices[0] : undefined, 'message');
  const content = memberOf(message, 'content') ?? null;
  const calls = memberOf(message, 'tool_calls');
  if (!Array.isArray(calls) || (content !== null && typeof content !== 'string')) return undefined;
  const toolCalls: ToolCall[] = [];
  for (const call of calls) {
    const called = memberOf(call, 'function');
    const id = memberOf(call, 'id');
    const name = memberOf(called, 'name');
    const args = memberOf(called, 'arguments');
    if (!isFilled(id) || !isFilled(name) || typeof args !== 'string') return undefined;
    // A name beside the function would come first.
    if (memberOf(call, 'name') !== undefined) return undefined;
    toolCalls.push({ id, type: 'function', function: { name, arguments: args } });
  }
  return { content: content ?? '', hasImage: false, toolCalls };
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** An own member of an object that is no list. */
function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
    return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
