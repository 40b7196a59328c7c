import { constants } from 'node:buffer';
import type { Compat, Content } from '../../lib/chat/content.js';
import { contentOf } from '../../lib/chat/content.js';
import { Unusual } from '../../lib/chat/json-bytes.js';
import { JsonReader, JsonSyntaxError } from '../../lib/chat/json-reader.js';
import { jsonText, type Writable, writeJsonText } from '../../lib/chat/json-text.js';
import { isMap, type JsonValue } from '../../lib/chat/json-value.js';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { replyOf } from '../../lib/chat/reply.js';
import type { ToolCall } from '../../lib/chat/tool-calls.js';
import { rewardNames, UNIQUE_DELTA } from '../../lib/tracing/achievements.js';
import { columnBytes, columnJson, columnName, columnObject } from '../../lib/tracing/json-column.js';
import { TurnCounter, turnOf } from '../../lib/tracing/turn.js';
import { RecordBytes, type WrittenRecord } from './record-bytes.js';
import { RecordKernel } from './record-kernel.js';

/** A row of a database, by column name. */
type Columns = Readonly<Record<string, unknown>>;

interface Names {
  readonly newUnique: string[];
  readonly turnedTrue: string[];
}
const NO_NAMES: Names = { newUnique: [], turnedTrue: [] };

/**
 * The achievements of a session's turns, from its rewards in order. Columns: reward_type, annotation; and metadata of the
 * events they are for, in the same order.
 */
export function namesByTurn(
  rewards: Iterable<Columns>,
  rewarded: Iterable<Columns>,
  compat: Compat,
): ReadonlyMap<bigint, Names> {
  const turns = new Map<bigint, Names>();
  const events = Array.from(rewarded, (event) => event['metadata']);
  let index = 0;
  for (const reward of rewards) {
    const type = String(reward['reward_type']);
    const turn = turnOf(columnObject(events[index++]).get('turn'));
    const names = turn === undefined ? undefined : rewardNames(type, columnJson(reward['annotation']), compat);
    if (turn === undefined || names === undefined) continue;
    let entry = turns.get(turn);
    if (entry === undefined) turns.set(turn, (entry = { newUnique: [], turnedTrue: [] }));
    for (const name of names) (type === UNIQUE_DELTA ? entry.newUnique : entry.turnedTrue).push(name);
  }
  return turns;
}

/** Why something gave no row. */
export type Skip =
  | 'turn cannot be read'
  | 'call_records is not JSON'
  | 'call_records is too long'
  | 'call_records is not a list'
  | 'record is not an object'
  | 'record has no input'
  | 'record has no reply';

export interface SessionToExport {
  readonly session: string;
  readonly compat: Compat;
  readonly names: ReadonlyMap<bigint, Names>;
  /** Told of everything that gives no row: the event's id, and the record's number in it, from 0. */
  skipped(reason: Skip, event: unknown, record?: number): void;
}

/**
 * The lines of a session, from its model calls in order. Each is valid until the next is asked for. Columns: id, model_name,
 * provider, metadata, call_records.
 */
export function* sessionRows(events: Iterable<Columns>, to: SessionToExport): Generator<Buffer> {
  const counter = new TurnCounter();
  const counted = new Set<bigint>();
  const writer = new LineWriter();
  const quick = new RecordBytes(to.compat);
  const session = jsonText(to.session);
  let cumulative = 0;
  for (const event of events) {
    const turn = counter.take(columnObject(event['metadata']));
    if (turn === undefined) {
      to.skipped('turn cannot be read', event['id']);
      continue;
    }
    const { newUnique, turnedTrue } = to.names.get(turn) ?? NO_NAMES;
    for (const record of writtenRecords(event, to, quick, writer)) {
      if (to.compat === 'reference' || !counted.has(turn)) cumulative += newUnique.length;
      counted.add(turn);
      const achievements = { new_unique: newUnique, turned_true: turnedTrue, cumulative_unique: cumulative };
      writer.text(
        `, "metadata": {"session_id": ${session}, "turn": ${turn}, "model": ${jsonText(columnName(event['model_name']))}, ` +
          `"provider": ${jsonText(columnName(event['provider']) || 'unknown')}, "achievements": ${jsonText(achievements)}, ` +
          `"user_has_image": ${record.userHasImage}, "assistant_has_image": ${record.assistantHasImage}, ` +
          `"has_image": ${record.userHasImage || record.assistantHasImage}}}`,
      );
      yield writer.line();
    }
  }
}

