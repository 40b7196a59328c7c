import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { sha256, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectStore } from '../store/objects.js';
import { BufferedFile } from './buffered-file.js';
import { momentOfFile } from './file-moment.js';
import type { JsonlInputHandle, JsonlSliceHandle, OpenedInput, OpenedOutput, OpenedSlice } from './handle-types.js';
import { jsonlBlocks } from './jsonl-blocks.js';
import { lineBytesOf, linesOf, rowsOf, type LineSource } from './jsonl-lines.js';
import type { ArtifactRecord, Slice } from './kind.js';
import { pieces } from './pieces.js';
import { scratchCopy } from './scratch-copy.js';
import { ChangeWitness, registerSlice } from './slices.js';

const LINE_END = Buffer.from('\n');

type BlockSlice = Extract<Slice, { kind: 'jsonl' }>;

export function openJsonlInput(input: { readonly path: string; readonly digest: Digest }): OpenedInput {
  const { path, digest } = input;
  const source: LineSource = { path, firstLine: 1, pieces: () => pieces(path) };
  const handle: JsonlInputHandle = {
    path,
    digest,
    lines: () => linesOf(source),
    lineBytes: () => lineBytesOf(source),
    rows: () => rowsOf(source),
    blocks: () => blocksOf(path),
  };
  return { handle, close: () => undefined };
}

async function* blocksOf(path: string): AsyncGenerator<JsonlSliceHandle> {
  for await (const block of jsonlBlocks(path)) {
    const { offset, length, firstLine, moment } = block;
    const slice: BlockSlice = {
      kind: 'jsonl',
      path,
      get digest() {
        return block.digest;
      },
      get id() {
        return block.id;
      },
      offset,
      length,
      firstLine,
      ...(moment === undefined ? {} : { moment }),
    };
    yield jsonlSliceHandle(slice);
  }
}

export function openJsonlSlice(slice: BlockSlice): OpenedSlice {
  const witness = new ChangeWitness();
  const content = new BlockContent(slice);
  return {
    handle: jsonlSliceHandle(slice, content, witness),
    verify: () => witness.verify(),
    close: () => content.close(),
  };
}

/** A block's bytes, read whole when all are first needed. */
class BlockContent {
  /** Open from when some of them are read. */
  private file = -1;
  private buffer: Buffer<ArrayBuffer> | undefined;
  private bytes: Buffer | undefined;

  constructor(private readonly slice: BlockSlice) {}

  /** Undefined where they are not what was listed. */
  read(): Buffer | undefined {
    if (this.bytes !== undefined) return this.bytes;
    const { path, offset, length, moment } = this.slice;
    const file = openSync(path, 'r');
    try {
      const buffer = (this.buffer ??= takeBuffer(length));
      const before = momentOfFile(file);
      const bytes = buffer.subarray(0, readFully(file, buffer.subarray(0, length), offset));
      const isAsListed = moment !== undefined && before === moment && momentOfFile(file) === moment;
      if (isAsListed || sha256(bytes) === this.slice.digest) this.bytes = bytes;
      return this.bytes;
    } finally {
      closeSync(file);
    }
  }

  /** Reads some of them; undefined where they are not what was listed. */
  readInto(into: Uint8Array, from: number): number | undefined {
    const { path, offset, length, moment } = this.slice;
    const some = into.subarray(0, Math.max(0, length - from));
    if (this.bytes === undefined && moment !== undefined) {
      if (this.file < 0) this.file = openSync(path, 'r');
      // Whatever was written before would show: that what was read is what was listed is told by a look behind it.
      if (readFully(this.file, some, offset + from) === some.length && momentOfFile(this.file) === moment)
        return some.length;
    }
    const bytes = this.read();
    if (bytes === undefined) return undefined;
    some.set(bytes.subarray(from, from + some.length));
    return some.length;
  }

  close(): void {
    if (this.file >= 0) closeSync(this.file);
    this.file = -1;
    if (this.buffer !== undefined) giveBack(this.buffer);
    this.buffer = this.bytes = undefined;
  }
}

/** A block is compared with its digest, or found to be at the moment of its listing, and only then handed out. */
function jsonlSliceHandle(
  slice: BlockSlice,
  content = new BlockContent(slice),
  witness = new ChangeWitness(),
): JsonlSliceHandle {
  const asListed = <T>(found: T | undefined): T => {
    if (found === undefined) throw witness.changed(`${slice.path} from line ${slice.firstLine}`);
    return found;
  };
  const read = (): Buffer => asListed(content.read());
  const source: LineSource = { path: slice.path, firstLine: slice.firstLine, pieces: () => [read()] };
  const handle: JsonlSliceHandle = {
    kind: 'jsonl',
    get id() {
      return slice.id;
    },
    get digest() {
      return slice.digest;
    },
    offset: slice.offset,
    length: slice.length,
    lines: () => linesOf(source),
    rows: () => rowsOf(source),
    bytes: async () => read(),
    read: (into, offset) => asListed(content.readInto(into, offset)),
  };
  return registerSlice(handle, slice);
}

export function openJsonlOutput(path: string, hold: number): OpenedOutput {
  if (hold === 0) mkdirSync(dirname(path), { recursive: true });
  const file = new BufferedFile(path, hold);
  const handle = {
    /** Whoever asks for the path may read or write there. */
    get path(): string {
      file.toDisk();
      return path;
    },
    append(line: string | Uint8Array): void {
      if (!file.open) throw new UserFacingError(artifactErrors.closed(path));
      if (typeof line === 'string' ? line.includes('\n') : line.includes(0x0a))
        throw new UserFacingError(artifactErrors.notOneLine(path));
      if (typeof line === 'string') file.writeText(line);
      else file.write(line);
      file.write(LINE_END);
    },
    appendLines(lines: Uint8Array): void {
      if (!file.open) throw new UserFacingError(artifactErrors.closed(path));
      file.write(lines);
      if (lines.length > 0 && lines[lines.length - 1] !== 0x0a) file.write(LINE_END);
    },
  };
  return { handle, finish: () => file.finish(), discard: () => file.discard() };
}

export function openMadeJsonl(record: ArtifactRecord, objects: ObjectStore, scratch: string): OpenedInput {
  const path = scratchCopy(record, objects, scratch, '.jsonl');
  const source: LineSource = {
    path: 'the output of a part',
    firstLine: 1,
    size: record.bytes.size,
    pieces: () => objects.read(record.bytes),
  };
  const handle: JsonlInputHandle = {
    get path() {
      return path();
    },
    digest: record.digest,
    lines: () => linesOf(source),
    lineBytes: () => lineBytesOf(source),
    rows: () => rowsOf(source),
    blocks: () => blocksOf(path()),
  };
  return { handle, close: () => undefined };
}
