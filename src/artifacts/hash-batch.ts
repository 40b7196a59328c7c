import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { XXHashAPI } from 'xxhash-wasm';
import { sha256, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { PackedStamps } from './file-stamp.js';
import { piecesOf } from './pieces.js';
import { piecesAhead } from './pieces-ahead.js';
import { xxh64Hex, xxh64Of } from './xxh64.js';

/** Files to be hashed, in columns: they go to another thread and back, and 20,000 texts are copied faster than objects. */
export interface HashBatch {
  readonly paths: readonly string[];
  /** Bytes. */
  readonly sizes: readonly number[];
  /** What their stats were: the numbers of `PackedStamps`. */
  readonly stamps: BigInt64Array;
  /** The xxh64 that was recorded for a content of that size; '' for none. */
  readonly known: readonly string[];
}

/** In the same order. */
export interface HashedBatch {
  /** '' for a file that has another stat now, or cannot be read. */
  readonly xxh64: string[];
  /** '' where the xxh64 is the known one: then the recorded digest stands. */
  readonly sha256: (Digest | '')[];
}

/** Up to this size a file is read in one go, and hashed twice in memory rather than read twice. */
const SMALL = 1 << 20;
/** So many times as long as xxh64 takes SHA-256. */
const SHA256_COST = 4;
/** From this size on 30 ms can be saved, which is when a second thread pays. */
const GUESSED = 64 << 20;
/** How much a file counts, however small it is: to open one takes as long as to hash so many bytes. */
const FILE_COST = 1 << 15;

/** What `hashBatch` yields in all, where nothing has changed. */
export function costOf({ sizes }: HashBatch): number {
  return sizes.reduce((sum, size) => sum + size + FILE_COST, 0);
}

/**
 * Hashes the files into `into`. Yields what each step cost, so that other work can have its turns.
 *
 * What was read was the content under the stat of the batch: the stat of the open file is looked at after its bytes.
 */
export function* hashBatch(batch: HashBatch, xxhash: XXHashAPI, into: HashedBatch): Generator<number, void, undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(SMALL, Math.max(0, ...batch.sizes)));
  const stamps = new PackedStamps(batch.stamps);
  for (const [i, path] of batch.paths.entries()) {
    const size = batch.sizes[i] ?? 0;
    const known = batch.known[i] ?? '';
    const isAsItWas = (file: number): boolean => stamps.isSame(i, fstatSync(file, { bigint: true }));
    let result: Hashed | undefined;
    try {
      if (size <= SMALL) {
        result = hashSmall(path, isAsItWas, known, xxhash, buffer.subarray(0, size));
        yield size + FILE_COST;
      } else result = yield* hashLarge(path, isAsItWas, known, xxhash);
    } catch (error) {
      // Gone, or unreadable: whoever looks again says so.
      if (!isSystemError(error)) throw error;
    }
    into.xxh64.push(result?.xxh64 ?? '');
    into.sha256.push(result?.sha256 ?? '');
  }
}

interface Hashed {
  readonly xxh64: string;
  readonly sha256: Digest | '';
}

function hashSmall(
  path: string,
  isAsItWas: (file: number) => boolean,
  known: string,
  xxhash: XXHashAPI,
  bytes: Buffer,
): Hashed | undefined {
  const file = openSync(path, 'r');
  try {
    if (readFully(file, bytes, 0) !== bytes.length || !isAsItWas(file)) return undefined;
    const xxh64 = xxh64Of(bytes, xxhash);
    return { xxh64, sha256: xxh64 === known ? '' : sha256(bytes) };
  } finally {
    closeSync(file);
  }
}

function* hashLarge(
  path: string,
  isAsItWas: (file: number) => boolean,
  known: string,
  xxhash: XXHashAPI,
): Generator<number, Hashed | undefined, undefined> {
  const file = openSync(path, 'r');
  try {
    const xxh64 = known === '' ? undefined : yield* xxh64OfFile(file, xxhash);
    const hashed: Hashed =
      xxh64 === undefined
        ? yield* bothOfFile(file, xxhash)
        : { xxh64, sha256: xxh64 === known ? '' : yield* sha256OfFile(file) };
    return isAsItWas(file) ? hashed : undefined;
  } finally {
    closeSync(file);
  }
}

/** Whether SHA-256 of a batch's only file takes so long that it is begun before its xxh64 is known to be another one. */
export function isWorthAGuess({ sizes, known }: HashBatch): boolean {
  const [size = 0] = sizes;
  return sizes.length === 1 && size >= GUESSED && known[0] !== '';
}

/** xxh64 of a batch's only file; '' where that has another stat now, or cannot be read. */
export function* xxh64OfOnly(batch: HashBatch, xxhash: XXHashAPI): Generator<number, string, undefined> {
  try {
    const file = openSync(batch.paths[0] ?? '', 'r');
    try {
      const xxh64 = yield* xxh64OfFile(file, xxhash);
      return isAsStamped(batch, file) ? xxh64 : '';
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isSystemError(error)) return '';
    throw error;
  }
}

/** SHA-256 of a batch's only file; '' where that has another stat now, or cannot be read. */
export async function* sha256OfOnly(batch: HashBatch): AsyncGenerator<number, Digest | '', undefined> {
  try {
    const file = openSync(batch.paths[0] ?? '', 'r');
    try {
      const hash = createHash('sha256');
      for await (const piece of piecesAhead(file)) {
        hash.update(piece);
        yield piece.length * SHA256_COST;
      }
      return isAsStamped(batch, file) ? `sha256:${hash.digest('hex')}` : '';
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isSystemError(error)) return '';
    throw error;
  }
}

function isAsStamped({ stamps }: HashBatch, file: number): boolean {
  return new PackedStamps(stamps).isSame(0, fstatSync(file, { bigint: true }));
}

function* xxh64OfFile(file: number, xxhash: XXHashAPI): Generator<number, string, undefined> {
  const state = xxhash.create64();
  for (const piece of piecesOf(file)) {
    state.update(piece);
    yield piece.length;
  }
  return xxh64Hex(state);
}

function* sha256OfFile(file: number): Generator<number, Digest, undefined> {
  const hash = createHash('sha256');
  for (const piece of piecesOf(file)) {
    hash.update(piece);
    yield piece.length * SHA256_COST;
  }
  return `sha256:${hash.digest('hex')}`;
}

/** In one read. */
function* bothOfFile(
  file: number,
  xxhash: XXHashAPI,
): Generator<number, { readonly xxh64: string; readonly sha256: Digest }, undefined> {
  const hash = createHash('sha256');
  const state = xxhash.create64();
  for (const piece of piecesOf(file)) {
    hash.update(piece);
    state.update(piece);
    yield piece.length * SHA256_COST;
  }
  return { xxh64: xxh64Hex(state), sha256: `sha256:${hash.digest('hex')}` };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
