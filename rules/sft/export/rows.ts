import { constants } from 'node:buffer';
import type { Compat, Content } from '../../lib/chat/content.js';
import { contentOf } from '../../lib/chat/content.js';
import { Unusual } from '../../lib/chat/json-bytes.js';
import { JsonReader, JsonSyntaxError } from '../../lib/chat/json-reader.js';
import { rewriteJson } from '../../lib/chat/json-rewriter.js';
import { type Writable, writeJsonText } from '../../lib/chat/json-text.js';
import { isMap, type JsonValue } from '../../lib/chat/json-value.js';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { replyOf } from '../../lib/chat/reply.js';
import type { ToolCall } from '../../lib/chat/tool-calls.js';
import { ANNOTATION_NAMES, rewardNames, UNIQUE_DELTA } from '../../lib/tracing/achievements.js';
import { columnBytes, columnMembers } from '../../lib/tracing/json-column.js';
import { quickTurn, type Turn, TURN_MEMBERS, TurnCounter, turnOf } from '../../lib/tracing/turn.js';
import { RecordBytes, type WrittenRecord } from './record-bytes.js';
import { RecordKernel } from './record-kernel.js';
import { type Columns, type Names, RowEnds } from './row-ends.js';

const NO_NAMES: Names = { newUnique: [], turnedTrue: [] };

/**
 * The achievements of a session's turns, from its rewards in order. Columns: event_id, reward_type, annotation; of the events
 * they are for, in any order: id, metadata.
 */
export function namesByTurn(
  rewards: Iterable<Columns>,
  rewarded: Iterable<Columns>,
  compat: Compat,
): ReadonlyMap<Turn, Names> {
  const turns = new Map<Turn, Names>();
  const turnOfEvent = new Map<unknown, number | undefined>();
  for (const { id, metadata } of rewarded)
    turnOfEvent.set(id, quickTurn(metadata) ?? turnOf(columnMembers(metadata, TURN_MEMBERS)?.get('turn')));
  for (const reward of rewards) {
    const turn = turnOfEvent.get(integerOf(reward['event_id']));
    if (turn === undefined) continue;
    const type = String(reward['reward_type']);
    const names = namesOf(type, reward['annotation'], compat);
    if (names === undefined) continue;
    let entry = turns.get(turn);
    if (entry === undefined) turns.set(turn, (entry = { newUnique: [], turnedTrue: [] }));
    for (const name of names) (type === UNIQUE_DELTA ? entry.newUnique : entry.turnedTrue).push(name);
  }
  return turns;
}

/** What was read of annotations: there are few achievements, and so few different ones. */
const annotations = new Map<string, readonly string[] | undefined>();
const MOST_ANNOTATIONS = 1000;
const SHORT_ANNOTATION = 500;

function namesOf(type: string, annotation: unknown, compat: Compat): readonly string[] | undefined {
  if (typeof annotation !== 'string' || annotation.length > SHORT_ANNOTATION)
    return rewardNames(type, columnMembers(annotation, ANNOTATION_NAMES), compat);
  // Neither type nor mode has a line feed: a listed reward is of one of two types.
  const key = `${compat}\n${type}\n${annotation}`;
  let names = annotations.get(key);
  if (names === undefined && !annotations.has(key)) {
    if (annotations.size === MOST_ANNOTATIONS) annotations.clear();
    names = rewardNames(type, columnMembers(annotation, ANNOTATION_NAMES), compat);
    annotations.set(key, names);
  }
  return names;
}

/** What SQLite takes for a number where a text is compared with one: neither `0x10` nor an empty text. */
const NUMBER = /^[ \t\n\v\f\r]*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[ \t\n\v\f\r]*$/i;

/** An integer as SQLite compares it with others: where the column has no type that makes it one it may be a text. */
function integerOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const digits = NUMBER.exec(value)?.[1];
  if (digits === undefined) return undefined;
  const number = Number(digits);
  return Number.isSafeInteger(number) || !/^[+-]?\d+$/.test(digits) ? number : BigInt(digits.replace(/^\+/, ''));
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
  readonly names: ReadonlyMap<Turn, Names>;
  /** Told of everything that gives no row: the event's id, and the record's number in it, from 0. */
  skipped(reason: Skip, event: unknown, record?: number): void;
}

/** Where lines go. What it is given is valid until it returns. */
export interface Lines {
  /** Without the line feed. */
  append(line: Uint8Array): void;
  /** Whole lines, each with its line feed. */
  appendLines(lines: Uint8Array): void;
}

/** One for all: what stands in the rows of one session mostly stands in those of the next. */
const ends = new RowEnds();

