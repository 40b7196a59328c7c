import type { Digest } from '../base/digest.js';

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
      readonly offset: number;
      readonly length: number;
      readonly firstLine: number;
    }
  | { readonly kind: 'directory'; readonly path: string; readonly digest: Digest; readonly entries: readonly string[] }
  | {
      readonly kind: 'sqlite';
      readonly path: string;
      readonly digest: Digest;
      readonly queries: Readonly<Record<string, SliceQuery>>;
    };

/** A query of a database slice: its rows are what is digested and all that the part can read. */
export interface SliceQuery {
  readonly sql: string;
  readonly args?: readonly (string | number | bigint | null)[];
}

/** The kind that a file name stands for, where no rule says it: in `run:` targets. */
export function kindOfPath(path: string): KindName {
  if (path.endsWith('/')) return 'directory';
  if (path.endsWith('.jsonl')) return 'jsonl';
  return /\.(db|sqlite|sqlite3)$/.test(path) ? 'sqlite' : 'file';
}

/** Names that are never part of a directory or a glob, wherever they stand in a path. */
export const IGNORED_NAMES: ReadonlySet<string> = new Set(['cache', '.git', 'node_modules', '.DS_Store', 'Thumbs.db']);
