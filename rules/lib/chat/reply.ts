import { type Compat, type Content, contentOf, NO_CONTENT } from './content.js';
import { jsonText, tryParseJsonText } from './json-text.js';
import { isFilledText, isMap, type JsonMap, type JsonValue } from './json-value.js';
import { type ToolCall, toolCallsOf } from './tool-calls.js';

export interface Reply extends Content {
  readonly toolCalls: readonly ToolCall[];
}

/** What a model answered: from the recorded text (a whole response, or just what it said), else the recorded calls. */
export function replyOf(
  outputText: JsonValue | undefined,
  outputToolCalls: JsonValue | undefined,
  compat: Compat,
): Reply {
  const said = isFilledText(outputText) ? replyOfText(outputText, compat) : { ...NO_CONTENT, toolCalls: [] };
  return said.toolCalls.length > 0 ? said : { ...said, toolCalls: toolCallsOf(outputToolCalls) };
}

function replyOfText(text: string, compat: Compat): Reply {
  const response = tryParseJsonText(text);
  if (isMap(response)) {
    const message = firstMessage(response);
    if (message === undefined) return { ...NO_CONTENT, toolCalls: [] };
    return { ...messageContent(message.get('content'), compat), toolCalls: toolCallsOf(message.get('tool_calls')) };
  }
  const dropped =
    response === null ||
    compat === 'reference' ||
    isBlank(text) ||
    // A response that the recorder cut.
    (response === undefined && /^[ \t\n\r\f\v]*\{[^]*…[ \t\n\r\f\v]*$/.test(text));
  return { ...NO_CONTENT, content: dropped ? '' : text, toolCalls: [] };
}

function firstMessage(response: JsonMap): JsonMap | undefined {
  const choices = response.get('choices');
  const choice = Array.isArray(choices) ? choices[0] : undefined;
  const message = isMap(choice) ? choice.get('message') : undefined;
  return isMap(message) ? message : undefined;
}

function messageContent(content: JsonValue | undefined, compat: Compat): Content {
  if (content === undefined || content === null) return NO_CONTENT;
  if (Array.isArray(content)) return contentOf(content, compat);
  return { content: typeof content === 'string' ? content : jsonText(content), hasImage: false };
}

function isBlank(text: string): boolean {
  return /^[ \t\n\r\f\v]*$/.test(text);
}
