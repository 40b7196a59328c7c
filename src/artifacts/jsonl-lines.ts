import { constants } from 'node:buffer';
import type { Json } from '../base/json.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';

const LF = 0x0a;
const CR = 0x0d;

/** A line's bytes without its end, and its number from 1. Valid until the next is asked for. */
interface Line {
  readonly bytes: Buffer;
  readonly number: number;
}

const NO_BYTES: Buffer<ArrayBuffer> = Buffer.alloc(0);

/** Cuts pieces of a file into lines; a last line without an end counts. Holds one line and one piece. */
function* splitLines(source: LineSource): Generator<Line> {
  const begun = new BegunLine(source.size);
  let number = source.firstLine;
  try {
    for (const piece of source.pieces()) {
      let start = 0;
      for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, start)) {
        yield { bytes: withoutCr(begun.ended(piece.subarray(start, end))), number };
        number++;
        start = end + 1;
      }
      // The piece is one buffer that is read into again.
      begun.add(piece.subarray(start));
    }
    if (begun.isThere) yield { bytes: withoutCr(begun.ended(NO_BYTES)), number };
  } finally {
    begun.close();
  }
}

/** What is longer has room for the longest line of rows at once: memory that is not written to is none. */
const LONG = 4 << 20;
const LONGEST = 256 << 20;

/** A line whose end is not read yet. */
class BegunLine {
  private buffer = NO_BYTES;
  private used = 0;

  /** @param size no line is longer */
  constructor(private readonly size = Infinity) {}

  get isThere(): boolean {
    return this.used > 0;
  }

  add(bytes: Buffer): void {
    const needed = this.used + bytes.length;
    if (needed > this.buffer.length) {
      const room = needed <= LONG ? 2 * needed : needed <= LONGEST ? LONGEST : 2 * needed;
      const larger = takeBuffer(Math.max(needed, Math.min(room, this.size)));
      this.buffer.copy(larger, 0, 0, this.used);
      giveBack(this.buffer);
      this.buffer = larger;
    }
    bytes.copy(this.buffer, this.used);
    this.used = needed;
  }

  /** The line with the rest of it; valid until more is added, or it is closed. */
  ended(rest: Buffer): Buffer {
    if (this.used === 0) return rest;
    this.add(rest);
    const line = this.buffer.subarray(0, this.used);
    this.used = 0;
    return line;
  }

  close(): void {
    giveBack(this.buffer);
    this.buffer = NO_BYTES;
  }
}

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}

/** Where lines come from, and how they are called in messages. */
export interface LineSource {
  readonly path: string;
  readonly firstLine: number;
  /** How many bytes all of them have, where that is known. */
  readonly size?: number;
  pieces(): Iterable<Buffer>;
}

/** The lines as text. @throws UserFacingError for one that is too long for a JavaScript string. */
export async function* linesOf(source: LineSource): AsyncGenerator<string> {
  for (const line of splitLines(source)) yield textOf(source, line);
}

/** The lines as bytes, each valid until the next is asked for. */
export async function* lineBytesOf(source: LineSource): AsyncGenerator<Buffer> {
  for (const { bytes } of splitLines(source)) yield bytes;
}

/** The rows; lines of blanks alone are passed over. @throws UserFacingError naming the line that is not JSON. */
export async function* rowsOf(source: LineSource): AsyncGenerator<Json> {
  for (const line of splitLines(source)) {
    const text = textOf(source, line);
    if (text.trim() === '') continue;
    try {
      yield JSON.parse(text) as Json;
    } catch (error) {
      throw new UserFacingError(artifactErrors.badRow(source.path, line.number, (error as Error).message));
    }
  }
}

function textOf(source: LineSource, { bytes, number }: Line): string {
  if (bytes.length > constants.MAX_STRING_LENGTH)
    throw new UserFacingError(artifactErrors.lineTooLong(source.path, number, bytes.length));
  return bytes.toString('utf8');
}
