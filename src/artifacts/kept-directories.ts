import { lstatSync, type Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { Digest } from '../base/digest.js';
import type { FileStamp } from './file-stamp.js';
import type { KeptDirectory } from './kept-directory.js';
import { isIgnored } from './listing.js';

/** A directory that is being read: what is told of it meanwhile is doubted when it is kept. */
export interface Reading {
  readonly path: string;
  readonly doubted: Set<string>;
  /** Whether it, or a folder above it, may be another one by now. */
  lost: boolean;
}

/** The directories that a watch has read, by absolute path. Whoever fills it tells of every change (`doubt`). */
export class KeptDirectories {
  readonly #kept = new Map<string, KeptDirectory>();
  readonly #reading = new Set<Reading>();

  get(path: string): KeptDirectory | undefined {
    return this.#kept.get(path);
  }

  /** What was read of this path is of no more use. */
  drop(path: string): void {
    this.#kept.delete(path);
  }

  /** Anything may have changed. */
  clear(): void {
    this.#kept.clear();
    for (const reading of this.#reading) reading.lost = true;
  }

  /** A change may have been made at this path, absolute. */
  doubt(path: string): void {
    for (const [folder, kept] of this.#kept) {
      const name = nameIn(folder, path);
      if (name !== undefined) kept.doubt(name);
      else if (isAtOrBelow(folder, path)) this.#kept.delete(folder);
    }
    for (const reading of this.#reading) {
      const name = nameIn(reading.path, path);
      if (name !== undefined) reading.doubted.add(name);
      else if (isAtOrBelow(reading.path, path)) reading.lost = true;
    }
  }

  /** Before a directory is read. To be ended by `end` whatever happens. */
  begin(path: string): Reading {
    const reading: Reading = { path, doubted: new Set(), lost: false };
    this.#reading.add(reading);
    return reading;
  }

  /** @param make gives what was read; undefined where it is not to be kept */
  end(reading: Reading, make: (doubted: ReadonlySet<string>) => KeptDirectory | undefined): void {
    this.#reading.delete(reading);
    const kept = reading.lost ? undefined : make(reading.doubted);
    if (kept !== undefined) this.#kept.set(reading.path, kept);
  }
}

/** The path's name relative to a folder above it, with `/`. */
function nameIn(folder: string, path: string): string | undefined {
  const start = folder.endsWith(sep) ? folder : `${folder}${sep}`;
  return path.startsWith(start) ? path.slice(start.length).replaceAll(sep, '/') : undefined;
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}

/** What a file is now. `young`: so young that it may be written once more without a sign of it. */
export type FoundFile = { readonly digest: Digest; readonly stamp: FileStamp; readonly young: boolean } | 'absent';

/** The whole directory must be read: folders or links came or went, or a name is a problem. */
class Unclear extends Error {}

/**
 * Looks at what is doubted of a directory. What is young stays doubted, as does what is told meanwhile.
 *
 * @param folder where the directory is, absolute
 * @returns false where the whole directory must be read, and this is of no more use.
 */
export async function bringUpToDate(
  kept: KeptDirectory,
  folder: string,
  read: (name: string) => Promise<FoundFile>,
): Promise<boolean> {
  try {
    await kept.lookAtDoubted((name) => look(kept, folder, name, read));
    return true;
  } catch (error) {
    if (error instanceof Unclear) return false;
    throw error;
  }
}

async function look(
  kept: KeptDirectory,
  folder: string,
  name: string,
  read: (name: string) => Promise<FoundFile>,
): Promise<void> {
  if (name.split('/').some(isIgnored)) return;
  const stat = lstatOf(join(folder, name));
  const parent = dirname(name);
  // It is a folder, or was one.
  if (kept.hasBelow(name)) throw new Unclear();
  if (stat === undefined) {
    kept.delete(name);
    return;
  }
  if (!stat.isFile() || stat.nlink > 1 || (parent !== '.' && !kept.hasBelow(parent))) throw new Unclear();
  if (!kept.has(name) && (name.includes('\uFFFD') || kept.hasTwin(name))) throw new Unclear();
  const found = await read(name);
  if (found === 'absent') {
    kept.delete(name);
    return;
  }
  const { digest, stamp, young } = found;
  kept.set({ entry: { name, executable: (stat.mode & 0o111) !== 0, sha256: digest, size: stamp.size }, stamp });
  if (young) kept.doubt(name);
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}
