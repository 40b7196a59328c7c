import { lstatSync, statSync } from 'node:fs';
import {
  ABSENT,
  absolute,
  COLUMNS,
  environmentText,
  HEADER,
  identityText,
  openSnapshot,
  QUIET,
  type OpenedSnapshot,
  type PathTimes,
  type SnapshotIdentity,
} from './snapshot-format.js';

/**
 * How many targets are fresh, where the snapshot at `path` is of this identity and nothing that it covers has changed;
 * else undefined, whatever is wrong.
 */
export function checkSnapshot(
  path: string,
  identity: SnapshotIdentity,
  environment: NodeJS.ProcessEnv,
): number | undefined {
  const compared = compareSnapshot(path, identity, environment, 0);
  return compared?.changed.length === 0 ? compared.targets : undefined;
}

/** A snapshot that is not damaged and of this identity and environment, against what is there now. */
export interface ComparedSnapshot {
  readonly targets: number;
  readonly plan: number;
  readonly results: string;
  /** How many of the paths are fixed, and how many others are followed. */
  readonly fixed: number;
  readonly followed: number;
  /** Fixed, followed and unfollowed ones, in this order. */
  readonly paths: readonly string[];
  /** The paths as they stand in the file. */
  readonly text: Uint8Array;
  /** Which of the paths have changed, by their place; none of them is a fixed one. */
  readonly changed: readonly number[];
  /** Of those, the ones that are not there now or were not there then. */
  readonly came: readonly number[];
  /** The columns: of path `i` the four from `i * 4` on. */
  readonly times: Float64Array;
  /** Names whose values count. */
  readonly environment: readonly string[];
}

/** Undefined where more than `most` paths have changed, a fixed one has, or the snapshot cannot be used. */
export function compareSnapshot(
  path: string,
  identity: SnapshotIdentity,
  environment: NodeJS.ProcessEnv,
  most = Number.POSITIVE_INFINITY,
): ComparedSnapshot | undefined {
  try {
    const opened = openSnapshot(path);
    if (opened?.texts[0] !== identityText(identity)) return undefined;
    const { doubles, fixed, followed, count, targets, names, plan, text: all, texts } = opened;
    const used: string[] = [];
    for (const text of texts.slice(2, 2 + names)) {
      const name = text.includes('=') ? text.slice(0, text.indexOf('=')) : text;
      if (environmentText(name, environment) !== text) return undefined;
      used.push(name);
    }
    // Relative paths are shorter for the system to walk.
    const inRoot = process.cwd() === identity.root;
    const links = fixed + followed;
    const changed: number[] = [];
    const came: number[] = [];
    const guess = new FolderGuess(opened, inRoot ? '' : identity.root);
    for (let i = 0; i < count; i++) {
      const text = texts[2 + names + i] ?? '';
      if (guess.isOn && guess.covers(text) && i >= fixed && changed.length < most) {
        if (doubles[HEADER + i * COLUMNS + 2] !== ABSENT) changed.push(i);
        continue;
      }
      const file = inRoot ? text : absolute(text, identity.root);
      const stats = i < links ? statSync(file, QUIET) : lstatSync(file, QUIET);
      const place = HEADER + i * COLUMNS;
      if (isSame(stats, doubles, place)) continue;
      if (i < fixed || changed.length >= most) return undefined;
      changed.push(i);
      if (stats === undefined || doubles[place + 2] === ABSENT) came.push(i);
      else guess.sawChanged(text);
    }
    const times = doubles.subarray(HEADER, HEADER + count * COLUMNS);
    const paths = changed.length === 0 ? [] : texts.slice(2 + names);
    const results = texts[1] ?? '';
    const text = all.subarray(Buffer.byteLength(texts.slice(0, 2 + names).join('\0')) + 1);
    return { targets, plan, results, fixed, followed, paths, text, changed, came, times, environment: used };
  } catch {
    // No snapshot, or one that cannot be trusted: the long way finds out what is the matter.
    return undefined;
  }
}

/** Where so many files of one folder have changed one after another, so have the others of it, most likely. */
const MANY = 500;

/**
 * Spares looking at the rest of a folder that was touched or copied as a whole: who is told that a file has changed looks
 * at it anyway. Nothing else is guessed: the folder, which must be covered itself, has the names that it had by its times.
 */
class FolderGuess {
  isOn = false;
  #folder = '';
  #seen = 0;

  constructor(
    private readonly opened: OpenedSnapshot,
    /** What relative paths are completed with; '' for the folder in which this runs. */
    private readonly root: string,
  ) {}

  sawChanged(path: string): void {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    if (folder !== this.#folder) {
      this.#folder = folder;
      this.#seen = 0;
      this.isOn = false;
    }
    this.#seen++;
    if (this.#seen === MANY && folder !== '') this.isOn = this.#isAsItWas(folder.slice(0, -1));
  }

  covers(path: string): boolean {
    return path.lastIndexOf('/') === this.#folder.length - 1 && path.startsWith(this.#folder);
  }

  #isAsItWas(folder: string): boolean {
    const { texts, names, fixed, followed, doubles } = this.opened;
    const first = 2 + names;
    const place = texts.indexOf(folder, first) - first;
    if (place < 0 || place >= fixed + followed) return false;
    const stats = statSync(this.root === '' ? folder : absolute(folder, this.root), QUIET);
    return stats?.isDirectory() === true && isSame(stats, doubles, HEADER + place * COLUMNS);
  }
}

/** Whether a path has the columns that begin there. */
export function isSame(stats: PathTimes | undefined, doubles: Float64Array, at: number): boolean {
  if (stats === undefined) return doubles[at + 2] === ABSENT;
  return (
    stats.mtimeMs === doubles[at] &&
    stats.ctimeMs === doubles[at + 1] &&
    stats.size === doubles[at + 2] &&
    stats.ino === doubles[at + 3]
  );
}
