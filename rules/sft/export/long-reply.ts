import type { Compat } from '../../lib/chat/content.js';
import { contentOf } from '../../lib/chat/content.js';
import { itemsOf, memberValue, valueEnd } from '../../lib/chat/canonical-walk.js';
import { OPEN_LIST, OPEN_OBJECT, QUOTE } from '../../lib/chat/json-bytes.js';
import { rewriteJson } from '../../lib/chat/json-rewriter.js';
import { parseJsonText, writeJsonText } from '../../lib/chat/json-text.js';
import { unescapedJson } from '../../lib/chat/json-unescape.js';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { writeCalls } from './long-calls.js';
import type { Extent } from './record-reply.js';

/** What a reply says. */
interface Said {
  readonly hasImage: boolean;
  /** Writes the content; undefined for nothing. */
  readonly write: (() => void) | undefined;
  /** Canonical. */
  readonly calls?: Buffer;
}

const NOTHING: Said = { hasImage: false, write: undefined };

/**
 * Writes what `replyMessage` gives, but of a reply of any length: it is passed as bytes, where as text it would be held
 * several times. False where there is none; undefined where it is left to `replyMessage`.
 *
 * @param outputText of a string, its quotes included; undefined where it is null.
 */
export function writeLongReply(
  records: Buffer,
  outputText: Extent | undefined,
  toolCalls: Extent | undefined,
  compat: Compat,
  writer: LineWriter,
): { readonly hasImage: boolean } | false | undefined {
  const before = writer.length;
  const said = outputText === undefined ? NOTHING : new LongReply(bytesOf(records, outputText), compat, writer).read();
  if (said === undefined) return undefined;
  writer.text(', {"role": "assistant", "content": ');
  if (said.write === undefined) writer.text('""');
  else said.write();
  let hasCalls = said.calls === undefined ? false : writeCalls(said.calls, writer);
  if (hasCalls === false && toolCalls !== undefined)
    hasCalls = writeCalls(canonical(bytesOf(records, toolCalls)), writer);
  if (hasCalls === undefined || (!hasCalls && said.write === undefined)) {
    writer.length = before;
    return hasCalls;
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
    const [choice = -1] = itemsOf(response, memberValue(response, 0, 'choices'));
    const message = memberValue(response, choice, 'message');
    if (response[message] !== OPEN_OBJECT) return NOTHING;
    const calls = memberValue(response, message, 'tool_calls');
    const content = this.ofContent(response, memberValue(response, message, 'content'));
    return calls < 0 ? content : { ...content, calls: response.subarray(calls, valueEnd(response, calls)) };
  }

  private ofContent(response: Buffer, at: number): Said {
    const { writer, compat } = this;
    if (at < 0) return NOTHING;
    const value = response.subarray(at, valueEnd(response, at));
    if (value.equals(NULL) || value.equals(EMPTY)) return NOTHING;
    if (value[0] === QUOTE) return { hasImage: false, write: () => writer.bytes(value, 0, value.length) };
    if (value[0] !== OPEN_LIST) return { hasImage: false, write: () => writer.jsonString(value) };
    const { content, hasImage } = contentOf(parseJsonText(value.toString()), compat);
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

function bytesOf(json: Buffer, { start, end }: Extent): Buffer {
  return json.subarray(start, end);
}

function canonical(json: Buffer): Buffer {
  const scratch = new LineWriter();
  return rewriteJson(json, scratch) === 'rewritten' ? scratch.line() : json;
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
