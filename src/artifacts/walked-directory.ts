import { sha256 } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { PackedStamps, stampOf, statOf, type FileStamp, type Times } from './file-stamp.js';
import type { Located } from './located.js';
import { listDirectory } from './listing.js';

export interface WalkedFile extends Located {
  readonly name: string;
  readonly executable: boolean;
  readonly stamp: FileStamp;
}

/** A directory with the stats of its files, in byte order of their names. */
export interface Walked extends Times {
  readonly files: readonly WalkedFile[];
  /** Every folder that was listed, absolute. */
  readonly folders: readonly string[];
  /** Stands for all names and stats; kept in the `xxh64` of the directory's own record. */
  readonly stamp: string;
  /** Whether a file has other names, under which it can be written without a word to whoever watches this one. */
  readonly linked: boolean;
}

/** @throws UserFacingError for what cannot be part of a directory, and a file that goes meanwhile. */
export function walkDirectory(at: Located): Walked {
  const { files, folders } = listDirectory(at.path);
  let names = '';
  let youngestNs = 0n;
  const aheadNs: bigint[] = [];
  let linked = files.some((file) => file.linked);
  const walked = files.map(({ name }): WalkedFile => {
    const path = `${at.path}/${name}`;
    const stat = statOf(path);
    if (stat === undefined) throw new UserFacingError(artifactErrors.absent(path));
    const stamp = stampOf(stat, path, false);
    const executable = (stat.mode & 0o111n) !== 0n;
    if (stamp.youngestNs > youngestNs) youngestNs = stamp.youngestNs;
    if (stamp.aheadNs.length > 0) aheadNs.push(...stamp.aheadNs);
    linked ||= stat.nlink > 1n;
    names += `${name}\0${executable ? 'x' : '-'}`;
    return { path, key: at.key === '' ? name : `${at.key}/${name}`, name, executable, stamp };
  });
  const { numbers } = PackedStamps.of(walked.map(({ stamp }) => stamp));
  const stamp = sha256(Buffer.concat([Buffer.from(names), Buffer.from(numbers.buffer)]));
  return { files: walked, folders, stamp, youngestNs, aheadNs, linked };
}
