import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { compareBytes } from '../base/order.js';
import { readFully } from '../base/read-fully.js';
import type { ObjectStore } from '../store/objects.js';
import { digestBytes } from './file.js';
import { copyInto, moveInto, unfinishedSibling } from './install-file.js';
import type { DirectoryEntry, InstallOptions, InstallReport } from './kind.js';
import { isIgnored, listDirectory, UNFINISHED_PREFIX } from './listing.js';
import { Turn } from './pieces.js';

/*
 * A directory output is brought up to date entry by entry:
 *
 *   1. what is there and not wanted is removed, or moved aside where it was not made here
 *   2. folders that this left empty are removed
 *   3. of the wanted entries, those that are there with the same content stay (inode and times untouched), the others
 *      are renamed over what is there
 *
 * Each step is a rename or a removal of a whole file: killed at any moment, the directory holds whole files only, old
 * and new ones, and the next build goes on from there. A directory that is not there at all is renamed as one.
 */

/** An entry that must be there in the end. */
interface Wanted {
  readonly name: string;
  readonly executable: boolean;
  readonly size: number;
  /** Whether the file at the path, of the same size, has the same bytes. */
  sameBytes(path: string): boolean | Promise<boolean>;
  /** Puts the file there, whole, replacing what is there. The folder exists. */
  place(path: string): void;
}

/**
 * Moves a staged directory into the tree. What is behind a link in it is copied and stays as it is: it may be anybody's.
 */
export async function installDirectory(
  staged: string,
  destination: string,
  options: InstallOptions,
): Promise<InstallReport> {
  const isLink = lstatSync(staged).isSymbolicLink();
  if (!isLink) tidy(staged);
  const files = listDirectory(staged).files.map(({ name, linked }) => ({ name, linked: linked || isLink }));
  mkdirSync(dirname(destination), { recursive: true });
  const linked = files.filter((file) => file.linked);
  if (!isLink && linked.length === 0 && isAbsent(destination) && renamedWhole(staged, destination))
    return { written: files.length, kept: 0, removed: 0, aside: [] };
  // What is linked comes first: it may lead to a staged file, which is gone when that has been moved.
  const wanted = [...linked, ...files.filter((file) => !file.linked)].map((file): Wanted => {
    const source = join(staged, file.name);
    const stat = statSync(source);
    return {
      name: file.name,
      executable: isExecutable(stat),
      size: stat.size,
      sameBytes: (path) => equalBytes(source, path),
      place: (path) => (file.linked ? copyInto(source, path) : moveInto(source, path)),
    };
  });
  const report = await bringUpToDate(destination, wanted, options);
  rmSync(staged, { recursive: true, force: true });
  return report;
}

/** As `installDirectory`, from the store: only what differs is written. `whole` writes all of it to a scratch path. */
export async function deliverDirectory(
  entries: readonly DirectoryEntry[],
  destination: string,
  objects: ObjectStore,
  options: InstallOptions,
  whole: () => Promise<string>,
): Promise<InstallReport> {
  mkdirSync(dirname(destination), { recursive: true });
  if (isAbsent(destination)) return installDirectory(await whole(), destination, options);
  const wanted = entries.map(({ name, executable, size, sha256 }): Wanted => ({
    name,
    executable,
    size,
    sameBytes: async (path) => (options.digestOf?.(path) ?? (await digestBytes(path)).sha256) === sha256,
    place(path) {
      const sibling = unfinishedSibling(path);
      try {
        objects.copyTo(sha256, sibling, { executable });
        renameSync(sibling, path);
      } catch (error) {
        rmSync(sibling, { force: true });
        throw error;
      }
    },
  }));
  return bringUpToDate(destination, wanted, options);
}

