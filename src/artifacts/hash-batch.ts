import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { XXHashAPI } from 'xxhash-wasm';
import { sha256, type Digest } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
import { stampText } from './file-stamp.js';
import { piecesOf } from './pieces.js';
import { xxh64Hex, xxh64Of } from './xxh64.js';

/** Files to be hashed, in columns: they go to another thread and back, and 20,000 texts are copied faster than objects. */
export interface HashBatch {
  readonly paths: readonly string[];
  /** Bytes. */
  readonly sizes: readonly number[];
  /** By `stampText`: what their stats were. */
  readonly stamps: readonly string[];
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
  for (const [i, path] of batch.paths.entries()) {
    const size = batch.sizes[i] ?? 0;
    const known = batch.known[i] ?? '';
    const stamp = batch.stamps[i] ?? '';
    let result: Hashed | undefined;
    try {
      if (size <= SMALL) {
        result = hashSmall(path, size, stamp, known, xxhash, buffer);
        yield size + FILE_COST;
      } else result = yield* hashLarge(path, stamp, known, xxhash);
    } catch (error) {
      // Gone, or unreadable: whoever looks again says so.
      if (!(error instanceof Error && 'syscall' in error)) throw error;
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
  size: number,
  stamp: string,
  known: string,
  xxhash: XXHashAPI,
  buffer: Buffer,
): Hashed | undefined {
  const file = openSync(path, 'r');
  try {
    const bytes = buffer.subarray(0, size);
    const used = readFully(file, bytes, 0);
    if (used !== size || stampText(fstatSync(file, { bigint: true })) !== stamp) return undefined;
    const xxh64 = xxh64Of(bytes, xxhash);
    return { xxh64, sha256: xxh64 === known ? '' : sha256(bytes) };
  } finally {
    closeSync(file);
  }
}

function* hashLarge(
  path: string,
  stamp: string,
  known: string,
  xxhash: XXHashAPI,
): Generator<number, Hashed | undefined, undefined> {
  const file = openSync(path, 'r');
  try {
    const first = known === '' ? undefined : yield* xxh64OfFile(file, xxhash);
    const hashed: Hashed =
      first !== undefined && first === known ? { xxh64: first, sha256: '' } : yield* sha256OfFile(file, xxhash, first);
    return stampText(fstatSync(file, { bigint: true })) === stamp ? hashed : undefined;
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

/** @param xxh64 where it was just taken */
function* sha256OfFile(
  file: number,
  xxhash: XXHashAPI,
  xxh64: string | undefined,
): Generator<number, { readonly xxh64: string; readonly sha256: Digest }, undefined> {
  const hash = createHash('sha256');
  const state = xxh64 === undefined ? xxhash.create64() : undefined;
  for (const piece of piecesOf(file)) {
    hash.update(piece);
    state?.update(piece);
    yield piece.length * SHA256_COST;
  }
  return { xxh64: xxh64 ?? (state === undefined ? '' : xxh64Hex(state)), sha256: `sha256:${hash.digest('hex')}` };
}
