/** The request for a turn, and what its reply says of its price. */
import type { JsonObject } from 'vlmbuild';
import type { Usage } from '../../../lib/tracing/call-record.js';
import { type Mode, type UserContent, seesImages } from '../prompt.js';
import { TOOL, TOOL_NAME } from '../tools.js';
import type { ModelParams } from './params.js';

/** `BASE/v1/chat/completions`, also where the base ends in `/v1` already. */
export function endpointUrl(base: string): string {
  const root = base.replace(/\/+$/, '');
  return `${root}${root.endsWith('/v1') ? '' : '/v1'}/chat/completions`;
}

/** Newer models of OpenAI take no sampling settings, and call the limit by another name. */
const isStrict = (model: string): boolean => /gpt-5|gpt-4\.1/i.test(model);

/** What is left out of requests although it is configured. */
export const ignoredSettings = ({ model, temperature, top_p }: ModelParams): string[] =>
  isStrict(model)
    ? Object.entries({ temperature, top_p }).flatMap(([name, value]) => (value === null ? [] : [name]))
    : [];

/** What a model is shown: without eyes for pictures it is told in words, unless pictures are all there is. */
export const modeFor = ({ model, use_vision: vision }: ModelParams, mode: Mode): Mode =>
  mode === 'both' && !(vision ?? seesImages(model)) ? 'text' : mode;

export function requestBody(params: ModelParams, system: string, user: UserContent): JsonObject {
  const { model, temperature, top_p, max_tokens } = params;
  const strict = isStrict(model);
  return {
    model,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    tools: [TOOL],
    tool_choice: strict ? { type: 'function', function: { name: TOOL_NAME } } : 'required',
    ...(strict ? { parallel_tool_calls: false } : {}),
    ...(temperature === null || strict ? {} : { temperature }),
    ...(top_p === null || strict ? {} : { top_p }),
    ...(max_tokens === null ? {} : { [strict ? 'max_completion_tokens' : 'max_tokens']: max_tokens }),
  };
}

const count = (value: unknown): number | null => (typeof value === 'number' && value >= 0 ? value : null);

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const PER_PRICE = 1_000_000;

/** What a reply says it took; its cost as the endpoint says (`usage.cost`, in US dollars), else by the price given. */
export function usageOf(response: JsonObject, price: ModelParams['price']): Usage | null {
  const { usage } = response;
  const input = count(field(usage, 'prompt_tokens'));
  const output = count(field(usage, 'completion_tokens'));
  if (input === null && output === null) return null;
  const inputTokens = input ?? 0;
  const outputTokens = output ?? 0;
  const priced = price === null ? null : (inputTokens * price.input + outputTokens * price.output) / PER_PRICE;
  return {
    inputTokens,
    outputTokens,
    reasoningTokens: count(field(field(usage, 'completion_tokens_details'), 'reasoning_tokens')),
    cachedTokens: count(field(field(usage, 'prompt_tokens_details'), 'cached_tokens')),
    costUsd: count(field(usage, 'cost')) ?? priced,
  };
}
