import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import { type BlockLines, giveBackBlockLines, MAX, PIECE, takeBlockLines } from './block-lines.js';
import { momentOfFile } from './file-moment.js';
import { piecesOf, Turn } from './pieces.js';
import { SliceChanged } from './slices.js';

const LF = 0x0a;
/** So many times as long as reading takes digesting. */
const DIGEST_COST = 4;

/** Whole lines of a file that go together. */
export interface JsonlBlock {
  /** `block-` and 12 hex digits of the digest; `.2`, `.3` … where it comes again among the ids that were asked for. */
  readonly id: string;
  /** Taken when it is asked for: best before the next block is, for later the file must be read again. @throws SliceChanged */
  readonly digest: Digest;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
  /** Number of its first line in the file, from 1. */
  readonly firstLine: number;
  readonly lines: number;
  /** Of the file when it was opened; see `momentOfFile`. */
  readonly moment: string | undefined;
}

/**
 * The content-defined blocks of a file, in order; joined they are the file. An empty file has none. Streams: some 5 MiB
 * are held, whatever the length of lines.
 */
export async function* jsonlBlocks(path: string): AsyncGenerator<JsonlBlock> {
  const names = new Names();
  for await (const { digest, ...cut } of cutBlocks(path)) {
    const block = new CutBlock(path, cut, digest, names);
    try {
      yield block;
    } finally {
      // Also where the reader breaks off: others get the memory that the block's bytes are in.
      block.leave();
    }
  }
}

/** A block that is cut, and how its digest is taken while the reader has its bytes. */
interface Cut extends Omit<JsonlBlock, 'id' | 'digest'> {
  readonly digest: () => Digest;
}

class CutBlock implements JsonlBlock {
  readonly offset: number;
  readonly length: number;
  readonly firstLine: number;
  readonly lines: number;
  readonly moment: string | undefined;
  #digest: Digest | undefined;
  #id: string | undefined;

  constructor(
    private readonly path: string,
    { offset, length, firstLine, lines, moment }: Omit<Cut, 'digest'>,
    private digestAtHand: (() => Digest) | undefined,
    private readonly names: Names,
  ) {
    this.offset = offset;
    this.length = length;
    this.firstLine = firstLine;
    this.lines = lines;
    this.moment = moment;
  }

  get digest(): Digest {
    return (this.#digest ??= this.digestAtHand?.() ?? this.digestAgain());
  }

  get id(): string {
    return (this.#id ??= this.names.next(hexOf(this.digest).slice(0, 12)));
  }

  /** The reader goes on. Of a file that was young nobody could tell later whether it still is what was cut. */
  leave(): void {
    if (this.moment === undefined) this.#digest ??= this.digestAtHand?.();
    this.digestAtHand = undefined;
  }

  private digestAgain(): Digest {
    const file = openSync(this.path, 'r');
    try {
      const isAsCut = () => momentOfFile(file) === this.moment;
      const hash = createHash('sha256');
      const before = isAsCut();
      for (const piece of piecesOf(file, this.offset, this.length)) hash.update(piece);
      if (!before || !isAsCut()) throw new SliceChanged(`${this.path} from line ${this.firstLine}`);
      return `sha256:${hash.digest('hex')}`;
    } finally {
      closeSync(file);
    }
  }
}

/** Names that come again have a number. */
class Names {
  private readonly times = new Map<string, number>();

  next(short: string): string {
    const time = (this.times.get(short) ?? 0) + 1;
    this.times.set(short, time);
    return time === 1 ? `block-${short}` : `block-${short}.${time}`;
  }
}

async function* cutBlocks(path: string): AsyncGenerator<Cut> {
  const lines = await takeBlockLines();
  const file = openSync(path, 'r');
  try {
    yield* cutLines(file, lines);
  } finally {
    closeSync(file);
    giveBackBlockLines(lines);
  }
}

async function* cutLines(file: number, lines: BlockLines): AsyncGenerator<Cut> {
  const turn = new Turn();
  const { buffer } = lines;
  const block = new OpenBlock(buffer, momentOfFile(file));
  let lineStart = 0;
  let end = 0;
  /** Bytes of a line longer than MAX that have gone into the block already, and from the buffer. */
  let begun = 0;
  for (;;) {
    const gone = block.start;
    // Also where little is left: memory that is not touched costs no page faults.
    if (buffer.length - end < PIECE || (gone > 0 && end - gone <= PIECE)) {
      buffer.copyWithin(0, gone, end);
      end -= gone;
      lineStart -= gone;
      block.start = 0;
    }
    const count = readSync(file, buffer, end, PIECE, null);
    if (count === 0) break;
    let from = end;
    end += count;
    if (begun > 0) {
      const lineEnd = buffer.subarray(0, end).indexOf(LF, from) + 1;
      if (lineEnd > 0) {
        block.length += lineEnd - lineStart;
        block.lines++;
        begun = 0;
        lineStart = from = lineEnd;
        yield block.cut(lineEnd);
      }
    }
    while (begun === 0) {
      const found = lines.next(lineStart, from, end, block.length);
      ({ line: lineStart, length: block.length } = lines);
      block.lines += lines.lines;
      if (found === 'none') break;
      from = lineStart;
      yield block.cut(lineStart);
    }
    // A line that shall be in the next block need not be read to its end to be known as such.
    const open = end - lineStart;
    if (begun === 0 && block.length > 0 && block.length + open > MAX) yield block.cut(lineStart);
    // What is longer than a block cannot be held to its end: it is digested as it comes.
    if (begun > 0 || open > MAX) {
      block.take(end);
      block.length += open;
      begun += open;
      lineStart = end = block.start = 0;
    }
    if (turn.due(DIGEST_COST * count)) await turn.pass();
  }
  const rest = end - lineStart;
  block.length += rest;
  if (begun + rest > 0) block.lines++;
  if (block.length > 0) yield block.cut(end);
}

/** The block at hand. It is digested where it was read to, in one go but for a long line. */
class OpenBlock {
  length = 0;
  lines = 0;
  /** Where in the buffer it begins, or what has not been digested of it. */
  start = 0;
  private hash: Hash | undefined;
  private offset = 0;
  private firstLine = 1;

  constructor(
    private readonly buffer: Buffer,
    private readonly moment: string | undefined,
  ) {}

  /** Digests what there is of it up to `end` in the buffer. */
  take(end: number): void {
    this.hash = (this.hash ?? createHash('sha256')).update(this.buffer.subarray(this.start, end));
    this.start = end;
  }

  /** The block ends before `end` in the buffer, and a new one begins. */
  cut(end: number): Cut {
    const { start, buffer, hash, offset, length, firstLine, lines, moment } = this;
    this.start = end;
    this.hash = undefined;
    this.offset += length;
    this.firstLine += lines;
    this.length = this.lines = 0;
    const digest = (): Digest => {
      const rest = buffer.subarray(start, end);
      return hash === undefined ? sha256(rest) : `sha256:${hash.update(rest).digest('hex')}`;
    };
    return { digest, offset, length, firstLine, lines, moment };
  }
}
