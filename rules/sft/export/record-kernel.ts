import type { Compat } from '../../lib/chat/content.js';
import type { LineWriter } from '../../lib/chat/line-writer.js';
import { type Extent, writeReply } from './record-reply.js';
import type { WrittenRecord } from './record-bytes.js';
import type { Skip } from './rows.js';
import { RECORD } from './wasm/compiled.js';

// Neither of the type libraries in use has it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
};

/** What `wasm/record.as` exports; the comments there say what each is. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly TEXT: { readonly value: number };
  readonly MOST: { readonly value: number };
  readonly OUT: { readonly value: number };
  readonly END: { readonly value: number };
  readonly RESULT: { readonly value: number };
  record(length: number, fixed: number): number;
}

const PAGE = 65536;
/** Behind the text. */
const ZEROS = 16;
/** What `record` gives. */
const [WRITTEN, REPLY_LEFT, NO_REPLY, NO_INPUT] = [1, 2, 3, 4];

/** Writes what `RecordBytes` writes, many times as fast, or leaves it to that. */
export class RecordKernel {
  private static shared: RecordKernel | null | undefined;
  private readonly text: Buffer;
  private readonly out: Buffer;
  private readonly result: Uint32Array;
  private readonly base: number;
  private readonly most: number;

  private constructor(private readonly exports: Exports) {
    const { memory, TEXT, MOST, OUT, END, RESULT } = exports;
    memory.grow(Math.ceil(END.value / PAGE) - memory.buffer.byteLength / PAGE);
    this.base = TEXT.value;
    this.most = MOST.value;
    this.text = Buffer.from(memory.buffer, TEXT.value, MOST.value + ZEROS);
    this.out = Buffer.from(memory.buffer, OUT.value, END.value - OUT.value);
    this.result = new Uint32Array(memory.buffer, RESULT.value, 6);
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
   * Writes the list of messages of a list of one record; where that gives no row, says why; undefined for what is unusual.
   *
   * @param records UTF-8.
   */
  write(records: Buffer, compat: Compat, writer: LineWriter): WrittenRecord | Skip | undefined {
    const { length } = records;
    if (length > this.most) return undefined;
    this.text.set(records);
    this.text.fill(0, length, length + ZEROS);
    const status = this.exports.record(length, compat === 'fixed' ? 1 : 0);
    if (status === NO_REPLY) return 'record has no reply';
    if (status === NO_INPUT) return 'record has no input';
    if (status !== WRITTEN && status !== REPLY_LEFT) return undefined;
    const [written, hasImage] = this.result;
    const userHasImage = hasImage === 1;
    writer.bytes(this.out, 0, written as number);
    if (status === WRITTEN) return { userHasImage, assistantHasImage: false };
    const reply = writeReply(records, this.extent(2), this.extent(4), compat, writer);
    return reply === undefined ? 'record has no reply' : { userHasImage, assistantHasImage: reply.hasImage };
  }

  private extent(at: number): Extent | undefined {
    const [start = 0, end = 0] = this.result.subarray(at, at + 2);
    return start === 0 ? undefined : { start: start - this.base, end: end - this.base };
  }
}