/**
 * Writes the lines of a session, from its model calls in order, and tells how many. Columns: id, model_name, provider,
 * metadata, call_records; an event without records is none.
 */
export function writeRows(events: Iterable<Columns>, to: SessionToExport, lines: Lines): number {
  const counter = new TurnCounter();
  const counted = new Set<Turn>();
  ends.open(to.session);
  const kernel = RecordKernel.get();
  // Whoever failed before may have left some.
  kernel?.take();
  const slow = new SlowRecords(to);
  let cumulative = 0;
  let rows = 0;
  const beginEnd = (turn: Turn, event: Columns): void => {
    const names = to.names.get(turn) ?? NO_NAMES;
    // Most have none, and count for nothing.
    if (names.newUnique.length > 0) {
      if (to.compat === 'reference' || !counted.has(turn)) cumulative += names.newUnique.length;
      counted.add(turn);
    }
    rows++;
    ends.take(event, names, cumulative);
  };
  const takeLines = (): void => {
    const taken = kernel?.take();
    if (taken !== undefined && taken.length > 0) lines.appendLines(taken);
  };
  for (const event of events) {
    const recorded = event['call_records'];
    if (recorded === null) continue;
    const said = quickTurn(event['metadata']);
    const turn = said === undefined ? counter.take(columnMembers(event['metadata'], TURN_MEMBERS)) : counter.pass(said);
    if (turn === undefined) {
      to.skipped('turn cannot be read', event['id']);
      continue;
    }
    const bytes = columnBytes(recorded);
    if (bytes === undefined) {
      to.skipped('call_records is not JSON', event['id']);
      continue;
    }
    const written = kernel?.write(bytes, to.compat);
    if (typeof written === 'string') {
      to.skipped(written, event['id'], 0);
      continue;
    }
    if (written !== undefined) {
      beginEnd(turn, event);
      if (kernel?.end(ends, turn, written) === true) {
        if (kernel.isFull) takeLines();
        continue;
      }
    }
    takeLines();
    for (const record of slow.written(bytes, event['id'])) {
      if (written === undefined) beginEnd(turn, event);
      lines.append(slow.line(ends.text(turn, record)));
    }
  }
  takeLines();
  return rows;
}

/** The records of an event that no kernel takes. */
class SlowRecords {
  private made: { readonly writer: LineWriter; readonly quick: RecordBytes } | undefined;

  constructor(private readonly to: SessionToExport) {}

  /** Those that give rows, each with its row begun: `{"messages": [...]`. */
  *written(bytes: Buffer, event: unknown): Generator<WrittenRecord> {
    const { to } = this;
    let records = bytes;
    let written = this.quickly(records);
    if (written === undefined && bytes.length > LONG_RECORDS) {
      // Much that is unusual is only so in how it is spelled.
      const canonical = new LineWriter();
      const form = rewriteJson(bytes, canonical);
      if (form === 'not JSON') written = 'call_records is not JSON';
      else if (form === 'rewritten') written = this.quickly((records = canonical.line()));
    }
    if (typeof written === 'object') yield written;
    else if (written === 'call_records is not JSON') to.skipped(written, event);
    else if (typeof written === 'string') to.skipped(written, event, 0);
    else if (records.length > constants.MAX_STRING_LENGTH) to.skipped('call_records is too long', event);
    else yield* slowRecords(records.toString('utf8'), event, to, this.own().writer);
  }

  /** Undefined where they are not of the usual kind. */
  private quickly(records: Buffer): WrittenRecord | Skip | undefined {
    const { writer, quick } = this.own();
    writer.clear();
    writer.text(BEGUN);
    try {
      return quick.write(records, writer);
    } catch (error) {
      if (error instanceof Unusual) return undefined;
      throw error;
    }
  }

  /** The line of the row that is begun; valid until the next is. */
  line(end: string): Buffer {
    const { writer } = this.own();
    writer.text(end);
    return writer.line();
  }

  private own() {
    return (this.made ??= { writer: new LineWriter(), quick: new RecordBytes(this.to.compat) });
  }
}

/** As text, what is longer takes much memory, and is several times in it. */
const LONG_RECORDS = 1 << 20;

const BEGUN = '{"messages": ';

/** The same for any text, exactly, by reading all of it. */
function* slowRecords(text: string, event: unknown, to: SessionToExport, writer: LineWriter): Generator<WrittenRecord> {
  const raw = rawRecords(text);
  if (typeof raw === 'string') {
    to.skipped(raw, event);
    return;
  }
  for (const [index, record] of raw.entries()) {
    const read = record === null ? 'record is not an object' : readRecord(record, to.compat);
    if (typeof read === 'string') {
      to.skipped(read, event, index);
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
