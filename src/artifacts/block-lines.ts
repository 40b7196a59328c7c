import type { XXHashAPI } from 'xxhash-wasm';
import { xxh64 } from './xxh64.js';
import { LINES } from './wasm/compiled.js';

/*
 * Where a block ends. A line is taken with its LF; the last one may have none.
 *
 *   - after a line, when the block then has at least MIN bytes and xxh64(line) / 2^64 < length of the line / 1 MiB:
 *     whether a line ends a block depends on the line alone, so an inserted row moves no other end, and every byte has
 *     the same chance however long lines are
 *   - before a line with which the block would have more than MAX bytes
 *   - around a line of more than MAX bytes, which is a block of its own
 *
 * The two bounds keep files of equal lines from being one block, or a block a line.
 */
const MIN = 256 << 10;
export const MAX = 4 << 20;
/** 2^64 / 1 MiB: a line ends a block when its hash is below its length times this. */
const CHANCE_OF_A_BYTE = 1n << 44n;
/** A line this long always ends a block of MIN bytes, so it need not be hashed. */
const CERTAIN = 1 << 20;

const LF = 0x0a;
/** As much as is read at once: what is looked at while it is near the processor is found faster. */
export const PIECE = 256 << 10;
/** What is at hand of a block, and of the line behind it, is never more than MAX and a piece. */
const ROOM = MAX + 2 * PIECE;

/** Where a block ends: nowhere yet, before the line that is at hand, or after the one before it. */
export type BlockEnd = 'none' | 'before' | 'after';

/** Finds where blocks end in lines that are written into its buffer. */
export interface BlockLines {
  readonly buffer: Buffer;
  /** What `next` came to: where the line at hand begins, how long the block is without it, and how many lines it took. */
  readonly line: number;
  readonly length: number;
  readonly lines: number;
  /**
   * Takes lines that end before `end` into a block of `length` bytes, until it ends.
   *
   * @param line where the one at hand begins; it does not end before `from`.
   */
  next(line: number, from: number, end: number, length: number): BlockEnd;
}

/** What one needs that is not needed now; its memory is some 5 MiB, and fresh memory costs a page fault for every 4 KiB. */
let spare: KernelLines | undefined;

export async function takeBlockLines(): Promise<BlockLines> {
  const kernel = spare ?? KernelLines.make();
  spare = undefined;
  return kernel ?? PlainLines.make();
}

/** Says that nobody reads the buffer any more. */
export function giveBackBlockLines(lines: BlockLines): void {
  if (lines instanceof KernelLines) spare = lines;
}

/** A line at a time: on processors without the vector instructions (x64 before SSE 4.1), and to compare with. */
export class PlainLines implements BlockLines {
  readonly buffer = Buffer.allocUnsafeSlow(ROOM);
  line = 0;
  length = 0;
  lines = 0;

  private constructor(private readonly xxhash: XXHashAPI) {}

  static async make(): Promise<PlainLines> {
    return new PlainLines(await xxh64());
  }

  next(line: number, from: number, end: number, length: number): BlockEnd {
    const filled = this.buffer.subarray(0, end);
    this.line = line;
    this.length = length;
    for (this.lines = 0; ; this.lines++) {
      const lineEnd = filled.indexOf(LF, from) + 1;
      if (lineEnd === 0) return 'none';
      const own = lineEnd - this.line;
      if (this.length > 0 && this.length + own > MAX) return 'before';
      this.length += own;
      const ends =
        this.length >= MIN &&
        (own >= CERTAIN || this.xxhash.h64Raw(filled.subarray(this.line, lineEnd)) < BigInt(own) * CHANCE_OF_A_BYTE);
      this.line = from = lineEnd;
      if (!ends) continue;
      this.lines++;
      return 'after';
    }
  }
}

/** What `wasm/lines.as` exports; the comments there say what each does. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly FOUND: { readonly value: number };
  readonly TEXT: { readonly value: number };
  next(line: number, from: number, end: number, length: number, min: number, max: number, certain: number): number;
}

const PAGE = 65536;
/** So many bytes behind the text may be read. */
const BEHIND = 64;
const ENDS: readonly BlockEnd[] = ['none', 'before', 'after'];

/** In WebAssembly: to hash a line costs less than to call for its hash. */
export class KernelLines implements BlockLines {
  private static module: object | null | undefined;
  readonly buffer: Buffer;
  private readonly found: Uint32Array;
  private readonly base: number;

  private constructor(private readonly exports: Exports) {
    const { memory, FOUND, TEXT } = exports;
    this.base = TEXT.value;
    memory.grow(Math.ceil((this.base + ROOM + BEHIND) / PAGE) - memory.buffer.byteLength / PAGE);
    this.buffer = Buffer.from(memory.buffer, this.base, ROOM);
    this.found = new Uint32Array(memory.buffer, FOUND.value, 3);
  }

  /** Undefined on a processor that does not have what it takes. */
  static make(): KernelLines | undefined {
    if (this.module === undefined) {
      const bytes = Buffer.from(LINES, 'base64');
      this.module = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
    }
    return this.module === null ? undefined : new KernelLines(new WebAssembly.Instance(this.module).exports as Exports);
  }

  get line(): number {
    return (this.found[0] as number) - this.base;
  }
  get length(): number {
    return this.found[1] as number;
  }
  get lines(): number {
    return this.found[2] as number;
  }

  next(line: number, from: number, end: number, length: number): BlockEnd {
    const { base, exports } = this;
    return ENDS[exports.next(base + line, base + from, base + end, length, MIN, MAX, CERTAIN)] ?? 'none';
  }
}
