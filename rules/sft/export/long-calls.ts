import { isTrue, itemsOf, memberValue, valueEnd } from '../../lib/chat/canonical-walk.js';
import { OPEN_OBJECT, QUOTE } from '../../lib/chat/json-bytes.js';
import { rewriteJson } from '../../lib/chat/json-rewriter.js';
import { unescapedJson } from '../../lib/chat/json-unescape.js';
import { LineWriter } from '../../lib/chat/line-writer.js';

/** Thrown to get out, where a text is no UTF-8; made once. */
const LEFT = new Error('left to who reads text');

/**
 * Writes the member `tool_calls` of a message as `toolCallsOf` reads it, from bytes to bytes. False where there are no calls;
 * undefined, and something may be written, where it is left to that.
 *
 * @param calls canonical
 */
export function writeCalls(calls: Buffer, writer: LineWriter): boolean | undefined {
  let separator = ', "tool_calls": [';
  let index = -1;
  try {
    for (const call of itemsOf(calls, 0)) {
      index++;
      if (calls[call] !== OPEN_OBJECT) continue;
      const called = memberValue(calls, call, 'function');
      const member = (key: string) => memberValue(calls, call, key);
      writer.text(`${separator}{"id": `);
      writeFirst(calls, [member('id'), member('call_id')], `"call_${index}"`, writer);
      writer.text(', "type": "function", "function": {"name": ');
      writeFirst(calls, [member('name'), memberValue(calls, called, 'name')], '"tool"', writer);
      writer.text(', "arguments": ');
      const own = memberValue(calls, called, 'arguments');
      writeArguments(calls, own < 0 ? member('arguments') : own, member('arguments_json'), writer);
      writer.text('}}');
      separator = ', ';
    }
  } catch (error) {
    if (error === LEFT) return undefined;
    throw error;
  }
  if (separator !== ', ') return false;
  writer.text(']');
  return true;
}

/** Writes the first of some values that is there and true, as text. */
function writeFirst(json: Buffer, values: readonly number[], otherwise: string, writer: LineWriter): void {
  for (const value of values) {
    const end = value < 0 ? value : valueEnd(json, value);
    if (value < 0 || !isTrue(json, value, end)) continue;
    writeText(json.subarray(value, end), writer);
    return;
  }
  writer.text(otherwise);
}

/** @param text where they may stand instead, as text. */
function writeArguments(json: Buffer, value: number, text: number, writer: LineWriter): void {
  const given = value < 0 ? NULL : json.subarray(value, valueEnd(json, value));
  const isGiven = !given.equals(NULL);
  const found = isGiven || text < 0 || json[text] !== QUOTE ? given : parsed(json.subarray(text, valueEnd(json, text)));
  if (found.equals(NULL)) writer.text('"{}"');
  else writeText(found, writer);
}

/** What a JSON string says as JSON; itself where it says none. */
function parsed(string: Buffer): Buffer {
  const text = unescapedJson(string.subarray(1, -1));
  if (text === undefined) throw LEFT;
  const scratch = new LineWriter();
  switch (rewriteJson(text, scratch)) {
    case 'not JSON':
      return string;
    case 'canonical':
      return text;
    case 'rewritten':
      return scratch.line();
  }
}

/** A text as it stands, and of anything else its JSON as text. */
function writeText(value: Buffer, writer: LineWriter): void {
  if (value[0] === QUOTE) writer.bytes(value, 0, value.length);
  else writer.jsonString(value);
}

const NULL = Buffer.from('null');
