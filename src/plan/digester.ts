import type { DirectoryEntry, KindName } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';

/** What planning knows of the files on disk. Paths are root-relative with `/`, or absolute. */
export interface Digester {
  /** At once, from a trusted stat record; undefined where the content must be read. */
  known(path: string, kind: KindName): Digest | 'absent' | undefined;
  digest(path: string, kind: KindName): Promise<Digest | 'absent'>;
  /** The files of a directory, in byte order of their names: asked for only where a reason needs names. */
  entries(path: string): Promise<readonly DirectoryEntry[]>;
  /** How many files that would be, where that is known without listing them. */
  entryCount?(path: string): number | undefined;
  isExecutable(path: string): boolean;
}
