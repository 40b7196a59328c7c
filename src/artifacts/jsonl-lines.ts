import { constants } from 'node:buffer';
import type { Json } from '../base/json.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';

const LF = 0x0a;
const CR = 0x0d;

/** A line's bytes without its end, and its number from 1. Valid until the next is asked for. */
interface Line {
  bytes: Buffer;
  readonly number: number;
}

const NO_BYTES = Buffer.alloc(0);

/** Cuts pieces of a file into lines; a last line without an end counts. Holds one line and one piece. */
function* splitLines(pieces: Iterable<Buffer>, firstLine: number): Generator<Line> {
  const begun: Buffer[] = [];
  let number = firstLine;
  for (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, start)) {
      const rest = piece.subarray(start, end);
      // Not held in its pieces as well while it is handled.
      yield { bytes: withoutCr(begun.length === 0 ? rest : Buffer.concat([...begun.splice(0), rest])), number };
      number++;
      start = end + 1;
    }
    // The piece is one buffer that is read into again.
    if (start < piece.length) begun.push(Buffer.from(piece.subarray(start)));
  }
  if (begun.length === 0) return;
  yield { bytes: withoutCr(Buffer.concat(begun.splice(0))), number };
}

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}

/** Where lines come from, and how they are called in messages. */
export interface LineSource {
  readonly path: string;
  readonly firstLine: number;
  pieces(): Iterable<Buffer>;
}

/** The lines as text. @throws UserFacingError for one that is too long for a JavaScript string. */
export async function* linesOf(source: LineSource): AsyncGenerator<string> {
  for (const line of splitLines(source.pieces(), source.firstLine)) yield textOf(source, line);
}

/** The rows; lines of blanks alone are passed over. @throws UserFacingError naming the line that is not JSON. */
export async function* rowsOf(source: LineSource): AsyncGenerator<Json> {
  for (const line of splitLines(source.pieces(), source.firstLine)) {
    const text = textOf(source, line);
    if (text.trim() === '') continue;
    try {
      yield JSON.parse(text) as Json;
    } catch (error) {
      throw new UserFacingError(artifactErrors.badRow(source.path, line.number, (error as Error).message));
    }
  }
}

/** Takes the bytes of a line: what is long is not held in two forms while it is handled. */
function textOf(source: LineSource, line: Line): string {
  const { bytes, number } = line;
  if (bytes.length > constants.MAX_STRING_LENGTH)
    throw new UserFacingError(artifactErrors.lineTooLong(source.path, number, bytes.length));
  line.bytes = NO_BYTES;
  return bytes.toString('utf8');
}
