import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { sha256, type Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { Index, StatRecord } from '../store/index-db.js';
import type { ObjectStore } from '../store/objects.js';
import { readManifest } from './directory.js';
import { contentFiles, isOlder, sameStamp, stampOf, statOf, type FileStamp } from './file-stamp.js';
import { hashFile, xxh64Files } from './hash-file.js';
import type { ArtifactRecord, DirectoryEntry, KindName } from './kind.js';
import { bringUpToDate, type FoundFile, type KeptDirectories } from './kept-directories.js';
import { KeptDirectory } from './kept-directory.js';
import { listDirectory } from './listing.js';
import { manifestDigest } from './manifest.js';
import { Turn } from './pieces.js';
import { sqliteDigest } from './sqlite-digest.js';
import { databaseFile } from './sqlite-open.js';

export interface DigesterOptions {
  /** The project root; stat records are kept by root-relative path. */
  readonly root: string;
  readonly index: Pick<Index, 'statRecord' | 'putStatRecord' | 'loadStatRecords'>;
  /** `nothing`: every byte is read (`verify`). */
  readonly trust: 'stat' | 'nothing';
  /** The file system's time and the step in which it counts: `() => tick(layout)`. */
  clock(): { readonly nowNs: bigint; readonly tickNs: bigint };
  /** That step alone, where it can be told without writing: `() => tickLength(layout)`. */
  tickNs?(): bigint;
  /** Where manifests of installed directories are read from, so that `record` need not read their files. */
  readonly objects?: ObjectStore;
  /** Directories of which somebody tells every change: they are read once, and then what is doubted of them. */
  readonly kept?: KeptDirectories;
  /** Told of every file whose bytes are read; what it gives is called when they are. */
  readonly onHash?: (path: string, bytes: number) => (() => void) | undefined;
}

type Clock = ReturnType<DigesterOptions['clock']>;

interface Located {
  readonly path: string;
  /** Root-relative with `/`, or absolute outside of the root: the name of its stat record. */
  readonly key: string;
}

/** A file as it was digested. */
interface Digested {
  readonly digest: Digest;
  readonly stamp: FileStamp;
}

interface Hashed {
  readonly digest: Digest;
  readonly xxh64: string;
}

interface WalkedFile extends Located {
  readonly name: string;
  readonly executable: boolean;
  readonly stamp: FileStamp;
}

/** A directory with the stats of its files, in byte order of their names. */
interface Walked {
  readonly files: readonly WalkedFile[];
  /** Stands for all names and stats; kept in the `xxh64` of the directory's own record. */
  readonly stamp: string;
  readonly youngestNs: bigint;
  /** Whether a file has other names, under which it can be written without a word to whoever watches this one. */
  readonly linked: boolean;
}

/** A directory that was read. */
interface ReadDirectory {
  readonly digest: Digest;
  entries(): DirectoryEntry[];
}

/** A record that is too young to be trusted. */
interface Young extends Located {
  readonly kind: KindName;
  /** Whether the content was read, so that it is read again; otherwise it was just installed. */
  readonly read: boolean;
}

/** A file or directory that changes while it is read is read again, so many times. */
const ATTEMPTS = 4;
/** From so many files on all stat records are loaded at once. */
const MANY = 500;

/**
 * Digests of what is on disk, read only where stat records do not tell. Paths are root-relative or absolute; links are
 * followed. The tiers, for one file:
 *
 *   stat as recorded, and old enough → the recorded digest; nothing is read
 *   xxh64 of the bytes as recorded   → the recorded digest, under the new stat
 *   otherwise                        → SHA-256, or the logical digest of a database
 */
export class ArtifactDigester {
  readonly #options: DigesterOptions;
  readonly #touched = new Set<string>();
  /** Of those, folders of directories. */
  readonly #listed = new Set<string>();
  readonly #running = new Map<string, Promise<Digest | 'absent'>>();
  readonly #young = new Map<string, Young>();
  #tickNs: bigint | undefined;

  constructor(options: DigesterOptions) {
    this.#options = options;
  }

  /** Without reading a file: undefined where bytes must be read (then `digest` says, or says what is wrong). */
  known(path: string, kind: KindName): Digest | 'absent' | undefined {
    try {
      const at = this.#locate(path, kind);
      const stat = statOf(at.path);
      if (stat === undefined) return at.inside === true ? undefined : 'absent';
      if (this.#options.trust === 'nothing') return undefined;
      if (kind !== 'directory')
        return stat.isFile() ? this.#trusted(at, kind, stampOf(stat, at.path, kind === 'sqlite'))?.digest : undefined;
      if (!stat.isDirectory()) return undefined;
      const kept = this.#options.kept?.get(at.path);
      if (kept !== undefined) return kept.isDoubted ? undefined : kept.digest;
      const walked = this.#walk(at);
      return this.#trustedDirectory(at, walked)?.digest ?? this.#digestOfKnown(walked);
    } catch (error) {
      // What is wrong with it is told where it is asked for in earnest.
      if (error instanceof UserFacingError) return undefined;
      throw error;
    }
  }

  /** @throws UserFacingError where what is there is not of the kind. */
  async digest(path: string, kind: KindName): Promise<Digest | 'absent'> {
    const at = this.#locate(path, kind);
    const name = `${recordKind(kind)}:${at.key}`;
    let running = this.#running.get(name);
    if (running === undefined) {
      running = this.#read(at, kind, path).finally(() => this.#running.delete(name));
      this.#running.set(name, running);
    }
    return running;
  }

  /** Remembers the stat of an output just installed. Call `settle` when the clock has moved on a tick. */
  record(path: string, kind: KindName, record: ArtifactRecord): void {
    const now = this.#options.clock();
    const at = this.#locate(path, kind);
    const stat = statOf(at.path);
    if (kind === 'directory') {
      this.#options.kept?.drop(at.path);
      if (stat?.isDirectory() === true) this.#recordDirectory(at, record, now);
      return;
    }
    if (stat?.isFile() !== true) return;
    const stamp = stampOf(stat, at.path, kind === 'sqlite');
    // Of another size, it is no longer what was installed.
    if (stamp.size !== record.bytes.size) return;
    this.#put({ ...at, kind, read: false }, { digest: record.digest, stamp }, '', now);
  }

  /** Whether `settle` has anything to do. */
  get unsettled(): boolean {
    return this.#young.size > 0;
  }

  /**
   * Makes the records of this session's young files (written within a tick of being recorded) trusted ones, where the
   * files are still the same: call at the end of a build, after `waitOneTick`. What was read is read once more, by
   * xxh64: it may have been written twice within a tick. What was installed goes by its stat.
   */
  async settle(): Promise<void> {
    const young = [...this.#young.values()];
    this.#young.clear();
    const files = young.filter((item) => item.kind !== 'directory');
    for (const item of [...files, ...young.filter((other) => other.kind === 'directory')]) {
      if (item.read) await this.digest(item.path, item.kind).catch(ignoreUserFacing);
      else this.#renew(item);
    }
  }

  /** The files of a directory, in byte order of their names. @throws UserFacingError where there is no such directory. */
  async entries(path: string): Promise<DirectoryEntry[]> {
    const at = this.#locate(path, 'directory');
    const read = await this.#readDirectory(at);
    if (read === 'absent') throw new UserFacingError(artifactErrors.absent(path));
    return read.entries();
  }

  /** Of a directory that is kept; another one is listed to tell. */
  entryCount(path: string): number | undefined {
    return this.#options.kept?.get(this.#locate(path, 'directory').path)?.size;
  }

  /** Reads a directory where it is not kept as it is, so that it is known at once when it is asked for. */
  async keep(path: string): Promise<void> {
    await this.#readDirectory(this.#locate(path, 'directory'));
  }

  /**
   * Looks at a path again, whatever was told of it: what is kept of a directory is compared with the stats of its files,
   * so that a change is known that nobody had the time to tell.
   */
  recheck(path: string, kind: KindName): void {
    const { kept } = this.#options;
    const at = this.#locate(path, kind);
    const directory = kind === 'directory' ? kept?.get(at.path) : undefined;
    if (directory === undefined) return;
    try {
      if (directory.recheck(at.path)) return;
    } catch (error) {
      // What is wrong with it is told where it is asked for.
      if (!isSystemError(error)) throw error;
    }
    kept?.drop(at.path);
  }

  isExecutable(path: string): boolean {
    const stat = statOf(this.#locate(path, 'file').path);
    return stat !== undefined && (stat.mode & 0o111n) !== 0n;
  }

  /** Every path looked at and every folder listed, absolute: what a snapshot must cover. */
  touched(): readonly string[] {
    return [...this.#touched];
  }

  /** Of what was touched, the folders of directories. */
  listed(): ReadonlySet<string> {
    return this.#listed;
  }

  #locate(path: string, kind: KindName): Located & { readonly inside?: true } {
    const absolute = resolve(this.#options.root, path);
    this.#touched.add(absolute);
    if (kind !== 'sqlite') return { path: absolute, key: this.#key(absolute) };
    const isFolder = statOf(absolute)?.isDirectory() === true;
    const file = isFolder ? join(absolute, 'dbs', 'default', 'data') : absolute;
    for (const suffix of ['', '-wal', '-journal']) this.#touched.add(file + suffix);
    return { path: file, key: this.#key(file), ...(isFolder ? { inside: true } : {}) };
  }

  #key(absolute: string): string {
    const near = relative(this.#options.root, absolute);
    return near === '..' || near.startsWith(`..${sep}`) || isAbsolute(near) ? absolute : near.split(sep).join('/');
  }

  #isOld(youngestNs: bigint, recordedNs: bigint): boolean {
    this.#tickNs ??= this.#options.tickNs?.() ?? this.#options.clock().tickNs;
    return isOlder(youngestNs, recordedNs, this.#tickNs);
  }

  // ---- one file ----

  #trusted(at: Located, kind: KindName, stamp: FileStamp): StatRecord | undefined {
    const record = this.#options.index.statRecord(at.key, recordKind(kind));
    return record !== undefined && sameStamp(record, stamp) && this.#isOld(stamp.youngestNs, record.recordedNs)
      ? record
      : undefined;
  }

  async #read(at: Located & { readonly inside?: true }, kind: KindName, path: string): Promise<Digest | 'absent'> {
    if (kind === 'directory') {
      const read = await this.#readDirectory(at);
      return read === 'absent' ? read : read.digest;
    }
    // Throws, where a folder holds no database.
    if (at.inside === true) databaseFile(resolve(this.#options.root, path));
    const read = await this.#readFile(at, kind);
    return read === 'absent' ? read : read.digest;
  }

  async #readFile(at: Located, kind: Exclude<KindName, 'directory'>): Promise<Digested | 'absent'> {
    for (let attempt = 1; ; attempt++) {
      // Before the content is read: what is written from now on gets a time that is not older than this by a tick.
      const now = this.#options.clock();
      const stamp = this.#stamp(at, kind);
      if (stamp === undefined) return 'absent';
      const trusted = this.#options.trust === 'stat' ? this.#trusted(at, kind, stamp) : undefined;
      if (trusted !== undefined) return { digest: trusted.digest, stamp };
      const { digest, xxh64 } = await this.#hash(at, kind, stamp);
      const after = this.#stamp(at, kind);
      if (after !== undefined && sameStamp(stamp, after)) {
        this.#put({ ...at, kind, read: true }, { digest, stamp }, xxh64, now);
        return { digest, stamp };
      }
      // A database is read in one transaction: its digest is right although it is being written.
      if (after !== undefined && (kind === 'sqlite' || attempt === ATTEMPTS)) return { digest, stamp };
    }
  }

  #stamp(at: Located, kind: KindName): FileStamp | undefined {
    const stat = statOf(at.path);
    if (stat === undefined) return undefined;
    if (stat.isDirectory()) throw new UserFacingError(artifactErrors.wrongType(at.path, 'a file', 'a folder'));
    if (!stat.isFile()) throw new UserFacingError(artifactErrors.notAFile(at.path));
    return stampOf(stat, at.path, kind === 'sqlite');
  }

  async #hash(at: Located, kind: Exclude<KindName, 'directory'>, stamp: FileStamp): Promise<Hashed> {
    const done = this.#options.onHash?.(at.path, stamp.size);
    try {
      return await this.#hashBytes(at, kind, stamp);
    } finally {
      done?.();
    }
  }

  async #hashBytes(at: Located, kind: Exclude<KindName, 'directory'>, stamp: FileStamp): Promise<Hashed> {
    const turn = new Turn();
    const before =
      this.#options.trust === 'stat' ? this.#options.index.statRecord(at.key, recordKind(kind)) : undefined;
    let xxh64: string | undefined;
    if (kind === 'sqlite' || (before !== undefined && before.xxh64 !== '' && before.size === stamp.size)) {
      xxh64 = await xxh64Files(contentFiles(at.path, stamp), stamp.size, turn);
      if (before?.xxh64 === xxh64) return { digest: before.digest, xxh64 };
    }
    if (kind === 'sqlite') return { digest: await sqliteDigest(at.path), xxh64: xxh64 ?? '' };
    return hashFile(at.path, stamp.size, turn, xxh64);
  }

  #put(item: Young, { digest, stamp }: Digested, xxh64: string, now: Clock): void {
    const { size, mtimeNs, ctimeNs, ino, side } = stamp;
    const record = { size, mtimeNs, ctimeNs, ino, side, xxh64, digest, recordedNs: now.nowNs };
    this.#options.index.putStatRecord(item.key, recordKind(item.kind), record);
    this.#noteYoung(item, stamp.youngestNs, now);
  }

  /** A time in the future is not waited for: such a file is read every time. */
  #noteYoung(item: Young, youngestNs: bigint, now: Clock): void {
    const name = `${recordKind(item.kind)}:${item.key}`;
    if (isOlder(youngestNs, now.nowNs, now.tickNs) || youngestNs > now.nowNs + now.tickNs) this.#young.delete(name);
    else this.#young.set(name, item);
  }

  /** Of what was installed: the same record with the present time, if the stat is still the same. */
  #renew(item: Young): void {
    const now = this.#options.clock();
    const record = this.#options.index.statRecord(item.key, recordKind(item.kind));
    const stat = statOf(item.path);
    if (record === undefined || stat === undefined) return;
    if (item.kind === 'directory') {
      if (!stat.isDirectory()) return;
      const walked = this.#walk(item);
      if (walked.stamp === record.xxh64) this.#putDirectory(item, record.digest, walked, now, false);
    } else {
      const stamp = stampOf(stat, item.path, item.kind === 'sqlite');
      if (sameStamp(record, stamp)) this.#put(item, { digest: record.digest, stamp }, record.xxh64, now);
    }
  }

  // ---- directories ----

  #walk(at: Located): Walked {
    const { files, folders } = listDirectory(at.path);
    if (files.length >= MANY) this.#options.index.loadStatRecords();
    for (const folder of folders) {
      this.#touched.add(folder);
      this.#listed.add(folder);
    }
    const lines: string[] = [];
    let youngestNs = 0n;
    let linked = files.some((file) => file.linked);
    const walked = files.map(({ name }): WalkedFile => {
      const path = `${at.path}/${name}`;
      this.#touched.add(path);
      const stat = statOf(path);
      if (stat === undefined) throw new UserFacingError(artifactErrors.absent(path));
      const stamp = stampOf(stat, path, false);
      const executable = (stat.mode & 0o111n) !== 0n;
      if (stamp.youngestNs > youngestNs) youngestNs = stamp.youngestNs;
      linked ||= stat.nlink > 1n;
      lines.push(`${name}\0${stamp.size} ${stamp.mtimeNs} ${stamp.ctimeNs} ${stamp.ino} ${executable}`);
      return { path, key: at.key === '' ? name : `${at.key}/${name}`, name, executable, stamp };
    });
    return { files: walked, stamp: sha256(lines.join('\n')), youngestNs, linked };
  }

  #trustedDirectory(at: Located, walked: Walked): StatRecord | undefined {
    const record = this.#options.index.statRecord(at.key, 'directory');
    return record?.xxh64 === walked.stamp && this.#isOld(walked.youngestNs, record.recordedNs) ? record : undefined;
  }

  #digestOfKnown(walked: Walked): Digest | undefined {
    const entries: DirectoryEntry[] = [];
    for (const file of walked.files) {
      const record = this.#trusted(file, 'file', file.stamp);
      if (record === undefined) return undefined;
      entries.push(entryOf(file, record.digest));
    }
    return manifestDigest(entries);
  }

  async #readDirectory(at: Located): Promise<ReadDirectory | 'absent'> {
    const { kept, trust } = this.#options;
    if (kept === undefined || trust === 'nothing') return (await this.#readWholeDirectory(at)).read;
    const before = kept.get(at.path);
    if (before?.isDoubted === false) return before;
    if (before !== undefined) {
      try {
        if (await bringUpToDate(before, at.path, (name) => this.#found(at, name))) return before;
      } catch (error) {
        kept.drop(at.path);
        throw error;
      }
      kept.drop(at.path);
    }
    const reading = kept.begin(at.path);
    let make: Parameters<KeptDirectories['end']>[1] = () => undefined;
    try {
      const { read, keep } = await this.#readWholeDirectory(at);
      if (keep !== undefined) make = keep;
      return read;
    } finally {
      kept.end(reading, make);
    }
  }

  async #found(at: Located, name: string): Promise<FoundFile> {
    const [path, key] = [`${at.path}/${name}`, at.key === '' ? name : `${at.key}/${name}`];
    this.#touched.add(path);
    const read = await this.#readFile({ path, key }, 'file');
    return read === 'absent' ? read : { ...read, young: this.#young.has(`file:${key}`) };
  }

  async #readWholeDirectory(at: Located): Promise<{
    readonly read: ReadDirectory | 'absent';
    /** Absent where what was read may not be kept. */
    readonly keep?: (doubted: ReadonlySet<string>) => KeptDirectory;
  }> {
    for (let attempt = 1; ; attempt++) {
      const now = this.#options.clock();
      const stat = statOf(at.path);
      if (stat === undefined) return { read: 'absent' };
      if (!stat.isDirectory()) throw new UserFacingError(artifactErrors.wrongType(at.path, 'a folder', 'a file'));
      const walked = this.#walk(at);
      const entries: DirectoryEntry[] = [];
      let changed = false;
      for (const file of walked.files) {
        const trusted = this.#options.trust === 'stat' ? this.#trusted(file, 'file', file.stamp) : undefined;
        const read = trusted === undefined ? await this.#readFile(file, 'file') : { ...trusted, stamp: file.stamp };
        if (read === 'absent' || !sameStamp(read.stamp, file.stamp)) changed = true;
        if (read !== 'absent') entries.push(entryOf(file, read.digest));
      }
      if (changed && attempt < ATTEMPTS) continue;
      const digest = manifestDigest(entries);
      if (!changed && this.#trustedDirectory(at, walked)?.digest !== digest)
        this.#putDirectory(at, digest, walked, now, true);
      const read = { digest, entries: () => entries };
      if (changed || walked.linked) return { read };
      const young = walked.files.filter(({ key }) => this.#young.has(`file:${key}`)).map(({ name }) => name);
      return {
        read,
        keep: (doubted) => {
          const files = entries.map((entry, i) => ({ entry, stamp: (walked.files[i] as WalkedFile).stamp }));
          return new KeptDirectory(files, new Set([...doubted, ...young]));
        },
      };
    }
  }

  #putDirectory(at: Located, digest: Digest, walked: Walked, now: Clock, read: boolean): void {
    this.#options.index.putStatRecord(at.key, 'directory', {
      size: walked.files.length,
      mtimeNs: walked.youngestNs,
      ctimeNs: 0n,
      ino: 0n,
      xxh64: walked.stamp,
      digest,
      side: '',
      recordedNs: now.nowNs,
    });
    this.#noteYoung({ path: at.path, key: at.key, kind: 'directory', read }, walked.youngestNs, now);
  }

  /** Of an installed directory: its manifest says what its files are, if they are those of the manifest. */
  #recordDirectory(at: Located, record: ArtifactRecord, now: Clock): void {
    const walked = this.#walk(at);
    const { objects } = this.#options;
    const entries = objects?.has(record.bytes) === true ? readManifest(record, objects) : undefined;
    if (entries !== undefined) {
      const agrees = (file: WalkedFile, index: number): boolean => {
        const entry = entries[index];
        return entry?.name === file.name && entry.size === file.stamp.size && entry.executable === file.executable;
      };
      if (entries.length !== walked.files.length || !walked.files.every(agrees)) return;
      for (const [index, { path, key, stamp }] of walked.files.entries()) {
        const digest = entries[index]?.sha256;
        if (digest === undefined || this.#trusted({ path, key }, 'file', stamp)?.digest === digest) continue;
        this.#put({ path, key, kind: 'file', read: false }, { digest, stamp }, '', now);
      }
    }
    this.#putDirectory(at, record.digest, walked, now, false);
  }
}

/** `file` and `jsonl` have one digest, so they share their records. */
function recordKind(kind: KindName): string {
  return kind === 'jsonl' ? 'file' : kind;
}

function entryOf(file: WalkedFile, sha256: Digest): DirectoryEntry {
  return { name: file.name, executable: file.executable, sha256, size: file.stamp.size };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function ignoreUserFacing(error: unknown): void {
  if (!(error instanceof UserFacingError)) throw error;
}
