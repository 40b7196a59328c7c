import { closeSync, fstatSync, lstatSync, openSync, statSync, type Stats } from 'node:fs';
import { readFully } from '../base/read-fully.js';

/**
 * The snapshot file, read by the tiny bin before anything else is loaded: nothing heavy may be imported here.
 *
 *     10 doubles  magic, format, how many paths are fixed, how many others are followed, how many are not, targets, bytes
 *                 of text, environment names, the id of the plan beside it (0: none), checksum of all else
 *     4 columns   mtime ms, ctime ms, size, inode of each path; size is -1 for one that is absent
 *     text        identity, the digest of the results (or nothing), environment (`NAME` unset, `NAME=hex` set), paths,
 *                 each behind the last with a NUL; padded to 8 bytes
 *
 * Host byte order: the file never leaves the machine, and another order fails at the magic number.
 */
export const SNAPSHOT_FORMAT = 3;
const MAGIC = 0x766c6d736e6170; // 'vlmsnap'
export const HEADER = 10;
export const COLUMNS = 4;
export const ABSENT = -1;

/** What must be the same before the times are even looked at. */
export interface SnapshotIdentity {
  readonly root: string;
  /** The pipeline file's name. */
  readonly file: string;
  /** The words that named the targets: a set, so order and repetition do not matter. */
  readonly words: readonly string[];
  /** The folder of the running vlmbuild. */
  readonly program: string;
}

export function identityText({ root, file, words, program }: SnapshotIdentity): string {
  return JSON.stringify([root, file, program, ...wordSet(words)]);
}

function wordSet(words: readonly string[]): string[] {
  return [...new Set(words)].sort();
}

/** What follows the layout's `snapshot` in the file's name. A clash of two names only makes one of them useless. */
export function snapshotSuffix({ file, words }: Pick<SnapshotIdentity, 'file' | 'words'>): string {
  let hash = 0x811c9dc5; // FNV-1a
  for (const char of [file, ...wordSet(words)].join('\0'))
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return `-${(hash >>> 0).toString(16).padStart(8, '0')}`;
}

export interface Columns {
  /** Followed paths on which everything depends: where one of these has changed, the plan itself may be another one. */
  readonly fixed: readonly string[];
  readonly followed: readonly string[];
  readonly unfollowed: readonly string[];
  /** Names, in any order. */
  readonly environment: readonly string[];
  readonly targets: number;
  /** Of the plan that says which targets the paths belong to; 0 where there is none. */
  readonly plan: number;
  /** The object of the store that says what every target had; '' where none does. */
  readonly results: string;
}

/** The columns of a path. */
export type PathTimes = Pick<Stats, 'mtimeMs' | 'ctimeMs' | 'size' | 'ino'>;

/** Times that were taken before. */
export interface KnownTimes {
  /** The four columns of every path, in the order of the columns. */
  readonly times: Float64Array;
  /** The places of those that are to be taken now. */
  readonly retaken: ReadonlySet<number>;
  /** The paths as they stand in an earlier snapshot, where that has the same ones. */
  readonly text?: Uint8Array;
}

/** What the columns are taken from. */
export interface TimesTaken {
  /** Not all is stated, but for some the times of an earlier snapshot hold. */
  readonly known?: KnownTimes;
  /** Of a followed path (absolute): the stat under which its content was digested. It need not be stated again. */
  readonly digested?: (path: string) => PathTimes | undefined;
}

/**
 * Stats everything now, but for paths whose times are known. The second value is the newest time seen, in milliseconds
 * since 1970; without times of modification that are later than `nowMs`: no write gives such a one without changing it.
 */
export function encodeSnapshot(
  identity: SnapshotIdentity,
  columns: Columns,
  environment: NodeJS.ProcessEnv,
  nowMs: number,
  { known, digested }: TimesTaken = {},
): { readonly bytes: Uint8Array; readonly newestMs: number } {
  const { fixed, followed, unfollowed, targets, plan, results } = columns;
  const paths = [...fixed, ...followed, ...unfollowed];
  const names = columns.environment.map((name) => environmentText(name, environment));
  const head = Buffer.from([identityText(identity), results, ...names].join('\0'));
  const tail = known?.text ?? Buffer.from(paths.join('\0'));
  const textLength = head.length + (paths.length === 0 ? 0 : 1 + tail.length);
  const at = (HEADER + paths.length * COLUMNS) * 8;
  const bytes = new Uint8Array(at + Math.ceil(textLength / 8) * 8);
  const doubles = new Float64Array(bytes.buffer, 0, at / 8);
  bytes.set(head, at);
  if (paths.length > 0) bytes.set(tail, at + head.length + 1);

  let newestMs = 0;
  const links = fixed.length + followed.length;
  if (known !== undefined) doubles.set(known.times, HEADER);
  for (const i of known?.retaken ?? paths.keys()) {
    const path = paths[i] ?? '';
    const place = HEADER + i * COLUMNS;
    const file = absolute(path, identity.root);
    const stats = i < links ? (digested?.(file) ?? statSync(file, QUIET)) : lstatSync(file, QUIET);
    if (stats !== undefined) newestMs = Math.max(newestMs, newestTime(stats, nowMs));
    doubles.set(stats === undefined ? [0, 0, ABSENT, 0] : [stats.mtimeMs, stats.ctimeMs, stats.size, stats.ino], place);
  }
  doubles.set([MAGIC, SNAPSHOT_FORMAT, fixed.length, followed.length, unfollowed.length, targets]);
  doubles.set([textLength, names.length, plan], 6);
  doubles[HEADER - 1] = checksum(bytes);
  return { bytes, newestMs };
}

