import { closeSync, fstatSync, openSync } from 'node:fs';
import { readFully } from '../base/read-fully.js';
import { shownPath } from '../base/shown-path.js';
import { printName } from './block-text.js';
import { LOCK_VERSION, parseLock, printTarget, type LockedTarget, type LockFile } from './lock-file.js';

const SPACE = 0x20;
const LINE_END = 0x0a;
/** So much is read at once. Megabytes held at a time would have V8 collect all that a small build has. */
const PIECE = 256 * 1024;
/** Most blocks are shorter. */
const BLOCK = 4096;

/** The block of a target in the file: from its name's line up to the next target's. */
interface Block {
  readonly start: number;
  readonly text: Buffer;
}

/**
 * Some blocks of a lock, and where they stand in its file: with 10,000 targets that has 3 MB. Only of a file that was read
 * whole before, printed by us, and has not been written since.
 */
export class LockText {
  readonly #path: string;
  readonly #size: number;
  readonly #blocks: ReadonlyMap<string, Block>;

  /** The blocks of these targets, as far as there are any. @throws the file system's error */
  constructor(path: string, names: Iterable<string>) {
    this.#path = path;
    const file = openSync(path, 'r');
    try {
      this.#size = fstatSync(file).size;
      const starts = startsOf(file, names);
      this.#blocks = new Map([...starts].map(([name, start]) => [name, { start, text: blockAt(file, start) }]));
    } finally {
      closeSync(file);
    }
  }

  /** The lock with these blocks alone. @throws UserFacingError as `parseLock` */
  lock(): LockFile {
    const blocks = [...this.#blocks.values()].map(({ text }) => text.toString());
    if (blocks.length === 0) return { version: LOCK_VERSION, targets: {} };
    return parseLock(`version: ${LOCK_VERSION}\ntargets:\n${blocks.join('')}`, shownPath(this.#path));
  }

  /**
   * The file's bytes with blocks replaced, piece by piece: each is good until the next is asked for. `same` where that
   * would change nothing, undefined where there is no such block.
   */
  with(targets: Readonly<Record<string, LockedTarget>>): Iterable<Uint8Array> | 'same' | undefined {
    const replaced: { readonly start: number; readonly end: number; readonly text: Buffer }[] = [];
    for (const [name, target] of Object.entries(targets)) {
      const block = this.#blocks.get(name);
      if (block === undefined) return undefined;
      const { start } = block;
      const text = Buffer.from(printTarget(name, target));
      if (!block.text.equals(text)) replaced.push({ start, end: start + block.text.length, text });
    }
    if (replaced.length === 0) return 'same';
    return this.#spliced(replaced.sort((a, b) => a.start - b.start));
  }

  *#spliced(
    replaced: readonly { readonly start: number; readonly end: number; readonly text: Buffer }[],
  ): Generator<Uint8Array, void> {
    const file = openSync(this.#path, 'r');
    try {
      let done = 0;
      for (const { start, end, text } of replaced) {
        yield* pieces(file, done, start);
        yield text;
        done = end;
      }
      yield* pieces(file, done, this.#size);
    } finally {
      closeSync(file);
    }
  }
}

/** In one pass. Names whose line is not there are left out. */
function startsOf(file: number, names: Iterable<string>): Map<string, number> {
  const wanted = new Map([...names].map((name) => [printName(name), name]));
  const starts = new Map<string, number>();
  const longest = Math.max(0, ...[...wanted.keys()].map((line) => Buffer.byteLength(line))) + INDENT.length + 1;
  const linesIn = wanted.size <= FEW ? wantedLines : targetLines;
  const bytes = Buffer.allocUnsafe(PIECE + longest);
  for (let at = 0; starts.size < wanted.size; at += PIECE) {
    const found = bytes.subarray(0, readFully(file, bytes, at));
    for (const [line, place] of linesIn(found, wanted.keys())) {
      const name = wanted.get(line);
      if (name !== undefined && !starts.has(name)) starts.set(name, at + place + 1);
    }
    if (found.length < bytes.length) break;
  }
  return starts;
}

/** What is before a target's name, the end of the line above included. */
const INDENT = Buffer.from('\n  ');
/** So many lines are looked for one by one: that is quicker than to look at each. */
const FEW = 16;

function* wantedLines(bytes: Buffer, wanted: Iterable<string>): Generator<[line: string, place: number], void> {
  for (const line of wanted) {
    const place = bytes.indexOf(`\n  ${line}\n`);
    if (place >= 0) yield [line, place];
  }
}

/** All lines of targets that end in these bytes. */
function* targetLines(bytes: Buffer): Generator<[line: string, place: number], void> {
  for (let place = bytes.indexOf(INDENT); place >= 0; place = bytes.indexOf(INDENT, place + 1)) {
    if (bytes[place + INDENT.length] === SPACE) continue;
    const end = bytes.indexOf(LINE_END, place + 1);
    if (end >= 0) yield [bytes.toString('utf8', place + INDENT.length, end), place];
  }
}

function blockAt(file: number, start: number): Buffer {
  for (let length = BLOCK; ; length *= 4) {
    const bytes = Buffer.allocUnsafe(length);
    const found = bytes.subarray(0, readFully(file, bytes, start));
    for (let end = found.indexOf('\n  '); end >= 0; end = found.indexOf('\n  ', end + 1)) {
      const next = found[end + 3];
      if (next !== undefined && next !== SPACE) return found.subarray(0, end + 1);
    }
    if (found.length < length) return found;
  }
}

/** @throws where the file has less by now. */
function* pieces(file: number, from: number, to: number): Generator<Uint8Array, void> {
  const bytes = Buffer.allocUnsafe(Math.min(PIECE, to - from));
  for (let at = from; at < to; at += bytes.length) {
    const piece = bytes.subarray(0, to - at);
    if (readFully(file, piece, at) < piece.length) throw new Error('the lock is shorter than it was');
    yield piece;
  }
}
