import { lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { statOf } from './file-stamp.js';

/** Beside a database, the files that hold a part of its content when they are filled. */
const CONTENT_SIDES = ['-wal', '-journal'] as const;

export interface DatabasePlace {
  /** Whether the path is a folder, as sqld writes it. */
  readonly isFolder: boolean;
  /** The path, or that of the database in the folder, whether it is there or not. */
  readonly named: string;
  /** What that leads to: SQLite keeps the files beside a database there, and not beside a link. */
  readonly file: string;
}

/** Where the SQLite file is that a path stands for: itself, or `dbs/default/data` in a folder. */
export function databasePlace(path: string): DatabasePlace {
  const isFolder = statOf(path)?.isDirectory() === true;
  const named = isFolder ? join(path, 'dbs', 'default', 'data') : path;
  return { isFolder, named, file: withoutLink(named) };
}

/** Every path of a database whose file tells of its content: a change at any of them may change it. */
export function databasePaths({ named, file }: Pick<DatabasePlace, 'named' | 'file'>): string[] {
  return [...new Set([named, file, ...CONTENT_SIDES.map((suffix) => file + suffix)])];
}

/** A path without a link at its end. */
export function withoutLink(path: string): string {
  return statOf(path) !== undefined && lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
}
