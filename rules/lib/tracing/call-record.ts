import { createHash } from 'node:crypto';
import type { Json, JsonObject } from 'vlmbuild';
import { isoTime } from './time.js';

/** A part of a chat message's content, as chat completion requests have them. */
export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

export interface ChatMessage {
  readonly role: string;
  readonly content: string | readonly ChatPart[];
}

/** One model call: what was sent, and the complete reply. Times in milliseconds since 1970, UTC. */
export interface ModelCall {
  readonly startedAt: number;
  readonly completedAt: number;
  readonly model: string;
  readonly provider: string | null;
  /** The messages as sent. */
  readonly messages: readonly ChatMessage[];
  /** The rest of the request, as sent (`model`, `tools`, `temperature` …); `messages` is left out of it. */
  readonly request: JsonObject;
  /** The complete chat completion response. */
  readonly response: JsonObject;
  /** The reply's tool calls; `arguments` is JSON text. */
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly usage: Usage | null;
}

/** What a call took. What the endpoint did not tell is `null`. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the output, what was thought and not said. */
  readonly reasoningTokens: number | null;
  /** Of the input, what the endpoint knew already. */
  readonly cachedTokens: number | null;
  readonly costUsd: number | null;
}

const EMPTY_PART = {
  type: null,
  text: null,
  data: null,
  mime_type: null,
  uri: null,
  base64_data: null,
  size_bytes: null,
  sha256: null,
  width: null,
  height: null,
  duration_ms: null,
  sample_rate: null,
  channels: null,
  language: null,
};

const SAMPLING = [
  'temperature',
  'top_p',
  'max_tokens',
  'stop',
  'top_k',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'seed',
  'n',
  'best_of',
  'response_format',
  'json_mode',
  'tool_config',
];

/**
 * The full call record of a chat completion, its keys in the order recorders write them. The request is kept without
 * its messages and the reply is never cut, so each image and each reply is stored once where a reader looks for it.
 *
 * @param name what is unique to the call: its `call_id` is made of it.
 */
export function callRecord(call: ModelCall, name: string): JsonObject {
  const raw = Object.fromEntries(Object.entries(call.request).filter(([key]) => key !== 'messages'));
  const reply = JSON.stringify(call.response);
  const tools = Array.isArray(raw['tools']) ? raw['tools'].length : 0;
  return {
    call_id: uuidOf(name),
    api_type: 'chat_completions',
    provider: call.provider,
    model_name: call.model,
    schema_version: '1.0',
    started_at: isoTime(call.startedAt),
    completed_at: isoTime(call.completedAt),
    latency_ms: call.completedAt - call.startedAt,
    request_params: {
      ...Object.fromEntries(SAMPLING.map((key): [string, Json] => [key, raw[key] ?? null])),
      raw_params: raw,
    },
    input_messages: call.messages.map(inputMessage),
    input_text: null,
    tool_choice: raw['tool_choice'] === undefined ? null : 'auto',
    output_messages: [inputMessage({ role: 'assistant', content: reply })],
    outputs: [],
    output_text: reply,
    output_tool_calls: call.toolCalls.map((toolCall, index) => ({
      name: toolCall.name,
      arguments_json: toolCall.arguments,
      arguments: null,
      call_id: toolCall.id,
      index,
      parent_call_id: null,
      metadata: {},
    })),
    usage: call.usage === null ? null : usageRecord(call.usage),
    finish_reason: null,
    choice_index: null,
    tool_results: [],
    chunks: null,
    request_raw_json: null,
    response_raw_json: null,
    span_id: null,
    trace_id: null,
    provider_request_id: null,
    request_server_timing: null,
    metadata: { has_tools: tools > 0, num_tools: tools },
    outcome: 'success',
    error: null,
    token_traces: null,
    safety: null,
    refusal: null,
    redactions: null,
  };
}

function inputMessage(message: ChatMessage): JsonObject {
  const content: readonly ChatPart[] =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
  return {
    role: message.role,
    parts: content.map((part) =>
      part.type === 'text'
        ? { ...EMPTY_PART, type: 'text', text: part.text }
        : { ...EMPTY_PART, type: 'image', mime_type: 'image/jpeg', uri: part.image_url.url },
    ),
    name: null,
    tool_call_id: null,
    metadata: {},
  };
}

function usageRecord(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    reasoning_tokens: usage.reasoningTokens,
    reasoning_input_tokens: null,
    reasoning_output_tokens: null,
    cache_write_tokens: null,
    cache_read_tokens: usage.cachedTokens,
    billable_input_tokens: null,
    billable_output_tokens: null,
    cost_usd: usage.costUsd,
  };
}

/** A version 8 UUID (its bits free to choose) of a text's digest: the same call has the same id on every machine. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
