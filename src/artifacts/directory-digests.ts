import type { Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { StatRecord } from '../store/index-db.js';
import type { ObjectStore } from '../store/objects.js';
import { readManifest } from './directory.js';
import {
  ATTEMPTS,
  type Clock,
  type Digested,
  type FileDigests,
  type FileDigestsOptions,
  type Unread,
  type Young,
} from './file-digests.js';
import { sameStamp, statOf, type FileStamp } from './file-stamp.js';
import { bringUpToDate, type FoundFile, type KeptDirectories } from './kept-directories.js';
import { KeptDirectory } from './kept-directory.js';
import type { ArtifactRecord, DirectoryEntry } from './kind.js';
import type { Located } from './located.js';
import { manifestDigest } from './manifest.js';
import type { Touched } from './touched.js';
import { walkDirectory, type Walked, type WalkedFile } from './walked-directory.js';

export interface DirectoryDigestsOptions extends FileDigestsOptions {
  /** Where manifests of installed directories are read from, so that `record` need not read their files. */
  readonly objects?: ObjectStore;
  /** Directories of which somebody tells every change: they are read once, and then what is doubted of them. */
  readonly kept?: KeptDirectories;
}

/** A directory that was read. */
export interface ReadDirectory {
  readonly digest: Digest;
  entries(): DirectoryEntry[];
}

/** Digests of directories, by their own stat records and those of their files. */
export class DirectoryDigests {
  readonly #options: DirectoryDigestsOptions;
  readonly #files: FileDigests;
  readonly #touched: Touched;
  /** What `known` has walked in this turn of the event loop. */
  #walkedNow: { readonly path: string; readonly walked: Walked } | undefined;

  constructor(options: DirectoryDigestsOptions, files: FileDigests, touched: Touched) {
    this.#options = options;
    this.#files = files;
    this.#touched = touched;
  }

  /** Without reading a file: undefined where bytes must be read. */
  known(at: Located): Digest | undefined {
    const kept = this.#options.kept?.get(at.path);
    if (kept !== undefined) {
      this.#touched.addKept(at.path, kept);
      return kept.isDoubted ? undefined : kept.digest;
    }
    const walked = this.#walk(at);
    const known = this.#trusted(at, walked)?.digest ?? this.#digestOfKnown(walked);
    if (known === undefined) {
      // Who is told so reads it in the same turn, for which this is good enough: what changes from here on is noticed.
      this.#walkedNow = { path: at.path, walked };
      queueMicrotask(() => (this.#walkedNow = undefined));
    }
    return known;
  }

  async read(at: Located): Promise<ReadDirectory | 'absent'> {
    const { kept, trust } = this.#options;
    if (kept === undefined || trust === 'nothing') return (await this.#readWhole(at)).read;
    const before = kept.get(at.path);
    if (before !== undefined) this.#touched.addKept(at.path, before);
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
      const { read, keep } = await this.#readWhole(at);
      if (keep !== undefined) make = keep;
      return read;
    } finally {
      kept.end(reading, make);
    }
  }

  /** Of an installed directory: its manifest says what its files are, if they are those of the manifest. */
  record(at: Located, record: ArtifactRecord, now: Clock): void {
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
        if (digest === undefined || this.#files.trusted({ path, key }, 'file', stamp)?.digest === digest) continue;
        this.#files.put({ path, key, kind: 'file', read: false }, { digest, stamp }, '', now);
      }
    }
    this.#put(at, record.digest, walked, now, false);
  }

  /** Of one that was installed: the same record with the present time, if all stats are still the same. */
  renew(item: Young, now: Clock): void {
    const record = this.#options.index.statRecord(item.key, 'directory');
    if (record === undefined || statOf(item.path)?.isDirectory() !== true) return;
    const walked = this.#walk(item);
    if (walked.stamp === record.xxh64) this.#put(item, record.digest, walked, now, false);
  }

  #walk(at: Located): Walked {
    const walked = walkDirectory(at);
    this.#touched.addWalked(at.path, walked);
    return walked;
  }

  #trusted(at: Located, walked: Walked): StatRecord | undefined {
    const record = this.#options.index.statRecord(at.key, 'directory');
    return record?.xxh64 === walked.stamp && this.#files.isOld(walked, record.recordedNs) ? record : undefined;
  }

  #digestOfKnown(walked: Walked): Digest | undefined {
    const entries: DirectoryEntry[] = [];
    for (const file of walked.files) {
      const record = this.#files.trusted(file, 'file', file.stamp);
      if (record === undefined) return undefined;
      entries.push(entryOf(file, record.digest));
    }
    return manifestDigest(entries);
  }

  async #found(at: Located, name: string): Promise<FoundFile> {
    const file = { path: `${at.path}/${name}`, key: at.key === '' ? name : `${at.key}/${name}` };
    this.#touched.add(file.path);
    const read = await this.#files.read(file, 'file');
    return read === 'absent' ? read : { ...read, young: this.#files.isYoung(file) };
  }

  async #readWhole(at: Located): Promise<{
    readonly read: ReadDirectory | 'absent';
    /** Absent where what was read may not be kept. */
    readonly keep?: (doubted: ReadonlySet<string>) => KeptDirectory;
  }> {
    for (let attempt = 1; ; attempt++) {
      const stat = statOf(at.path);
      if (stat === undefined) return { read: 'absent' };
      if (!stat.isDirectory()) throw new UserFacingError(artifactErrors.wrongType(at.path, 'a folder', 'a file'));
      const walked = this.#walkedNow?.path === at.path ? this.#walkedNow.walked : this.#walk(at);
      // Before the content is read: what is written from now on gets a time that is not older than this by a tick.
      const now = this.#options.clock();
      const { entries, changed } = await this.#readFiles(walked, now);
      if (changed && attempt < ATTEMPTS) continue;
      if (changed) this.#touched.doubt(walked);
      const digest = manifestDigest(entries);
      if (!changed && this.#trusted(at, walked)?.digest !== digest) this.#put(at, digest, walked, now, true);
      const read = { digest, entries: () => entries };
      if (changed || walked.linked) return { read };
      const young = walked.files.filter((file) => this.#files.isYoung(file)).map(({ name }) => name);
      return {
        read,
        keep: (doubted) => {
          const stampAt = (place: number): FileStamp => (walked.files[place] as WalkedFile).stamp;
          return new KeptDirectory(entries, stampAt, walked.folders, new Set([...doubted, ...young]));
        },
      };
    }
  }

  /** `changed`: the stats of the walk are no longer those of what was read. */
  async #readFiles(
    walked: Walked,
    now: Clock,
  ): Promise<{ readonly entries: DirectoryEntry[]; readonly changed: boolean }> {
    const digests: (Digest | undefined)[] = [];
    const unread: Unread[] = [];
    for (const { path, key, stamp } of walked.files) {
      const before = this.#files.record({ path, key }, 'file');
      const isTrusted = before !== undefined && this.#files.isTrusted(before, stamp);
      digests.push(isTrusted ? before.digest : undefined);
      if (!isTrusted) unread.push({ path, key, stamp, before });
    }
    const read = unread.length === 0 ? [] : await this.#files.readAll(unread, now);
    const entries: DirectoryEntry[] = [];
    let changed = false;
    let next = 0;
    for (const [i, file] of walked.files.entries()) {
      let found: Digested | 'absent' | undefined;
      const trusted = digests[i];
      if (trusted !== undefined) found = { digest: trusted, stamp: file.stamp };
      else found = read[next++] ?? (await this.#files.read(file, 'file'));
      if (found === 'absent' || !sameStamp(found.stamp, file.stamp)) changed = true;
      if (found !== 'absent') entries.push(entryOf(file, found.digest));
    }
    return { entries, changed };
  }

  #put(at: Located, digest: Digest, walked: Walked, now: Clock, read: boolean): void {
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
    this.#files.noteYoung({ path: at.path, key: at.key, kind: 'directory', read }, walked, now);
  }
}

function entryOf(file: WalkedFile, sha256: Digest): DirectoryEntry {
  return { name: file.name, executable: file.executable, sha256, size: file.stamp.size };
}
