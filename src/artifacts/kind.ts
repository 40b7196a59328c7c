import type { Digest } from '../base/digest.js';
import type { ObjectStore } from '../store/objects.js';
import type { JoinAhead } from './join-ahead.js';
import type { JoinedParts } from './joined-parts.js';

/** What an artifact is, which says how it is digested, sliced and joined. The reader's role decides it for an input. */
export type KindName = 'file' | 'directory' | 'jsonl' | 'sqlite';

/**
 * What is remembered of an artifact that was made.
 *
 * `digest` is the identity by the artifact's kind (for `sqlite` logical, for `directory` a Merkle root); `bytes` names
 * the object in the store that gives it back: the file's own bytes, or for a directory its manifest.
 */
export interface ArtifactRecord {
  readonly kind: KindName;
  readonly digest: Digest;
  readonly bytes: { readonly sha256: Digest; readonly size: number };
}

/** A file of a directory artifact. `name` is relative, with `/`; in a manifest entries are in byte order of it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly executable: boolean;
  readonly sha256: Digest;
  readonly size: number;
}

/**
 * A piece of an input, small enough to send to another process, with the digest that stands for its content.
 * A part's key has the digest; the rest tells a host where to read it.
 */
export type Slice =
  | {
      readonly kind: 'jsonl';
      readonly path: string;
      readonly digest: Digest;
      readonly id: string;
      readonly offset: number;
      readonly length: number;
      readonly firstLine: number;
      /** Of the file when it was listed, where that can be told: at the same moment it has the same bytes. */
      readonly moment?: string;
    }
  | {
      readonly kind: 'directory';
      /** Of the directory. */
      readonly path: string;
      /** Of the manifest of the one entry: name, exec bit and content. */
      readonly digest: Digest;
      readonly entry: DirectoryEntry;
    }
  | {
      readonly kind: 'sqlite';
      readonly path: string;
      readonly digest: Digest;
      readonly queries: Readonly<Record<string, SliceQuery>>;
      /** What `digest` most likely is, where it was listed before: known while it is not known yet what the database holds. */
      readonly likelyDigest?: Digest | undefined;
      /** Of each query's result; `digest` is made of them. */
      readonly results: Readonly<Record<string, Digest>>;
      /** Of the database when it was listed, where that can be told: a reading of the same moment sees the same rows. */
      readonly moment?: string;
    };

/** A query of a database slice: its rows are what is digested and all that the part can read. */
export type SliceQuery = SqlQuery | RowsQuery;

export interface SqlQuery {
  readonly sql: string;
  readonly args?: readonly (string | number | bigint | null)[];
}

/**
 * Rows of a table that are named. What it gives follows from these rows alone: so where the database is known to have
 * them as they were, it need not be asked again.
 */
export interface RowsQuery {
  readonly table: string;
  /** The column by which the rows are found: best an integer primary key, or `rowid`. */
  readonly by: string;
  /** Rows come in the order of these. An integer that is not exact as a number stands as its text. */
  readonly values: readonly (number | string)[];
  readonly columns: readonly string[];
  /**
   * Those of the columns whose text is wanted as its UTF-8 bytes: long ones are read faster so. The bytes are valid until
   * another row of the database is read.
   */
  readonly bytes?: readonly string[];
}

/** The kind that a file name stands for, where no rule says it: in `run:` targets. */
export function kindOfPath(path: string): KindName {
  if (path.endsWith('/')) return 'directory';
  if (path.endsWith('.jsonl')) return 'jsonl';
  return /\.(db|sqlite|sqlite3)$/.test(path) ? 'sqlite' : 'file';
}

/** Names that are never part of a directory or a glob, wherever they stand in a path. */
export const IGNORED_NAMES: ReadonlySet<string> = new Set(['cache', '.git', 'node_modules', '.DS_Store', 'Thumbs.db']);

/** What `install` needs of its caller, who knows what was built before. */
export interface InstallOptions {
  /** Moves what is not vlmbuild's own out of the way: an absolute path, of a file, a link or a folder. */
  aside(path: string): void;
  /** Whether content of this digest was ever made here: such files are replaced, others are moved aside first. */
  known(digest: Digest): boolean;
  /** The digest of a file where it is known without reading it (stat records). */
  digestOf?(path: string): Digest | undefined;
}

/** What `install` did; of a single file, `written` is 1. */
export interface InstallReport {
  readonly written: number;
  /** Entries that were there with the same content: inode and times are as they were. */
  readonly kept: number;
  readonly removed: number;
  /** Absolute paths that were handed to `aside`. */
  readonly aside: readonly string[];
}

/** What an artifact of one kind can do. All paths are absolute. */
export interface Kind {
  readonly name: KindName;
  /**
   * Digests the whole content, without any cache; gives way to other work every 64 MiB or so.
   *
   * @throws UserFacingError where what is at the path is not of this kind.
   */
  digest(path: string): Promise<Digest>;
  /** Digests a staged output and, unless `objects` is null, puts its bytes into the store: one read of the bytes. */
  keep(path: string, objects: ObjectStore | null): Promise<ArtifactRecord>;
  /** Writes a remembered artifact to a path at which there is nothing. @throws CorruptObject */
  restore(record: ArtifactRecord, destination: string, objects: ObjectStore): Promise<void>;
  /** Whether the store has all bytes. */
  present(record: ArtifactRecord, objects: ObjectStore): boolean;
  /** Moves a staged output into the tree: no moment shows a half-written file at the destination or below it. */
  install(staged: string, destination: string, options: InstallOptions): Promise<InstallReport>;
  /**
   * `restore` and `install` in one: brings the destination to what the record says, writing only what differs.
   * `scratch` is a path on the destination's file system, if possible, at which there is nothing.
   */
  deliver(
    record: ArtifactRecord,
    destination: string,
    objects: ObjectStore,
    scratch: string,
    options: InstallOptions,
  ): Promise<InstallReport>;
  /**
   * The default assembly of parts' outputs, in order; undefined where the kind has none. With `keepWhole` the result
   * enters the store. `destination: null` writes no file: `deliver` does from the record. `before` names what came of it
   * the last time, if the store still has that: what is the same at its head is checked as a whole, and where that was
   * written `ahead`, it is taken from there.
   */
  join(
    parts: JoinedParts,
    destination: string | null,
    objects: ObjectStore,
    keepWhole: boolean,
    before?: Digest,
    ahead?: JoinAhead,
  ): Promise<ArtifactRecord> | undefined;
}
