import { copyFileSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, unlink } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hexOf, sha256 } from '../base/digest.js';
import type { InstallOptions, InstallReport } from './kind.js';
import { UNFINISHED_PREFIX } from './listing.js';

/**
 * Renames a staged file to its place. Where that is on another file system, or the staged file is a link, the bytes
 * are copied.
 */
export function moveInto(staged: string, destination: string): void {
  if (!lstatSync(staged).isSymbolicLink()) {
    try {
      renameSync(staged, destination);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    }
  }
  copyInto(staged, destination);
  rmSync(staged);
}

/**
 * Copies a file to its place, by way of a hidden sibling, which is then renamed: its name is always the same for one
 * destination, so that what a killed build left is overwritten by the next.
 */
export function copyInto(source: string, destination: string): void {
  const sibling = unfinishedSibling(destination);
  try {
    rmSync(sibling, { force: true });
    copyFileSync(source, sibling);
    renameSync(sibling, destination);
  } catch (error) {
    rmSync(sibling, { force: true });
    throw error;
  }
}

/** Where a file is written before it is renamed to `destination`, on the same file system. */
export function unfinishedSibling(destination: string): string {
  return join(dirname(destination), UNFINISHED_PREFIX + hexOf(sha256(basename(destination))).slice(0, 16));
}

/** To give back the room of so large a file takes as long as it took to write a part of it. */
const LARGE = 16 << 20;

/**
 * Gives a file another name, so that replacing it does not wait until its room is given back: that happens on another
 * thread when the name goes. What a kill leaves of it goes with the stage.
 */
function heldOn(path: string, name: string): (() => void) | undefined {
  try {
    linkSync(path, name);
  } catch {
    // Another file system, or one without links.
    return undefined;
  }
  // Nobody needs to know: the stage is removed in any case.
  return () => unlink(name, () => undefined);
}

/** Installs an output that is one file. A folder in its place is moved aside; a link is replaced, not followed. */
export function installFile(staged: string, destination: string, options: InstallOptions): InstallReport {
  const aside: string[] = [];
  const before = lstatSync(destination, { throwIfNoEntry: false });
  if (before?.isDirectory() === true) {
    options.aside(destination);
    aside.push(destination);
  }
  if (before === undefined) mkdirSync(dirname(destination), { recursive: true });
  const letGo = before?.isFile() === true && before.size >= LARGE ? heldOn(destination, `${staged}.before`) : undefined;
  try {
    moveInto(staged, destination);
  } finally {
    letGo?.();
  }
  return { written: 1, kept: 0, removed: 0, aside };
}
