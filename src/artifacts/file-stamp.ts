import { statSync, type BigIntStats } from 'node:fs';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { StatRecord } from '../store/index-db.js';

/** When content may have been written, in nanoseconds since 1970. */
export interface Times {
  /** The latest of the times that the clock gave. */
  readonly youngestNs: bigint;
  /** Times of modification beyond the time of change: somebody set them, by hand or by a clock that was ahead. */
  readonly aheadNs: readonly bigint[];
}

/** What a file's stat says of whether its content may have changed. Times in nanoseconds since 1970. */
export interface FileStamp extends Times {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** Of a database: the stats of its filled `-wal` and `-journal`; else empty. */
  readonly side: string;
}

const NOT_AHEAD: readonly bigint[] = [];

/** The side files that hold content; an empty one equals none. */
const FILLED_SIDES = ['-wal', '-journal'] as const;

/**
 * The stat of a path, links followed; undefined where there is nothing (nor where a file stands for one of its folders).
 *
 * @throws UserFacingError for a circle of links.
 */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP') throw new UserFacingError(artifactErrors.linkLoop(path, 'itself'));
    throw error;
  }
}

export function stampOf(stat: BigIntStats, path: string, isDatabase: boolean): FileStamp {
  let side = '';
  const { mtimeNs, ctimeNs, ino } = stat;
  let youngestNs = ctimeNs;
  for (const suffix of isDatabase ? FILLED_SIDES : []) {
    const beside = statOf(path + suffix);
    if (beside === undefined || beside.size === 0n) continue;
    // Not the ctime: SQLite run by root sets the owner of a -wal that it only reads.
    side += `${suffix} ${beside.size} ${beside.mtimeNs} ${beside.ino}\n`;
    youngestNs = later(youngestNs, beside.mtimeNs);
  }
  const aheadNs = mtimeNs > ctimeNs ? [mtimeNs] : NOT_AHEAD;
  return { size: Number(stat.size), mtimeNs, ctimeNs, ino, side, youngestNs, aheadNs };
}

/** What a stat says of a file without side files, as a text: equal where `sameStamp` is. */
export function stampText({ size, mtimeNs, ctimeNs, ino }: PlainStamp): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
}

/** What `stampText` says of many files: so many numbers each, which go to another thread and are compared in no time. */
export class PackedStamps {
  readonly #words: Uint32Array;

  /** @param numbers as in `of` */
  constructor(readonly numbers: BigInt64Array) {
    this.#words = wordsOf(numbers);
  }

  static of(stamps: readonly PlainStamp[]): PackedStamps {
    const numbers = new BigInt64Array(stamps.length * NUMBERS);
    for (const [i, stamp] of stamps.entries()) putNumbers(numbers, i * NUMBERS, stamp);
    return new PackedStamps(numbers);
  }

  isSame(place: number, stat: PlainStamp): boolean {
    putNumbers(one, 0, stat);
    for (let i = 0; i < WORDS; i++) if (this.#words[place * WORDS + i] !== oneWords[i]) return false;
    return true;
  }
}

type PlainStamp = Pick<BigIntStats, 'mtimeNs' | 'ctimeNs' | 'ino'> & { readonly size: bigint | number };

const NUMBERS = 4;
const WORDS = 2 * NUMBERS;
const one = new BigInt64Array(NUMBERS);
const oneWords = wordsOf(one);

/** Numbers beyond 63 bits wrap round, for one stamp as for the other. */
function putNumbers(numbers: BigInt64Array, at: number, { size, mtimeNs, ctimeNs, ino }: PlainStamp): void {
  numbers[at] = BigInt(size);
  numbers[at + 1] = mtimeNs;
  numbers[at + 2] = ctimeNs;
  numbers[at + 3] = ino;
}

function wordsOf({ buffer, byteOffset, byteLength }: BigInt64Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** A database's files that hold content, in the order in which they are hashed. */
export function contentFiles(path: string, stamp: FileStamp): string[] {
  return [path, ...FILLED_SIDES.filter((suffix) => stamp.side.includes(`${suffix} `)).map((suffix) => path + suffix)];
}

export function sameStamp(
  a: Pick<StatRecord, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'side'>,
  b: Pick<StatRecord, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'side'>,
): boolean {
  return (
    a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.side === b.side
  );
}

/**
 * Whether files with these times, whose content was read after `recordedNs`, would show another stat had they been written
 * since: any write after that gives a time of change of at least its tick, and one of modification no later. So a time of
 * modification in the future tells nothing and hides nothing. One that is about `recordedNs` is waited for, in case that
 * the file system does not keep times of change: there only what was written by this clock is known to be another time.
 */
export function isOlder({ youngestNs, aheadNs }: Times, recordedNs: bigint, tickNs: bigint): boolean {
  const isBefore = (time: bigint): boolean => time < recordedNs - tickNs;
  return isBefore(youngestNs) && aheadNs.every((time) => isBefore(time) || time > recordedNs + tickNs);
}

const eightBytes = new DataView(new ArrayBuffer(8));

/** As `Stats.mtimeMs` has it, to the last bit: from whole seconds and the rest, which no double holds together. */
export function millisecondsOf(ns: bigint): number {
  eightBytes.setBigInt64(0, ns, true);
  const [low, high] = [eightBytes.getUint32(0, true), eightBytes.getInt32(4, true)];
  // One second too many or too few, because a double has 53 bits: what is left shows it, and fits in 32 bits.
  let seconds = Math.floor((high * 2 ** 32 + low) / NS);
  let rest = (low - Math.imul(seconds, NS)) | 0;
  if (rest < 0) {
    seconds--;
    rest += NS;
  } else if (rest >= NS) {
    seconds++;
    rest -= NS;
  }
  return seconds * 1000 + rest / 1e6;
}

const NS = 1_000_000_000;

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