async function bringUpToDate(
  destination: string,
  wanted: readonly Wanted[],
  options: InstallOptions,
): Promise<InstallReport> {
  const aside: string[] = [];
  const moveAside = (path: string): void => {
    options.aside(path);
    aside.push(path);
  };
  /** Moves a file aside that was not made here, or not as it now is. */
  const protect = async (path: string): Promise<boolean> => {
    if (lstatSync(path).isFile() && options.known(options.digestOf?.(path) ?? (await digestBytes(path)).sha256))
      return false;
    moveAside(path);
    return true;
  };
  if (lstatSync(destination, { throwIfNoEntry: false })?.isDirectory() === false) moveAside(destination);
  mkdirSync(destination, { recursive: true });

  const present = scan(destination);
  const names = new Set(wanted.map((entry) => entry.name));
  const turn = new Turn();
  let removed = 0;
  for (const name of present.others) {
    if (names.has(name)) continue;
    const path = join(destination, name);
    if (!(await protect(path))) rmSync(path);
    removed++;
    if (turn.due(1 << 16)) await turn.pass();
  }
  for (const folder of present.folders) removeIfEmpty(join(destination, folder));

  const made = new Set<string>();
  let kept = 0;
  for (const entry of wanted) {
    const path = join(destination, entry.name);
    const stat = present.set.has(entry.name) ? lstatSync(path) : undefined;
    if (stat?.isFile() === true && stat.size === entry.size && (await entry.sameBytes(path))) {
      if (isExecutable(stat) !== entry.executable)
        chmodSync(path, (stat.mode & 0o666) | (entry.executable ? 0o111 : 0));
      kept++;
    } else {
      if (stat !== undefined) await protect(path);
      const folder = dirname(path);
      if (!made.has(folder)) mkdirSync(folder, { recursive: true });
      made.add(folder);
      // Only what is never part of a directory can still be in the way: a folder with ignored names.
      if (stat === undefined && lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) moveAside(path);
      entry.place(path);
    }
    if (turn.due(entry.size + (1 << 16))) await turn.pass();
  }
  return { written: wanted.length - kept, kept, removed, aside };
}

/** What is in an output directory: links are not followed, ignored names are not looked at. */
function scan(destination: string): {
  readonly others: readonly string[];
  readonly set: ReadonlySet<string>;
  /** Deepest first. */
  readonly folders: readonly string[];
} {
  const others: string[] = [];
  const folders: string[] = [];
  const visit = (prefix: string): void => {
    for (const entry of readdirSync(join(destination, prefix), { withFileTypes: true })) {
      const name = prefix + entry.name;
      if (entry.name.startsWith(UNFINISHED_PREFIX)) rmSync(join(destination, name), { recursive: true });
      else if (isIgnored(entry.name)) continue;
      else if (entry.isDirectory()) {
        folders.push(name);
        visit(`${name}/`);
      } else others.push(name);
    }
  };
  visit('');
  return { others: others.sort(compareBytes), set: new Set(others), folders: folders.reverse() };
}

/** Removes from a staged directory what is no part of it: ignored names and empty folders below it. */
function tidy(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (isIgnored(entry.name)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) {
      tidy(path);
      removeIfEmpty(path);
    }
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function isAbsent(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

function renamedWhole(staged: string, destination: string): boolean {
  try {
    renameSync(staged, destination);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') return false;
    throw error;
  }
}

function isExecutable(stat: Stats): boolean {
  return (stat.mode & 0o111) !== 0;
}

function equalBytes(a: string, b: string): boolean {
  const files: number[] = [];
  try {
    files.push(openSync(a, 'r'), openSync(b, 'r'));
    const [fileA = -1, fileB = -1] = files;
    const bufferA = Buffer.allocUnsafe(1 << 16);
    const bufferB = Buffer.allocUnsafe(1 << 16);
    for (;;) {
      const countA = readFully(fileA, bufferA, null);
      const countB = readFully(fileB, bufferB, null);
      if (countA !== countB || bufferA.compare(bufferB, 0, countB, 0, countA) !== 0) return false;
      if (countA < bufferA.length) return true;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}
