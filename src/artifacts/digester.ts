import { resolve } from 'node:path';
import type { Digest } from '../base/digest.js';
import { systemErrorCode } from '../base/system-error.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { databasePaths, databasePlace } from './database-place.js';
import { DirectoryDigests, type DirectoryDigestsOptions } from './directory-digests.js';
import { FileDigests, recordKind } from './file-digests.js';
import { isOlder, stampOf, stampText, statOf, type FileStamp } from './file-stamp.js';
import { Hashing } from './hashing.js';
import type { ArtifactRecord, DirectoryEntry, KindName } from './kind.js';
import { locatedAt, type Located } from './located.js';
import { databaseFile } from './sqlite-open.js';
import { Touched } from './touched.js';

export interface DigesterOptions extends DirectoryDigestsOptions {
  /** The project root; stat records are kept by root-relative path. */
  readonly root: string;
  /** Who hashes; without, this thread alone. */
  readonly hashing?: Hashing;
}

/** A database may be the folder of a server: then the file inside, and that it is so. */
type LocatedArtifact = Located & { readonly inside?: true };

/**
 * Digests of what is on disk, read only where stat records do not tell: see `FileDigests`. Paths are root-relative or
 * absolute; links are followed.
 */
export class ArtifactDigester {
  readonly #options: DigesterOptions;
  readonly #files: FileDigests;
  readonly #directories: DirectoryDigests;
  readonly #touched = new Touched();
  readonly #running = new Map<string, Promise<Digest | 'absent'>>();

  constructor(options: DigesterOptions) {
    this.#options = options;
    this.#files = new FileDigests(options, options.hashing ?? new Hashing());
    this.#directories = new DirectoryDigests(options, this.#files, this.#touched);
  }

