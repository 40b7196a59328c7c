import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { XXHashAPI } from 'xxhash-wasm';
import { sha256, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { PackedStamps } from './file-stamp.js';
import { piecesOf } from './pieces.js';
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
  /** '' where none was taken; where there is no SHA-256 either, the file has another stat now, or cannot be read. */
  readonly xxh64: string[];
  /** '' where the xxh64 is the known one: then the recorded digest stands. */
  readonly sha256: (Digest | '')[];
}

/** Up to this size a file is read in one go, and hashed twice in memory rather than read twice. */
const SMALL = 1 << 20;
/** So many times as long as xxh64 takes SHA-256. */
const SHA256_COST = 4;
/** SHA-256 of so much takes a third of a second at most. */
const AT_ONCE = 512 << 20;
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
        result = readSmall(path, isAsItWas, buffer.subarray(0, size), (bytes) => {
          const xxh64 = xxh64Of(bytes, xxhash);
          return { xxh64, sha256: xxh64 === known ? '' : sha256(bytes) };
        });
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

/** What `use` makes of the bytes; undefined where they are not those of the stat. */
function readSmall<T>(
  path: string,
  isAsItWas: (file: number) => boolean,
  bytes: Buffer,
  use: (bytes: Buffer) => T,
): T | undefined {
  const file = openSync(path, 'r');
  try {
    return readFully(file, bytes, 0) === bytes.length && isAsItWas(file) ? use(bytes) : undefined;
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

/**
 * Whether SHA-256 of a batch's only file is taken and no xxh64 of it: most often a file has changed where its stat has, and
 * of one of this size it takes so little longer that the xxh64 is worth neither a read of all that did change nor, where
 * none is known, half as much again.
 */
export function isHashedAtOnce({ sizes }: HashBatch): boolean {
  const [size = 0] = sizes;
  return sizes.length === 1 && size > SMALL && size <= AT_ONCE;
}

/** SHA-256 of every file, without an xxh64. Yields as `hashBatch`. */
export function* hashAtOnce(batch: HashBatch, into: HashedBatch): Generator<number, void, undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(SMALL, Math.max(0, ...batch.sizes)));
  const stamps = new PackedStamps(batch.stamps);
  for (const [i, path] of batch.paths.entries()) {
    const size = batch.sizes[i] ?? 0;
    const isAsItWas = (file: number): boolean => stamps.isSame(i, fstatSync(file, { bigint: true }));
    let digest: Digest | undefined;
    try {
      if (size <= SMALL) {
        digest = readSmall(path, isAsItWas, buffer.subarray(0, size), (bytes) => sha256(bytes));
        yield size + FILE_COST;
      } else digest = yield* sha256OfLarge(path, isAsItWas);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
    into.xxh64.push('');
    into.sha256.push(digest ?? '');
  }
}

function* sha256OfLarge(
  path: string,
  isAsItWas: (file: number) => boolean,
): Generator<number, Digest | undefined, undefined> {
  const file = openSync(path, 'r');
  try {
    const digest = yield* sha256OfFile(file);
    return isAsItWas(file) ? digest : undefined;
  } finally {
    closeSync(file);
  }
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
