import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const PIECE = 1 << 20;
/** After how many bytes read or hashed other work gets a turn. */
const TURN = 64 << 20;

/**
 * Reads a file in pieces of 1 MiB. Each piece is valid until the next is asked for: it is one buffer.
 * `length`: how many bytes from `offset` on; less where the file ends before.
 */
export function* pieces(path: string, offset = 0, length = Infinity): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    yield* piecesOf(file, offset, length);
  } finally {
    closeSync(file);
  }
}

/** As `pieces`, of an open file. */
export function* piecesOf(file: number, offset = 0, length = Infinity): Generator<Buffer> {
  // One byte more than is expected, so that the end shows in the same read; small files take small buffers.
  const expected = Math.min(length, Math.max(fstatSync(file).size - offset, 0)) + 1;
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(expected, 4096)));
  let position = offset;
  let left = length;
  while (left > 0) {
    const count = readSync(file, buffer, 0, Math.min(buffer.length, left), position);
    if (count === 0) return;
    position += count;
    left -= count;
    yield buffer.subarray(0, count);
  }
}

/** Collects what comes in pieces of a buffer that is used again. */
export function concatPieces(from: Iterable<Buffer>): Buffer {
  const copies = [];
  for (const piece of from) copies.push(Buffer.from(piece));
  return copies.length === 1 && copies[0] !== undefined ? copies[0] : Buffer.concat(copies);
}

/** Counts work and says when other work should get a turn: `if (turn.due(bytes)) await turn.pass()`. */
export class Turn {
  private spent = 0;

  constructor(private readonly every = TURN) {}

  due(bytes: number): boolean {
    this.spent += bytes;
    return this.spent >= this.every;
  }

  pass(): Promise<void> {
    this.spent = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
