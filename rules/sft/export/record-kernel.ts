import type { Compat } from '../../lib/chat/content.js';
import { type Extent, replyMessage } from './record-reply.js';
import type { WrittenRecord } from './record-bytes.js';
import type { Turn } from '../../lib/tracing/turn.js';
import type { RowEnds } from './row-ends.js';
import type { Skip } from './rows.js';
import { RECORD } from './wasm/compiled.js';

interface Constant {
  readonly value: number;
}

/** What `wasm/record.as` exports; the comments there say what each is. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly TEXT: Constant;
  readonly MOST: Constant;
  readonly OUT: Constant;
  readonly MOST_OUT: Constant;
  readonly END: Constant;
  readonly RESULT: Constant;
  readonly BEFORE: Constant;
  readonly MOST_BEFORE: Constant;
  readonly BEHIND: Constant;
  readonly MOST_BEHIND: Constant;
  record(length: number, fixed: number, row: number): number;
  end(at: number, before: number, turn: number, behind: number, user: number, assistant: number): number;
}

const PAGE = 65536;
const MOST_TURN = 0x7fffffff;
/** Bytes of a row's end without what it keeps: the turn, flags and what is around them. */
const MOST_END = 128;
const LINE_FEED = 0x0a;
/** What `record` gives. */
const [WRITTEN, REPLY_LEFT, NO_REPLY, NO_INPUT] = [1, 2, 3, 4];

/**
 * Writes what `RecordBytes` writes, many times as fast, or leaves it to that. The lines are gathered, because to hand each
 * on alone takes about as long as to write it.
 *
 *     between rows ──write: a record──> in a row ──end──> between rows
 *       '───────────write: anything else───────────────────────^
 */
export class RecordKernel {
  private static shared: RecordKernel | null | undefined;
  private readonly text: Uint8Array;
  private readonly out: Buffer;
  private readonly result: Uint32Array;
  private readonly base: number;
  private readonly outBase: number;
  private readonly most: number;
  private readonly mostOut: number;
  private readonly before: KeptText;
  private readonly behind: KeptText;
  /** In `out`: where the lines end that are whole, and the row that is begun. */
  private gathered = 0;
  private rowEnd = 0;

  private constructor(private readonly exports: Exports) {
    const { memory, TEXT, MOST, OUT, MOST_OUT, END, RESULT, BEFORE, MOST_BEFORE, BEHIND, MOST_BEHIND } = exports;
    memory.grow(Math.ceil(END.value / PAGE) - memory.buffer.byteLength / PAGE);
    this.base = TEXT.value;
    this.outBase = OUT.value;
    this.most = MOST.value;
    this.mostOut = MOST_OUT.value;
    this.text = new Uint8Array(memory.buffer, TEXT.value, MOST.value);
    this.out = Buffer.from(memory.buffer, OUT.value, END.value - OUT.value);
    this.result = new Uint32Array(memory.buffer, RESULT.value, 6);
    this.before = new KeptText(Buffer.from(memory.buffer, BEFORE.value, MOST_BEFORE.value));
    this.behind = new KeptText(Buffer.from(memory.buffer, BEHIND.value, MOST_BEHIND.value));
  }

  /** One for the whole process; `null` on a processor without the vector instructions (x64 before SSE 4.1). */
  static get(): RecordKernel | null {
    if (this.shared === undefined) {
      const bytes = Buffer.from(RECORD, 'base64');
      this.shared = WebAssembly.validate(bytes)
        ? new RecordKernel(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports)
        : null;
    }
    return this.shared;
  }

  /**
   * Begins the row of a list of one record, `{"messages": [...]`; where that gives no row, says why; undefined for what is
   * unusual, or where the lines must be taken first.
   *
   * @param records UTF-8.
   */
  write(records: Buffer, compat: Compat): WrittenRecord | Skip | undefined {
    const { length } = records;
    const { result, outBase, gathered } = this;
    if (length > this.most || gathered > this.mostOut) return undefined;
    this.text.set(records);
    const status = this.exports.record(length, compat === 'fixed' ? 1 : 0, outBase + gathered);
    if (status === NO_REPLY) return 'record has no reply';
    if (status === NO_INPUT) return 'record has no input';
    if (status !== WRITTEN && status !== REPLY_LEFT) return undefined;
    const hasImage = result[1];
    this.rowEnd = (result[0] as number) - outBase;
    if (status === WRITTEN) return hasImage === 1 ? WITH_IMAGE : WITHOUT;
    const reply = replyMessage(records, this.extent(2), this.extent(4), compat);
    if (reply === undefined) return 'record has no reply';
    if (!this.hasRoomFor(reply.text)) return undefined;
    this.rowEnd += this.out.write(reply.text, this.rowEnd);
    return { userHasImage: hasImage === 1, assistantHasImage: reply.hasImage };
  }

  /** Ends the row; false, and there is no row, where there is no room for that. */
  end(ends: Pick<RowEnds, 'before' | 'behind' | 'text'>, turn: Turn, record: WrittenRecord): boolean {
    const { before, behind, rowEnd, out, outBase } = this;
    const isUsual = typeof turn === 'number' && turn >= 0 && turn <= MOST_TURN;
    if (isUsual && before.keep(ends.before) && behind.keep(ends.behind)) {
      if (rowEnd + before.length + behind.length + MOST_END > out.length) return false;
      const [user, assistant] = [record.userHasImage ? 1 : 0, record.assistantHasImage ? 1 : 0];
      const { length } = before;
      this.gathered = this.exports.end(outBase + rowEnd, length, turn, behind.length, user, assistant) - outBase;
      return true;
    }
    const text = ends.text(turn, record);
    if (!this.hasRoomFor(text)) return false;
    const end = rowEnd + out.write(text, rowEnd);
    out[end] = LINE_FEED;
    this.gathered = end + 1;
    return true;
  }

  /** Whether there are so many lines that they should be taken. */
  get isFull(): boolean {
    return this.gathered > this.mostOut;
  }

  /** The lines since they were last taken; valid until another row is begun. */
  take(): Buffer {
    const lines = this.out.subarray(0, this.gathered);
    this.gathered = 0;
    return lines;
  }

  private hasRoomFor(text: string): boolean {
    // A UTF-16 unit takes at most three bytes.
    return this.rowEnd + 3 * text.length < this.out.length;
  }

  private extent(at: number): Extent | undefined {
    const [start = 0, end = 0] = this.result.subarray(at, at + 2);
    return start === 0 ? undefined : { start: start - this.base, end: end - this.base };
  }
}

const WITH_IMAGE: WrittenRecord = { userHasImage: true, assistantHasImage: false };
const WITHOUT: WrittenRecord = { userHasImage: false, assistantHasImage: false };

/** A text in the memory of the kernel, where it mostly stays as it is. */
class KeptText {
  length = 0;
  private text: string | undefined;

  constructor(private readonly bytes: Buffer) {}

  /** False where it is too long. */
  keep(text: string): boolean {
    if (text === this.text) return true;
    this.text = undefined;
    // A UTF-16 unit takes at most three bytes.
    if (3 * text.length > this.bytes.length) return false;
    this.length = this.bytes.write(text);
    this.text = text;
    return true;
  }
}