  /** Without reading a file: undefined where bytes must be read (then `digest` says, or says what is wrong). */
  known(path: string, kind: KindName): Digest | 'absent' | undefined {
    try {
      const at = this.#locate(path, kind);
      const stat = statOf(at.path);
      if (stat === undefined) return at.inside === true ? undefined : 'absent';
      if (this.#options.trust === 'nothing') return undefined;
      if (kind === 'directory') return stat.isDirectory() ? this.#directories.known(at) : undefined;
      return stat.isFile()
        ? this.#files.trusted(at, kind, stampOf(stat, at.path, kind === 'sqlite'))?.digest
        : undefined;
    } catch (error) {
      // What is wrong with it is told where it is asked for in earnest.
      if (error instanceof UserFacingError || systemErrorCode(error) !== undefined) return undefined;
      throw error;
    }
  }

  /**
   * Of a file that must be read to be digested: its size, and its `momentOf`, which any write from now on changes.
   * Undefined where it might not, the file having been written a moment ago; and whether its digest will tell what slices
   * of it are, as that of a database does.
   */
  unread(
    path: string,
    kind: KindName,
  ): { readonly size: number; readonly moment: string; readonly tellsSlices: boolean } | undefined {
    const { trust, databases } = this.#options;
    if (kind === 'directory' || trust === 'nothing') return undefined;
    const at = this.#locate(path, kind);
    const { nowNs, tickNs } = this.#options.clock();
    const stat = statOf(at.path);
    if (stat?.isFile() !== true) return undefined;
    const stamp = stampOf(stat, at.path, kind === 'sqlite');
    if (stamp.side !== '' || !isOlder(stamp, nowNs, tickNs)) return undefined;
    const tellsSlices = kind === 'sqlite' && databases !== undefined;
    return { size: stamp.size, moment: stampText(stamp), tellsSlices };
  }

  /** Of a file. */
  sizeOf(path: string): number | undefined {
    const stat = statOf(this.#locate(path, 'file').path);
    return stat?.isFile() === true ? Number(stat.size) : undefined;
  }

  /** What its stat says of a file with nothing beside it. */
  momentOf(path: string, kind: KindName): string | undefined {
    const at = this.#locate(path, kind);
    const stat = statOf(at.path);
    if (stat?.isFile() !== true) return undefined;
    const stamp = stampOf(stat, at.path, kind === 'sqlite');
    return stamp.side === '' ? stampText(stamp) : undefined;
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

  /**
   * Remembers the stat of an output just installed, and what is where in a database. Call `settle` when the clock has moved
   * on a tick.
   */
  async record(path: string, kind: KindName, record: ArtifactRecord): Promise<void> {
    const now = this.#options.clock();
    const at = this.#locate(path, kind);
    const stat = statOf(at.path);
    if (kind === 'directory') {
      this.#options.kept?.drop(at.path);
      if (stat?.isDirectory() === true) this.#directories.record(at, record, now);
      return;
    }
    if (stat?.isFile() !== true) return;
    const stamp = stampOf(stat, at.path, kind === 'sqlite');
    // Of another size, it is no longer what was installed.
    if (stamp.size !== record.bytes.size) return;
    this.#files.put({ ...at, kind, read: false }, { digest: record.digest, stamp }, '', now);
    if (kind === 'sqlite') await this.#files.lookAt(at, stamp);
  }

  /** Whether `settle` has anything to do. */
  get unsettled(): boolean {
    return this.#files.hasYoung;
  }

  /**
   * Makes the records of this session's young files (written within a tick of being recorded) trusted ones, where the
   * files are still the same: call at the end of a build, after `waitOneTick`. What was read is read once more, by
   * xxh64: it may have been written twice within a tick. What was installed goes by its stat.
   */
  async settle(): Promise<void> {
    // Read once: all that is young is older by a tick than this.
    const now = this.#options.clock();
    const young = this.#files.takeYoung();
    const files = young.filter((item) => item.kind !== 'directory');
    for (const item of [...files, ...young.filter((other) => other.kind === 'directory')]) {
      if (item.read) await this.digest(item.path, item.kind).catch(ignoreUserFacing);
      else if (item.kind === 'directory') this.#directories.renew(item, now);
      else this.#files.renew(item, now);
    }
  }

  /** The files of a directory, in byte order of their names. @throws UserFacingError where there is no such directory. */
  async entries(path: string): Promise<DirectoryEntry[]> {
    const at = this.#locate(path, 'directory');
    const read = await this.#directories.read(at);
    if (read === 'absent') throw new UserFacingError(artifactErrors.absent(path));
    return read.entries();
  }

  /** Of a directory that is kept; another one is listed to tell. */
  entryCount(path: string): number | undefined {
    return this.#options.kept?.get(this.#locate(path, 'directory').path)?.size;
  }

  /** Reads a directory where it is not kept as it is, so that it is known at once when it is asked for. */
  async keep(path: string): Promise<void> {
    await this.#directories.read(this.#locate(path, 'directory'));
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
    return this.#touched.paths;
  }

  /** The same for whoever watches folders, of which those of directories that are kept stand for their files. */
  outline(): readonly string[] {
    return this.#touched.outline;
  }

  /**
   * Looks whether directories that were believed to be as they were kept are so: `doubted` where files differ, of which the
   * next look tells, `other` where there is more than was kept.
   */
  confirmKept(): 'same' | 'doubted' | 'other' {
    let found: 'same' | 'doubted' = 'same';
    for (const [path, directory] of this.#touched.kept) {
      this.recheck(path, 'directory');
      if (this.#options.kept?.get(path) !== directory) return 'other';
      if (directory.isDoubted) found = 'doubted';
    }
    return found;
  }

  /** Of what was touched (absolute), the stat under which it has the content that was digested, where that is known. */
  stampOf(path: string): FileStamp | undefined {
    return this.#touched.stampOf(path);
  }

  /** Nothing will be asked for a while: gives back the room of what only saves a look. */
  rest(): void {
    this.#touched.forgetStamps();
  }

  /** Of what was touched, the folders of directories. */
  listed(): ReadonlySet<string> {
    return this.#touched.listed;
  }

  #locate(path: string, kind: KindName): LocatedArtifact {
    const { root } = this.#options;
    const absolute = resolve(root, path);
    this.#touched.add(absolute);
    if (kind !== 'sqlite') return locatedAt(absolute, root);
    const place = databasePlace(absolute);
    for (const at of databasePaths(place)) this.#touched.add(at);
    return { ...locatedAt(place.file, root), ...(place.isFolder ? { inside: true } : {}) };
  }

  async #read(at: LocatedArtifact, kind: KindName, path: string): Promise<Digest | 'absent'> {
    // Throws, where a folder holds no database.
    if (at.inside === true) databaseFile(resolve(this.#options.root, path));
    const read = kind === 'directory' ? await this.#directories.read(at) : await this.#files.read(at, kind);
    return read === 'absent' ? read : read.digest;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function ignoreUserFacing(error: unknown): void {
  if (!(error instanceof UserFacingError)) throw error;
}
