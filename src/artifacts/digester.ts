import type { Digest } from '../base/digest.js';
import type { Index } from '../store/index-db.js';
import type { ObjectStore } from '../store/objects.js';
import type { ArtifactRecord, DirectoryEntry, KindName } from './kind.js';

export interface DigesterOptions {
  /** The project root; stat records are kept by root-relative path. */
  readonly root: string;
  readonly index: Index;
  /** `nothing`: every byte is read (`verify`). */
  readonly trust: 'stat' | 'nothing';
  /** The file system's time and the step in which it counts: `() => tick(layout)`. */
  clock(): { readonly nowNs: bigint; readonly tickNs: bigint };
  /** Where manifests of installed directories are read from, so that `record` need not read their files. */
  readonly objects?: ObjectStore;
  /** Told of every file whose bytes are read. */
  readonly onHash?: (path: string, bytes: number) => void;
}

/** Digests of what is on disk, read only where stat records do not tell. Paths are root-relative or absolute. */
export class ArtifactDigester {
  constructor(private readonly options: DigesterOptions) {}

  /** Without reading a file: undefined where bytes must be read (then `digest` says, or says what is wrong). */
  known(path: string, kind: KindName): Digest | 'absent' | undefined {
    throw new Error(`not yet: ${path} ${kind} ${this.options.root}`);
  }

  /** @throws UserFacingError where what is there is not of the kind. */
  async digest(path: string, kind: KindName): Promise<Digest | 'absent'> {
    throw new Error(`not yet: ${path} ${kind}`);
  }

  /** Remembers the stat of an output just installed. Call `settle` when the clock has moved on a tick. */
  record(path: string, kind: KindName, record: ArtifactRecord): void {
    throw new Error(`not yet: ${path} ${kind} ${record.digest}`);
  }

  /**
   * Makes the records of this session's young files (written within a tick of being recorded) trusted ones, where the
   * files are still the same: call at the end of a build, after `waitOneTick`.
   */
  async settle(): Promise<void> {
    throw new Error('not yet');
  }

  /** Whether `settle` has anything to do. */
  get unsettled(): boolean {
    return false;
  }

  /** The files of a directory, in byte order of their names. */
  async entries(path: string): Promise<DirectoryEntry[]> {
    throw new Error(`not yet: ${path}`);
  }

  isExecutable(path: string): boolean {
    throw new Error(`not yet: ${path}`);
  }

  /** Every path looked at and every folder listed, absolute: what a snapshot must cover. */
  touched(): readonly string[] {
    return [];
  }
}
