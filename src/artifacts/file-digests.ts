import type { Digest } from '../base/digest.js';
import { systemErrorCode } from '../base/system-error.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { Index, StatRecord } from '../store/index-db.js';
import type { DatabaseThread } from './database-thread.js';
import {
  contentFiles,
  isOlder,
  PackedStamps,
  sameStamp,
  stampOf,
  statOf,
  type FileStamp,
  type Times,
} from './file-stamp.js';
import { digestBytes } from './file.js';
import type { Hashing } from './hashing.js';
import type { KindName } from './kind.js';
import type { Located } from './located.js';
import { Turn } from './pieces.js';
import { lookAtContent, readContent, type DatabaseMemory } from './sqlite-content.js';
import { sqliteDigest, SQLITE_DIGEST_FORMAT } from './sqlite-digest.js';
import type { DatabaseMemories } from './sqlite-memories.js';
import { xxh64Files } from './xxh64.js';

/** The file system's time and the step in which it counts: `tick(layout)`. */
export interface Clock {
  readonly nowNs: bigint;
  readonly tickNs: bigint;
}

export interface FileDigestsOptions {
  readonly index: Pick<Index, 'statRecord' | 'putStatRecord'>;
  /** `nothing`: every byte is read (`verify`). */
  readonly trust: 'stat' | 'nothing';
  clock(): Clock;
  /** Its step alone, where that can be told without writing: `() => tickLength(layout)`. */
  tickNs?(): bigint;
  /** What is remembered of databases, so that only what changed in them is read. */
  readonly databases?: DatabaseMemories;
  /** Digests large ones with this thread. */
  readonly databaseThread?: DatabaseThread;
  /** Told of files whose bytes are read, absolute; what it gives is called when they are. */
  readonly onHash?: (paths: readonly string[], bytes: number) => (() => void) | undefined;
}

/** A file as it was digested. */
export interface Digested {
  readonly digest: Digest;
  readonly stamp: FileStamp;
}

/** A file that has to be read, with what was remembered of it. */
export interface Unread extends Located {
  readonly stamp: FileStamp;
  readonly before: StatRecord | undefined;
}

/** A record that is too young to be trusted. */
export interface Young extends Located {
  readonly kind: KindName;
  /** Whether the content was read, so that it is read again; otherwise it was just installed. */
  readonly read: boolean;
}

type FileKind = Exclude<KindName, 'directory'>;

interface Hashed {
  readonly digest: Digest;
  readonly xxh64: string;
  /** Of a database, to be saved once it is certain that this is its content. */
  readonly memory?: DatabaseMemory;
}

/** A file that changes while it is read is read again, so many times. */
export const ATTEMPTS = 4;
/** So many files go to the hashing threads at a time. */
const BATCH = 512;

/**
 * Digests of files, read only where stat records do not tell. The tiers:
 *
 *   stat as recorded, and old enough → the recorded digest; nothing is read
 *   xxh64 of the bytes as recorded   → the recorded digest, under the new stat; not looked at for one large file alone, nor for
 *                                      a few small ones
 *   otherwise                        → SHA-256, or the logical digest of a database, of which only rows are read that may
 *                                      be others than are remembered
 */
export class FileDigests {
  readonly #options: FileDigestsOptions;
  readonly #hashing: Hashing;
  readonly #young = new Map<string, Young>();
  /** Of databases that were written a moment ago: by path. */
  readonly #unsaved = new Map<string, DatabaseMemory>();
  #tickNs: bigint | undefined;

  constructor(options: FileDigestsOptions, hashing: Hashing) {
    this.#options = options;
    this.#hashing = hashing;
  }

  /** The record of a file with this stat, where it may be believed. */
  trusted(at: Located, kind: KindName, stamp: FileStamp): StatRecord | undefined {
    const record = this.record(at, kind);
    return record !== undefined && this.isTrusted(record, stamp) ? record : undefined;
  }

  /** What is remembered of a file, whatever its stat is now. */
  record(at: Located, kind: KindName): StatRecord | undefined {
    return this.#options.trust === 'stat' ? this.#options.index.statRecord(at.key, recordKind(kind)) : undefined;
  }

  isTrusted(record: StatRecord, stamp: FileStamp): boolean {
    return sameStamp(record, stamp) && this.isOld(stamp, record.recordedNs);
  }

