import type { Compat, Content } from '../../lib/chat/content.js';
import { contentOf } from '../../lib/chat/content.js';
import { stringEnd, valueEnd } from '../../lib/chat/canonical-walk.js';
import { CLOSE_LIST, COMMA, OPEN_LIST, OPEN_OBJECT, QUOTE } from '../../lib/chat/json-bytes.js';
import { rewriteJson } from '../../lib/chat/json-rewriter.js';
import { parseJsonText, writeJsonText } from '../../lib/chat/json-text.js';
import { unescapedJson } from '../../lib/chat/json-unescape.js';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { type ToolCall, toolCallsOf } from '../../lib/chat/tool-calls.js';
import type { Extent } from './record-reply.js';

/** What a reply says, and how that is written. */
interface Said {
  readonly hasImage: boolean;
  readonly calls: readonly ToolCall[];
  /** Undefined for nothing. */
  readonly write: (() => void) | undefined;
}

const NOTHING: Said = { hasImage: false, calls: [], write: undefined };

/**
 * Writes what `replyMessage` gives, but of a text of any length: it is passed as bytes, where as text it would be held
 * several times. False where there is none; undefined where it is left to `replyMessage`.
 *
 * @param outputText of a string, its quotes included.
 */
export function writeLongReply(
  records: Buffer,
  outputText: Extent,
  toolCalls: Extent | undefined,
  compat: Compat,
  writer: LineWriter,
): { readonly hasImage: boolean } | false | undefined {
  const said = new LongReply(records.subarray(outputText.start, outputText.end), compat, writer).read();
  if (said === undefined) return undefined;
  const calls =
    said.calls.length > 0 || toolCalls === undefined ? said.calls : toolCallsOf(valueOf(records, toolCalls));
  if (said.write === undefined && calls.length === 0) return false;
  writer.text(', {"role": "assistant", "content": ');
  if (said.write === undefined) writer.text('""');
  else said.write();
  if (calls.length > 0) {
    writer.text(', "tool_calls": ');
    writeJsonText(calls, (piece) => writer.text(piece));
  }
  writer.text('}]');
  return { hasImage: said.hasImage };
}

class LongReply {
  constructor(
    /** A JSON string. */
    private readonly json: Buffer,
    private readonly compat: Compat,
    private readonly writer: LineWriter,
  ) {}

  /** As `replyOf` reads it. Undefined for a text that is no UTF-8. */
  read(): Said | undefined {
    const { json, compat } = this;
    const text = unescapedJson(json.subarray(1, -1));
    if (text === undefined) return undefined;
    const scratch = new LineWriter();
    const form = rewriteJson(text, scratch);
    const response = form === 'not JSON' ? undefined : form === 'canonical' ? text : scratch.line();
    if (response?.[0] === OPEN_OBJECT) return this.ofResponse(response);
    const isDropped =
      compat === 'reference' ||
      response?.equals(NULL) === true ||
      isBlank(text) ||
      (response === undefined && isCutResponse(text));
    return isDropped ? NOTHING : { ...NOTHING, write: () => this.rewritten(json) };
  }

  /** @param response a canonical object. */
  private ofResponse(response: Buffer): Said {
    const choice = firstItem(response, member(response, 0, '"choices"'));
    const message = member(response, choice, '"message"');
    if (response[message] !== OPEN_OBJECT) return NOTHING;
    const calls = member(response, message, '"tool_calls"');
    const isList = response[calls] === OPEN_LIST;
    return {
      ...this.ofContent(response, member(response, message, '"content"')),
      calls: isList ? toolCallsOf(valueOf(response, { start: calls, end: valueEnd(response, calls) })) : [],
    };
  }

  private ofContent(response: Buffer, at: number): Omit<Said, 'calls'> {
    const { writer, compat } = this;
    if (at < 0) return NOTHING;
    const end = valueEnd(response, at);
    const value = response.subarray(at, end);
    if (value.equals(NULL) || value.equals(EMPTY)) return NOTHING;
    if (value[0] === QUOTE) return { hasImage: false, write: () => writer.bytes(value, 0, value.length) };
    if (value[0] !== OPEN_LIST) return { hasImage: false, write: () => writer.jsonString(value) };
    const { content, hasImage }: Content = contentOf(valueOf(response, { start: at, end }), compat);
    if (content === '') return NOTHING;
    return { hasImage, write: () => writeJsonText(content, (piece) => writer.text(piece)) };
  }

  private rewritten(json: Buffer): void {
    if (rewriteJson(json, this.writer) === 'canonical') this.writer.bytes(json, 0, json.length);
  }
}

const NULL = Buffer.from('null');
const EMPTY = Buffer.from('""');
const CUT = Buffer.from('…');

function valueOf(json: Buffer, { start, end }: Extent) {
  return parseJsonText(json.toString('utf8', start, end));
}

/** Where the value of a member begins of the canonical object that begins at an index; -1 where there is none. */
function member(json: Buffer, object: number, key: string): number {
  if (object < 0 || json[object] !== OPEN_OBJECT) return -1;
  for (let at = object + 1; json[at] === QUOTE; at += 2) {
    const end = stringEnd(json, at);
    if (end - at === key.length && json.toString('latin1', at, end) === key) return end + 2;
    at = valueEnd(json, end + 2);
    if (json[at] !== COMMA) return -1;
  }
  return -1;
}

/** Where the first item begins of the canonical list that begins at an index; -1 where there is none. */
function firstItem(json: Buffer, list: number): number {
  return list < 0 || json[list] !== OPEN_LIST || json[list + 1] === CLOSE_LIST ? -1 : list + 1;
}

function isBlankByte(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

function isBlank(text: Buffer): boolean {
  return text.every((byte) => isBlankByte(byte));
}

/** Whether it is a response that the recorder cut. */
function isCutResponse(text: Buffer): boolean {
  let start = 0;
  while (isBlankByte(text[start])) start++;
  let end = text.length;
  while (isBlankByte(text[end - 1])) end--;
  return text[start] === OPEN_OBJECT && text.subarray(start, end).subarray(-CUT.length).equals(CUT);
}
