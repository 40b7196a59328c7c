import { isAscii, isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { UserError, type JsonlInput, type JsonlOutput, type JsonlSlice } from 'vlmbuild';
import { shownPath } from './paths.js';

const LF = 0x0a;
const CR = 0x0d;

/** Lines are held whole; longer ones are refused. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** The lines of some text without their ends: LF, CRLF or a lone CR, nothing else. A last one without an end counts. */
function* splitLines(bytes: Buffer): Generator<Buffer> {
  let carriage = bytes.indexOf(CR);
  for (let start = 0; start < bytes.length;) {
    if (carriage >= 0 && carriage < start) carriage = bytes.indexOf(CR, start);
    const feed = bytes.indexOf(LF, start);
    const end = carriage >= 0 && (feed < 0 || carriage < feed) ? carriage : feed;
    if (end < 0) {
      yield bytes.subarray(start);
      return;
    }
    yield bytes.subarray(start, end);
    start = end + (bytes[end] === CR && bytes[end + 1] === LF ? 2 : 1);
  }
}

/** Copies lines as they are, the first `limit` of them. */
export async function copyLines(input: JsonlInput, output: JsonlOutput, limit = Infinity): Promise<void> {
  let copied = 0;
  for await (const line of input.lines()) {
    if (copied++ >= limit) break;
    output.append(line);
  }
}

/** A file in pieces of whole lines, each ending in LF. A piece is valid until the next is asked for. */
function* wholeLines(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(1024 * 1024);
    let filled = 0;
    for (;;) {
      if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const read = readSync(file, buffer, filled, buffer.length - filled, null);
      if (read === 0) break;
      const end = buffer.subarray(0, filled + read).lastIndexOf(LF) + 1;
      filled += read;
      if (end === 0) continue;
      yield buffer.subarray(0, end);
      buffer.copyWithin(0, end, filled);
      filled -= end;
    }
    if (filled > 0) yield Buffer.concat([buffer.subarray(0, filled), Buffer.from([LF])]);
  } finally {
    closeSync(file);
  }
}

/**
 * The blocks of an input, none of them longer than a line may be.
 *
 * @param most bytes a line may have; not fewer than a block of several lines has.
 * @throws UserError naming the line that is too long.
 */
export async function* boundedBlocks(input: JsonlInput, most = MAX_LINE_BYTES): AsyncGenerator<JsonlSlice> {
  for await (const block of input.blocks()) {
    // Only a block of one line can be that long, with its end of two bytes.
    if (block.length > most + 2) {
      const line = `line ${lineAt(input.path, block.offset)} of \`${shownPath(input.path)}\``;
      throw new UserError(`${line} is longer than ${most >> 20} MiB`, {
        next: 'such a line is hardly a row: look at how the file was written',
      });
    }
    yield block;
  }
}

/** The number, from 1, of the line that starts at a byte. */
function lineAt(path: string, offset: number): number {
  let line = 1;
  let before = 0;
  for (const lines of wholeLines(path)) {
    for (let at = 0; at < lines.length && before + at < offset; line++) at = lines.indexOf(LF, at) + 1;
    before += lines.length;
    if (before >= offset) break;
  }
  return line;
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

/**
 * The lines of a block. `bom`: the block starts the file, which starts with a byte order mark.
 */
export async function blockLines(block: JsonlSlice, bom: boolean): Promise<Iterable<Buffer>> {
  const bytes = await block.bytes();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return splitLines(bom ? buffer.subarray(3) : buffer);
}

/** The text of a line; undefined where it is not UTF-8. */
export function lineText(line: Buffer): string | undefined {
  if (isAscii(line)) return line.toString('latin1');
  return isUtf8(line) ? line.toString('utf8') : undefined;
}

/** How many lines a file has; a last one without an end counts. */
export function countLines(path: string): number {
  let count = 0;
  for (const lines of wholeLines(path)) {
    for (let at = lines.indexOf(LF); at >= 0; at = lines.indexOf(LF, at + 1)) count++;
  }
  return count;
}
