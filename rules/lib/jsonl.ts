import { closeSync, openSync, readSync } from 'node:fs';
import { UserError, type JsonlInput, type JsonlOutput, type JsonlSlice } from 'vlmbuild';
import { shownPath } from './paths.js';

const LF = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
const CR = CARRIAGE_RETURN;

/** Lines are held whole; longer ones are refused. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Where lines end: at LF, CRLF or a lone CR, nothing else. A last one without an end counts. Asked for in order. */
export class LineEnds {
  /** The first CR from where one was last looked for; -1 where there is none, -2 before. */
  private carriage = -2;

  constructor(private readonly bytes: Buffer) {}

  /** Where the line ends that begins at `start`. */
  after(start: number): number {
    const { bytes } = this;
    if (this.carriage !== -1 && this.carriage < start) this.carriage = bytes.indexOf(CR, start);
    const feed = indexOrEnd(bytes, LF, start);
    return this.carriage >= 0 && this.carriage < feed ? this.carriage : feed;
  }

  /** Where the next line begins after one that ends at `end`. */
  next(end: number): number {
    return end + (this.bytes[end] === CR && this.bytes[end + 1] === LF ? 2 : 1);
  }
}

/** Copies lines as they are, the first `limit` of them. */
export async function copyLines(input: JsonlInput, output: JsonlOutput, limit = Infinity): Promise<void> {
  let copied = 0;
  for await (const line of input.lineBytes()) {
    if (copied++ >= limit) break;
    output.append(line);
  }
}

/**
 * The lines of an input, each with an LF, as many at a time as there is room for. A longer one comes by itself, and has no
 * LF. What is given is valid until the next is asked for.
 */
export async function* batches(input: JsonlInput, into: Buffer): AsyncGenerator<Buffer, void, undefined> {
  let used = 0;
  for await (const line of input.lineBytes()) {
    const { length } = line;
    if (used > 0 && used + length >= into.length) {
      yield into.subarray(0, used);
      used = 0;
    }
    if (length >= into.length) {
      yield Buffer.from(line.buffer, line.byteOffset, length);
      continue;
    }
    into.set(line, used);
    used += length;
    into[used++] = LF;
  }
  if (used > 0) yield into.subarray(0, used);
}

/**
 * The blocks of an input, none of them longer than a line may be.
 *
 * @param most bytes a line may have; not fewer than a block of several lines has.
 * @throws UserError naming the line that is too long.
 */
export async function* boundedBlocks(input: JsonlInput, most = MAX_LINE_BYTES): AsyncGenerator<JsonlSlice> {
  let areChecked = false;
  for await (const block of input.blocks()) {
    // A block is longer than a line may be when it is one line, or lines that end at CR alone.
    if (block.length > most && !areChecked) {
      areChecked = true;
      const number = longLine(input.path, most);
      if (number !== undefined) {
        throw new UserError(`line ${number} of \`${shownPath(input.path)}\` is longer than ${most >> 20} MiB`, {
          next: 'such a line is hardly a row: look at how the file was written',
        });
      }
    }
    yield block;
  }
}

/** The number, from 1, of the first line of more than so many bytes. */
function longLine(path: string, most: number): number | undefined {
  let number = 1;
  let length = hasByteOrderMark(path) ? -3 : 0;
  let afterCarriage = false;
  for (const piece of pieces(path)) {
    let carriage = -1;
    for (let at = 0; at < piece.length;) {
      if (afterCarriage) {
        afterCarriage = false;
        if (piece[at] === LF) {
          at++;
          continue;
        }
      }
      const feed = indexOrEnd(piece, LF, at);
      if (carriage < at) carriage = indexOrEnd(piece, CR, at);
      const end = Math.min(feed, carriage);
      length += end - at;
      if (length > most) return number;
      at = end + 1;
      if (end === piece.length) break;
      number++;
      length = 0;
      afterCarriage = end === carriage;
    }
  }
  return undefined;
}

function indexOrEnd(piece: Buffer, byte: number, from: number): number {
  const at = piece.indexOf(byte, from);
  return at < 0 ? piece.length : at;
}

/** A file in pieces. Each is valid until the next is asked for. */
function* pieces(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, null);
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}

/** Whether a file starts with the byte order mark, which is no part of its first line. */
export function hasByteOrderMark(path: string): boolean {
  const start = Buffer.alloc(3);
  const file = openSync(path, 'r');
  try {
    return readSync(file, start, 0, 3, 0) === 3 && start.equals(Buffer.from('\ufeff'));
  } finally {
    closeSync(file);
  }
}

/** The bytes of a block. `bom`: it starts the file, which starts with a byte order mark. */
export async function blockBytes(block: JsonlSlice, bom: boolean): Promise<Buffer> {
  const bytes = await block.bytes();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bom ? buffer.subarray(3) : buffer;
}

/** So much is read at once: what is handled while it is near the processor is handled faster. */
const NEAR = 1 << 20;

/**
 * The whole lines of a block, from an offset on, some at a time.
 *
 * @param into has room for the block. What is given is in it, until the next is asked for.
 */
export function* linesOfBlock(block: JsonlSlice, from: number, into: Buffer): Generator<Buffer, void, undefined> {
  for (let at = from; at < block.length;) {
    let lines = into.subarray(0, 0);
    for (let room = Math.min(NEAR, into.length); lines.length === 0; room = into.length) {
      const count = block.read(into.subarray(0, room), at);
      const isLast = at + count >= block.length;
      lines = into.subarray(0, isLast ? count : into.subarray(0, count).lastIndexOf(LF) + 1);
    }
    yield lines;
    at += lines.length;
  }
}

/** How many lines a text has. */
export function linesIn(bytes: Buffer): number {
  const ends = new LineEnds(bytes);
  let count = 0;
  for (let start = 0; start < bytes.length; start = ends.next(ends.after(start))) count++;
  return count;
}

/** How many lines a file has; a last one without an end counts. */
export function countLines(path: string): number {
  let count = 0;
  let last: number | undefined = LF;
  for (const piece of pieces(path)) {
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) count++;
    last = piece.at(-1);
  }
  return last === LF ? count : count + 1;
}