  /** Whether what has these times and was recorded then would show any change since. */
  isOld(times: Times, recordedNs: bigint): boolean {
    this.#tickNs ??= this.#options.tickNs?.() ?? this.#options.clock().tickNs;
    return isOlder(times, recordedNs, this.#tickNs);
  }

  async read(at: Located, kind: FileKind): Promise<Digested | 'absent'> {
    for (let attempt = 1; ; attempt++) {
      // Before the content is read: what is written from now on gets a time that is not older than this by a tick.
      const now = this.#options.clock();
      const stamp = stampAt(at, kind);
      if (stamp === undefined) return 'absent';
      const before = this.record(at, kind);
      if (before !== undefined && this.isTrusted(before, stamp)) return { digest: before.digest, stamp };
      if (kind !== 'sqlite' && attempt < ATTEMPTS) {
        const [read] = await this.#readBatch([{ ...at, stamp, before }], now);
        if (read !== undefined) return read;
        continue;
      }
      const { digest, xxh64, memory } = await this.#readWhatever(at, kind, stamp);
      const after = stampAt(at, kind);
      if (after === undefined) continue;
      if (sameStamp(stamp, after)) {
        this.put({ ...at, kind, read: true }, { digest, stamp }, xxh64, now);
        if (kind === 'sqlite') this.#remember(at.path, xxh64, memory, isOlder(stamp, now.nowNs, now.tickNs));
        return { digest, stamp };
      }
      // What its pages tell may be of another moment than its rows.
      return { digest: kind === 'sqlite' ? await sqliteDigest(at.path) : digest, stamp };
    }
  }

  /**
   * Reads many files, all of which have no trusted record. Undefined for one that has another stat by now.
   *
   * @param now from before any of them is read
   */
  async readAll(files: readonly Unread[], now: Clock): Promise<(Digested | undefined)[]> {
    const batches: Promise<(Digested | undefined)[]>[] = [];
    for (let i = 0; i < files.length; i += BATCH) batches.push(this.#readBatch(files.slice(i, i + BATCH), now));
    return (await Promise.all(batches)).flat();
  }

  async #readBatch(files: readonly Unread[], now: Clock): Promise<(Digested | undefined)[]> {
    const paths = files.map(({ path }) => path);
    const before = files.map(({ stamp, before: record }) => (record?.size === stamp.size ? record : undefined));
    const done = this.#options.onHash?.(
      paths,
      files.reduce((sum, { stamp }) => sum + stamp.size, 0),
    );
    const { xxh64, sha256 } = await this.#hashing
      .hash({
        paths,
        sizes: files.map(({ stamp }) => stamp.size),
        stamps: PackedStamps.of(files.map(({ stamp }) => stamp)).numbers,
        known: before.map((record) => record?.xxh64 ?? ''),
      })
      .finally(done);
    return files.map(({ path, key, stamp }, i) => {
      const [known, taken = '', sha = ''] = [before[i], xxh64[i], sha256[i]];
      const digest = sha === '' ? known?.digest : sha;
      if ((taken === '' && sha === '') || digest === undefined) return undefined;
      // Of the same content it is the same.
      const print = taken === '' && digest === known?.digest ? known.xxh64 : taken;
      this.put({ path, key, kind: 'file', read: true }, { digest, stamp }, print, now);
      return { digest, stamp };
    });
  }

  /** The digest of what is there now, although it may be changing: of a database as one transaction sees it. */
  async #readWhatever(at: Located, kind: FileKind, stamp: FileStamp): Promise<Hashed> {
    const done = this.#options.onHash?.([at.path], stamp.size);
    try {
      if (kind !== 'sqlite') return { digest: (await digestBytes(at.path)).sha256, xxh64: '' };
      const { trust, databases, databaseThread } = this.#options;
      const before = this.record(at, kind);
      if (stamp.side === '') {
        const known = before === undefined ? undefined : { id: before.xxh64, digest: before.digest };
        const memory = (): DatabaseMemory | undefined =>
          trust === 'stat' ? (this.#unsaved.get(at.path) ?? databases?.load(at.path)) : undefined;
        const shortRows = trust === 'stat' ? databases?.shortRowsOf(at.path) : undefined;
        const content = await readContent(at.path, { known, before: memory, shortRows, thread: databaseThread });
        if (content !== undefined) return { ...content, xxh64: content.id };
      }
      const xxh64 = await hashOfFiles(contentFiles(at.path, stamp));
      return xxh64 !== undefined && before?.xxh64 === xxh64
        ? { digest: before.digest, xxh64 }
        : { digest: await sqliteDigest(at.path), xxh64: xxh64 ?? '' };
    } finally {
      done?.();
    }
  }

