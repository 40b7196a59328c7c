import { copyFileSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
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

/** Installs an output that is one file. A folder in its place is moved aside; a link is replaced, not followed. */
export function installFile(staged: string, destination: string, options: InstallOptions): InstallReport {
  const aside: string[] = [];
  mkdirSync(dirname(destination), { recursive: true });
  if (lstatSync(destination, { throwIfNoEntry: false })?.isDirectory() === true) {
    options.aside(destination);
    aside.push(destination);
  }
  moveInto(staged, destination);
  return { written: 1, kept: 0, removed: 0, aside };
}
