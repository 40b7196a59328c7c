import type { Compat } from '../../lib/chat/content.js';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  JsonBytes,
  OPEN_LIST,
  OPEN_OBJECT,
  PLAIN,
  QUOTE,
  RECODED,
  type StringForm,
} from '../../lib/chat/json-bytes.js';
import { rewriteJson } from '../../lib/chat/json-rewriter.js';
import type { LineWriter } from '../../lib/chat/line-writer.js';
import { writeLongReply } from './long-reply.js';
import { type Extent, replyMessage } from './record-reply.js';
import type { Skip } from './rows.js';

/** A string in the bytes, its quotes included. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly form: StringForm;
}

/** What is known of a record whose messages are written. */
export interface WrittenRecord {
  readonly userHasImage: boolean;
  readonly assistantHasImage: boolean;
}

/** As bytes, a longer reply takes less memory; as text, a shorter one takes less time. */
const LONG_REPLY = 1 << 20;

function lengthOf(extent: Extent | undefined): number {
  return extent === undefined ? 0 : extent.end - extent.start;
}

/** Of the values, only `null` starts with it. */
const LETTER_N = 0x6e;

/**
 * Reads `call_records` as they are nearly always recorded, and writes the record's messages as it goes: texts and images
 * are copied as bytes, and what no row needs is passed over. All that is recorded otherwise throws `Unusual`; where
 * nothing is thrown it is what `readRecord` and `jsonText` give, byte for byte.
 */
export class RecordBytes {
  private readonly json = new JsonBytes();
  private hasUserImage = false;

  constructor(private readonly compat: Compat) {}

  /**
   * Writes the list of messages of a list of one record; where that gives no row, says why.
   *
   * @param records UTF-8.
   * @throws Unusual
   */
  write(records: Buffer, writer: LineWriter): WrittenRecord | Skip {
    const { json } = this;
    json.open(records, 0, records.length);
    let at = json.blanks(0);
    if (json.bytes[at] !== OPEN_LIST) json.fail();
    at = json.enter(at, CLOSE_LIST);
    if (at < 0 || json.bytes[at] !== OPEN_OBJECT) json.fail();

    let inputs: number | undefined;
    let outputText: Piece | undefined;
    let toolCalls: Extent | undefined;
    const start = writer.length;
    this.hasUserImage = false;
    at = json.enter(at, CLOSE_OBJECT);
    while (at > 0) {
      const key = at + 1;
      const value = json.colon(json.key(at));
      if (json.matches(key, 'input_messages"')) {
        if (inputs !== undefined || json.bytes[value] !== OPEN_LIST) json.fail();
        at = this.inputMessages(value, writer);
        inputs = writer.length;
      } else if (json.matches(key, 'output_text"')) {
        at = json.skip(value);
        outputText = this.pieceAt(value, at);
        if (outputText === undefined && json.bytes[value] !== LETTER_N) json.fail();
      } else if (json.matches(key, 'output_tool_calls"')) {
        at = json.skip(value);
        toolCalls = { start: value, end: at };
      } else {
        at = json.skip(value);
      }
      at = json.next(at, CLOSE_OBJECT);
    }
    at = json.next(-at, CLOSE_LIST);
    if (at > 0) json.fail();
    json.finish(-at);

    const hasInput = inputs !== undefined && inputs !== start;
    if (lengthOf(outputText) + lengthOf(toolCalls) > LONG_REPLY) {
      const reply = writeLongReply(records, outputText, toolCalls, this.compat, writer);
      if (reply === false) return 'record has no reply';
      if (reply !== undefined) {
        if (!hasInput) return 'record has no input';
        return { userHasImage: this.hasUserImage, assistantHasImage: reply.hasImage };
      }
    }
    const reply = replyMessage(records, outputText, toolCalls, this.compat);
    if (reply === undefined) return 'record has no reply';
    if (!hasInput) return 'record has no input';
    writer.text(reply.text);
    return { userHasImage: this.hasUserImage, assistantHasImage: reply.hasImage };
  }

  private pieceAt(start: number, end: number): Piece | undefined {
    return this.json.bytes[start] === QUOTE ? { start, end, form: this.json.form } : undefined;
  }

  /** Writes `[` and the messages of a list, without what closes it; nothing where no message says anything. */
  private inputMessages(at: number, writer: LineWriter): number {
    const { json } = this;
    let separator = '[';
    at = json.enter(at, CLOSE_LIST);
    while (at > 0) {
      if (json.bytes[at] !== OPEN_OBJECT) json.fail();
      let role: Piece | undefined;
      let segments: Segments | undefined;
      at = json.enter(at, CLOSE_OBJECT);
      while (at > 0) {
        const key = at + 1;
        const value = json.colon(json.key(at));
        if (json.matches(key, 'role"')) {
          at = json.skip(value);
          role = this.pieceAt(value, at);
          if (role?.form !== PLAIN) json.fail();
        } else if (json.matches(key, 'parts"')) {
          if (json.bytes[value] !== OPEN_LIST) json.fail();
          segments = new Segments();
          at = this.parts(value, segments);
        } else {
          at = json.skip(value);
        }
        at = json.next(at, CLOSE_OBJECT);
      }
      at = -at;
      if (role === undefined || segments === undefined) return json.fail();
      if (!segments.isEmpty) {
        writer.text(`${separator}{"role": `);
        writer.bytes(json.bytes, role.start, role.end);
        writer.text(', "content": ');
        this.content(segments, writer);
        writer.text('}');
        separator = ', ';
        if (segments.hasImage && json.matches(role.start, '"user"')) this.hasUserImage = true;
      }
      at = json.next(at, CLOSE_LIST);
    }
    return -at;
  }