  /**
   * Looks at the pages of a database that was installed, so that what of it is new is known when parts are listed.
   * Somebody may have written it since: then what was seen may be of several moments.
   */
  async lookAt(at: Located, stamp: FileStamp): Promise<void> {
    const { databases } = this.#options;
    if (databases === undefined) return;
    try {
      const memory = await lookAtContent(at.path, databases.load(at.path));
      const after = stampAt(at, 'sqlite');
      if (memory !== undefined && after !== undefined && sameStamp(stamp, after)) databases.save(at.path, memory);
    } catch (error) {
      // Whoever has it locked by now keeps nothing but this from being remembered.
      if (!(error instanceof UserFacingError)) throw error;
    }
  }

  /** What was read of a file that could be written again within the same tick is saved when it is read once more. */
  #remember(path: string, id: string, memory: DatabaseMemory | undefined, isOld: boolean): void {
    const remembered = memory ?? this.#unsaved.get(path);
    if (remembered?.id !== id) return;
    if (isOld) {
      this.#unsaved.delete(path);
      this.#options.databases?.save(path, remembered);
    } else this.#unsaved.set(path, remembered);
  }

  // ---- records ----

  put(item: Young, { digest, stamp }: Digested, xxh64: string, now: Clock): void {
    const { size, mtimeNs, ctimeNs, ino, side } = stamp;
    const record = { size, mtimeNs, ctimeNs, ino, side, xxh64, digest, recordedNs: now.nowNs };
    this.#options.index.putStatRecord(item.key, recordKind(item.kind), record);
    this.noteYoung(item, stamp, now);
  }

  /** A time of change in the future (the clock was set back) is not waited for: such a file is read every time. */
  noteYoung(item: Young, times: Times, now: Clock): void {
    const isSettled = isOlder(times, now.nowNs, now.tickNs) || times.youngestNs > now.nowNs + now.tickNs;
    if (isSettled && this.#young.size === 0) return;
    const name = `${recordKind(item.kind)}:${item.key}`;
    if (isSettled) this.#young.delete(name);
    else this.#young.set(name, item);
  }

  isYoung(at: Located): boolean {
    return this.#young.size > 0 && this.#young.has(`file:${at.key}`);
  }

  get hasYoung(): boolean {
    return this.#young.size > 0;
  }

  /** All records that are too young, whose owner sees to them now. */
  takeYoung(): Young[] {
    const young = [...this.#young.values()];
    this.#young.clear();
    return young;
  }

  /** Of a file that was installed: the same record with this time, from before it is looked at, if the stat is still the same. */
  renew(item: Young, now: Clock): void {
    const record = this.#options.index.statRecord(item.key, recordKind(item.kind));
    const stat = statOf(item.path);
    if (record === undefined || stat === undefined) return;
    const stamp = stampOf(stat, item.path, item.kind === 'sqlite');
    if (sameStamp(record, stamp)) this.put(item, { digest: record.digest, stamp }, record.xxh64, now);
  }
}

/** Undefined where one of them is gone by now: a `-journal` is there for as long as its transaction. */
async function hashOfFiles(paths: readonly string[]): Promise<string | undefined> {
  try {
    return await xxh64Files(paths, new Turn());
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @throws UserFacingError where the path is no file. */
function stampAt(at: Located, kind: KindName): FileStamp | undefined {
  const stat = statOf(at.path);
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) throw new UserFacingError(artifactErrors.wrongType(at.path, 'a file', 'a folder'));
  if (!stat.isFile()) throw new UserFacingError(artifactErrors.notAFile(at.path));
  return stampOf(stat, at.path, kind === 'sqlite');
}

/** `file` and `jsonl` have one digest, so they share their records; those of databases are of one format of the digest. */
export function recordKind(kind: KindName): string {
  if (kind === 'sqlite') return `sqlite ${SQLITE_DIGEST_FORMAT}`;
  return kind === 'jsonl' ? 'file' : kind;
}