/** The records of an event that give rows, each with its row begun in the writer: `{"messages": [...]`. */
function* writtenRecords(
  event: Columns,
  to: SessionToExport,
  quick: RecordBytes,
  writer: LineWriter,
): Generator<WrittenRecord> {
  const bytes = columnBytes(event['call_records']);
  if (bytes === undefined) {
    to.skipped('call_records is not JSON', event['id']);
    return;
  }
  writer.clear();
  writer.text(BEGUN);
  const written = RecordKernel.get()?.write(bytes, to.compat, writer) ?? quickly(() => quick.write(bytes, writer));
  if (typeof written === 'object') yield written;
  else if (typeof written === 'string') to.skipped(written, event['id'], 0);
  else if (bytes.length > constants.MAX_STRING_LENGTH) to.skipped('call_records is too long', event['id']);
  else yield* slowRecords(bytes.toString('utf8'), event, to, writer);
}

const BEGUN = '{"messages": ';

/** Undefined where the text is not of the usual kind. */
function quickly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

/** The same for any text, exactly, by reading all of it. */
function* slowRecords(text: string, event: Columns, to: SessionToExport, writer: LineWriter): Generator<WrittenRecord> {
  const raw = rawRecords(text);
  if (typeof raw === 'string') {
    to.skipped(raw, event['id']);
    return;
  }
  for (const [index, record] of raw.entries()) {
    const read = record === null ? 'record is not an object' : readRecord(record, to.compat);
    if (typeof read === 'string') {
      to.skipped(read, event['id'], index);
      continue;
    }
    writer.clear();
    writer.text(BEGUN);
    writeJsonText(checked(read.messages), (piece) => writer.text(piece));
    yield read;
  }
}

type Message = {
  readonly role: string;
  readonly content: Content['content'];
  readonly tool_calls?: readonly ToolCall[] | undefined;
};
interface ReadRecord extends WrittenRecord {
  readonly messages: readonly Message[];
}

/** What is needed of a call record. */
interface RawRecord {
  inputMessages?: JsonValue;
  outputText?: JsonValue;
  outputToolCalls?: JsonValue;
}

/** The records of a list, null for an item that is no object. Most of the text is passed over unread. */
function rawRecords(text: string): (RawRecord | null)[] | Skip {
  const reader = new JsonReader(text);
  const records: (RawRecord | null)[] = [];
  try {
    if (reader.peek() !== '[') {
      reader.skip();
      reader.end();
      return 'call_records is not a list';
    }
    reader.items(() => {
      if (reader.peek() !== '{') {
        reader.skip();
        records.push(null);
        return;
      }
      const record: RawRecord = {};
      reader.members((key) => {
        if (key === 'input_messages') record.inputMessages = reader.value();
        else if (key === 'output_text') record.outputText = reader.value();
        else if (key === 'output_tool_calls') record.outputToolCalls = reader.value();
        else reader.skip();
      });
      records.push(record);
    });
    reader.end();
  } catch (error) {
    if (error instanceof JsonSyntaxError) return 'call_records is not JSON';
    throw error;
  }
  return records;
}

function readRecord(record: RawRecord, compat: Compat): ReadRecord | Skip {
  const messages: Message[] = [];
  let userHasImage = false;
  for (const message of Array.isArray(record.inputMessages) ? record.inputMessages : []) {
    if (!isMap(message)) continue;
    const { content, hasImage } = contentOf(message.get('parts'), compat);
    if (content === '') continue;
    const role = message.get('role');
    messages.push({ role: typeof role === 'string' ? role : 'unknown', content });
    if (role === 'user' && hasImage) userHasImage = true;
  }
  const reply = replyOf(record.outputText, record.outputToolCalls, compat);
  if (reply.content === '' && reply.toolCalls.length === 0) return 'record has no reply';
  if (messages.length === 0) return 'record has no input';
  const toolCalls = reply.toolCalls.length > 0 ? reply.toolCalls : undefined;
  messages.push({ role: 'assistant', content: reply.content, tool_calls: toolCalls });
  return { messages, userHasImage, assistantHasImage: reply.hasImage };
}

/** A guard against bugs of the exporter: what it writes has the shape that training expects. */
function checked(messages: readonly Message[]): Writable {
  const right = messages.every(
    ({ role, content }) =>
      typeof role === 'string' && (typeof content === 'string' || (Array.isArray(content) && content.length > 0)),
  );
  if (messages.length === 0 || !right) throw new Error('a row without the shape of a chat was about to be written');
  return messages;
}