  private content(segments: Segments, writer: LineWriter): void {
    if (segments.length === 1 && !segments.hasImage) {
      this.string(segments.piece(0), writer);
      return;
    }
    for (let i = 0; i < segments.length; i++) {
      const isImage = segments.isImage(i);
      writer.text(i === 0 ? '[' : ', ');
      writer.text(isImage ? '{"type": "image_url", "image_url": {"url": ' : '{"type": "text", "text": ');
      this.string(segments.piece(i), writer);
      writer.text(isImage ? '}}' : '}');
    }
    writer.text(']');
  }

  /** Writes a string: as it stands, unless it has escapes that are not written so. */
  private string({ start, end, form }: Piece, writer: LineWriter): void {
    const { bytes } = this.json;
    if (form !== RECODED || rewriteJson(bytes.subarray(start, end), writer) === 'canonical')
      writer.bytes(bytes, start, end);
  }

  private parts(at: number, segments: Segments): number {
    const { json } = this;
    at = json.enter(at, CLOSE_LIST);
    while (at > 0) {
      if (json.bytes[at] !== OPEN_OBJECT) json.fail();
      let type: Piece | undefined;
      let text: Piece | undefined;
      let url: Piece | undefined;
      let uri: Piece | undefined;
      at = json.enter(at, CLOSE_OBJECT);
      while (at > 0) {
        const key = at + 1;
        const value = json.colon(json.key(at));
        if (json.matches(key, 'image_url"') && json.bytes[value] === OPEN_OBJECT) {
          url = undefined;
          at = this.url(value, (found) => (url = found));
        } else {
          at = json.skip(value);
          const piece = this.pieceAt(value, at);
          if (json.matches(key, 'type"')) type = piece;
          else if (json.matches(key, 'text"')) text = piece;
          else if (json.matches(key, 'uri"')) uri = piece;
          else if (json.matches(key, 'image_url"')) url = json.bytes[value] === LETTER_N ? undefined : json.fail();
        }
        at = json.next(at, CLOSE_OBJECT);
      }
      if (type?.form !== PLAIN) return json.fail();
      if (json.matches(type.start, '"text"')) {
        if (text !== undefined) segments.add(text, false);
      } else if (json.matches(type.start, '"image"')) {
        // Other places in which an image may stand are rare.
        if (uri === undefined || !json.matches(uri.start, '"data:')) return json.fail();
        segments.add(uri, true);
      } else if (json.matches(type.start, '"image_url"')) {
        if (url === undefined || url.end - url.start === 2) return json.fail();
        segments.add(url, true);
      }
      at = json.next(-at, CLOSE_LIST);
    }
    return -at;
  }

  /** Passes an object and tells of its `url`. */
  private url(at: number, found: (piece: Piece | undefined) => void): number {
    const { json } = this;
    at = json.enter(at, CLOSE_OBJECT);
    while (at > 0) {
      const key = at + 1;
      const value = json.colon(json.key(at));
      at = json.skip(value);
      if (json.matches(key, 'url"')) found(this.pieceAt(value, at));
      at = json.next(at, CLOSE_OBJECT);
    }
    return -at;
  }
}

/** What a message says, in order: in numbers, for there may be millions. */
class Segments {
  length = 0;
  hasImage = false;
  /** In threes: where a string begins and ends, and its form; an image's is more by `IMAGE`. */
  private places = new Uint32Array(3 * 8);

  /** Whether the message says nothing: it has no segment, or an empty text alone. */
  get isEmpty(): boolean {
    return this.length === 0 || (this.length === 1 && !this.hasImage && this.end(0) - this.start(0) === 2);
  }

  add({ start, end, form }: Piece, isImage: boolean): void {
    const at = 3 * this.length++;
    if (at === this.places.length) {
      const larger = new Uint32Array(2 * at);
      larger.set(this.places);
      this.places = larger;
    }
    this.places[at] = start;
    this.places[at + 1] = end;
    this.places[at + 2] = isImage ? IMAGE + form : form;
    if (isImage) this.hasImage = true;
  }

  isImage(segment: number): boolean {
    return (this.places[3 * segment + 2] as number) >= IMAGE;
  }

  piece(segment: number): Piece {
    const form = ((this.places[3 * segment + 2] as number) % IMAGE) as StringForm;
    return { start: this.start(segment), end: this.end(segment), form };
  }

  private start(segment: number): number {
    return this.places[3 * segment] as number;
  }

  private end(segment: number): number {
    return this.places[3 * segment + 1] as number;
  }
}

const IMAGE = 4;
