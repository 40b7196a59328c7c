import { closeSync, openSync, readSync } from 'node:fs';
import { hexOf, type Digest } from '../base/digest.js';
import { DigestAside } from './digest-aside.js';
import { momentOfFile } from './file-moment.js';
import { Turn } from './pieces.js';
import { xxh64 } from './xxh64.js';

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
const MAX = 4 << 20;
/** 2^64 / 1 MiB: a line ends a block when its hash is below its length times this. */
const CHANCE_OF_A_BYTE = 1n << 44n;
/** A line this long always ends a block of MIN bytes, so it need not be hashed. */
const CERTAIN = 1 << 20;

const LF = 0x0a;
const PIECE = 1 << 20;

/** Whole lines of a file that go together. */
export interface JsonlBlock {
  /** `block-` and 12 hex digits of the digest; `.2`, `.3` … where the same content recurs in the file. */
  readonly id: string;
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

/** So many blocks are digested while the file is read on. */
const AHEAD = 2;

/** A block that is cut, and perhaps not digested yet. */
interface Cut extends Omit<JsonlBlock, 'id' | 'digest'> {
  readonly digest: Promise<Digest>;
}

/**
 * The content-defined blocks of a file, in order; joined they are the file. An empty file has none. Streams: some 20 MiB
 * are held, whatever the length of lines.
 */
export async function* jsonlBlocks(path: string): AsyncGenerator<JsonlBlock> {
  const times = new Map<string, number>();
  const named = async (cut: Cut): Promise<JsonlBlock> => {
    const digest = await cut.digest;
    const short = hexOf(digest).slice(0, 12);
    const time = (times.get(short) ?? 0) + 1;
    times.set(short, time);
    return { ...cut, digest, id: time === 1 ? `block-${short}` : `block-${short}.${time}` };
  };
  const waiting: Cut[] = [];
  for await (const cut of cutBlocks(path)) {
    waiting.push(cut);
    const first = waiting.length > AHEAD ? waiting.shift() : undefined;
    if (first !== undefined) yield await named(first);
  }
  for (const cut of waiting) yield await named(cut);
}

async function* cutBlocks(path: string): AsyncGenerator<Cut> {
  const xxhash = await xxh64();
  const file = openSync(path, 'r');
  try {
    const turn = new Turn();
    const block = new OpenBlock(momentOfFile(file));
    // From `lineStart` on it holds the line at hand, as far as it is read; what is before belongs to the block.
    const buffer = Buffer.allocUnsafe(MAX + 2 * PIECE);
    let lineStart = 0;
    let end = 0;
    /** Bytes of a line longer than MAX that have gone into the block already, and from the buffer. */
    let begun = 0;
    for (;;) {
      if (buffer.length - end < PIECE) {
        block.take(buffer, lineStart);
        buffer.copyWithin(0, lineStart, end);
        end -= lineStart;
        lineStart = block.taken = 0;
      }
      const count = readSync(file, buffer, end, PIECE, null);
      if (count === 0) break;
      let from = end;
      end += count;
      const filled = buffer.subarray(0, end);
      for (;;) {
        const lineEnd = filled.indexOf(LF, from) + 1;
        if (lineEnd === 0) break;
        const length = lineEnd - lineStart;
        if (begun === 0 && block.length > 0 && block.length + length > MAX) yield block.cut(buffer, lineStart);
        block.length += length;
        block.lines++;
        const ends =
          block.length >= MIN &&
          (begun + length >= CERTAIN ||
            xxhash.h64Raw(buffer.subarray(lineStart, lineEnd)) < BigInt(length) * CHANCE_OF_A_BYTE);
        lineStart = from = lineEnd;
        begun = 0;
        if (ends) yield block.cut(buffer, lineEnd);
      }
      // What is longer than a block cannot be held to its end: it is digested as it comes.
      if (begun > 0 || end - lineStart > MAX) {
        if (begun === 0 && block.length > 0) yield block.cut(buffer, lineStart);
        block.take(buffer, end);
        block.length += end - lineStart;
        begun += end - lineStart;
        lineStart = end = block.taken = 0;
      }
      if (turn.due(count)) await turn.pass();
    }
    const rest = end - lineStart;
    if (begun === 0 && rest > 0 && block.length > 0 && block.length + rest > MAX) yield block.cut(buffer, lineStart);
    block.length += rest;
    if (begun + rest > 0) block.lines++;
    if (block.length > 0) yield block.cut(buffer, end);
  } finally {
    closeSync(file);
  }
}

/** The block at hand, digested from the reader's buffer in ranges as long as possible. */
class OpenBlock {
  length = 0;
  lines = 0;
  /** Up to where the buffer is digested. */
  taken = 0;
  private bytes = new DigestAside(MAX);
  private offset = 0;
  private firstLine = 1;

  constructor(private readonly moment: string | undefined) {}

  take(buffer: Buffer, end: number): void {
    this.bytes.update(buffer.subarray(this.taken, end));
    this.taken = end;
  }

  /** The block ends before `end` in the buffer, and a new one begins. */
  cut(buffer: Buffer, end: number): Cut {
    this.take(buffer, end);
    const { offset, length, firstLine, lines, moment } = this;
    const digest = this.bytes.digest();
    // Whoever asks for it hears of a failure, and perhaps nobody does.
    digest.catch(() => undefined);
    this.bytes = new DigestAside(MAX);
    this.offset += length;
    this.firstLine += lines;
    this.length = this.lines = 0;
    return { digest, offset, length, firstLine, lines, moment };
  }
}