/**
 * The time of modification counts where it can be that of a write. (The time of change alone would do, where all is well.)
 */
export function newestTime({ mtimeMs, ctimeMs }: Pick<PathTimes, 'mtimeMs' | 'ctimeMs'>, nowMs: number): number {
  return mtimeMs > nowMs ? ctimeMs : Math.max(mtimeMs, ctimeMs);
}

export const QUIET = { throwIfNoEntry: false } as const;

export function absolute(path: string, root: string): string {
  return path.startsWith('/') ? path : `${root}/${path}`;
}

/** `node:crypto` is loaded only where the environment counts: it takes as long as 1,000 stats. */
function sha256Hex(text: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');
}

/** The real environment alone: what `.env` supplies is covered by the file's own times. */
export function environmentText(name: string, environment: NodeJS.ProcessEnv): string {
  const value = environment[name];
  return value === undefined ? name : `${name}=${sha256Hex(value)}`;
}

/** From so many bytes on it is quicker to load `node:zlib` than to run what V8 has not optimized yet. */
export const MANY_BYTES = 512 << 10;

/** Finds a file that was cut or overwritten, in a millisecond; its own place is left out. FNV-1a over 32-bit words, or a CRC. */
function checksum(bytes: Uint8Array): number {
  if (bytes.length >= MANY_BYTES) {
    const { crc32 } = process.getBuiltinModule('node:zlib');
    const own = (HEADER - 1) * 8;
    return crc32(bytes.subarray(own + 8), crc32(bytes.subarray(0, own)));
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const own = (HEADER - 1) * 2;
  return mix(words, own + 2, words.length, mix(words, 0, own, 0x811c9dc5)) >>> 0;
}

function mix(words: Uint32Array, from: number, to: number, start: number): number {
  let sum = start | 0;
  for (let i = from; i < to; i++) sum = Math.imul(sum ^ (words[i] as number), 0x01000193);
  return sum;
}

/**
 * The paths that the snapshot at `path` covers, whether it still holds or not; undefined where there is none of this
 * format.
 */
export function snapshotPaths(path: string): Pick<Columns, 'followed' | 'unfollowed'> | undefined {
  const opened = openSnapshot(path);
  if (opened === undefined) return undefined;
  const paths = opened.texts.slice(2 + opened.names);
  const followed = opened.fixed + opened.followed;
  return { followed: paths.slice(0, followed), unfollowed: paths.slice(followed) };
}

export interface OpenedSnapshot {
  readonly doubles: Float64Array;
  readonly fixed: number;
  readonly followed: number;
  readonly count: number;
  readonly targets: number;
  readonly names: number;
  readonly plan: number;
  /** The file's text, and what it says. */
  readonly text: Uint8Array;
  readonly texts: readonly string[];
}

/** Undefined where the file is not there, was cut or overwritten, or is of another format. */
export function openSnapshot(path: string): OpenedSnapshot | undefined {
  let bytes: Buffer;
  try {
    bytes = readWhole(path);
  } catch {
    return undefined;
  }
  if (bytes.length < HEADER * 8 || bytes.length % 8 !== 0) return undefined;
  const doubles = new Float64Array(bytes.buffer, 0, bytes.length >> 3);
  const [magic, format, fixed = 0, followed = 0, unfollowed = 0, targets = 0] = doubles;
  const [textLength = 0, names = 0, plan = 0, sum] = doubles.subarray(6, HEADER);
  const count = fixed + followed + unfollowed;
  const at = (HEADER + count * COLUMNS) * 8;
  if (magic !== MAGIC || format !== SNAPSHOT_FORMAT || bytes.length !== at + Math.ceil(textLength / 8) * 8)
    return undefined;
  if (sum !== checksum(bytes)) return undefined;
  const texts = bytes.toString('utf8', at, at + textLength).split('\0');
  if (texts.length !== 2 + names + count) return undefined;
  const text = bytes.subarray(at, at + textLength);
  return { doubles, fixed, followed, count, targets, names, plan, text, texts };
}

/** In a buffer of its own, because views of doubles need its start. */
function readWhole(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.from(new ArrayBuffer(fstatSync(file).size));
    if (readFully(file, bytes, 0) < bytes.length) throw new Error('shorter than it was');
    return bytes;
  } finally {
    closeSync(file);
  }
}
