import { readdirSync, statSync } from 'node:fs';
import { sha256, type Digest } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import { millisecondsOf, type FileStamp } from './file-stamp.js';
import type { DirectoryEntry } from './kind.js';
import { isIgnored, twinKey } from './listing.js';
import { MANIFEST_HEAD, manifestLine, parseLine } from './manifest.js';
import { PackedLines } from './packed-lines.js';

/** A file of a directory, with the stat under which its content was read. */
export interface KeptFile {
  readonly entry: DirectoryEntry;
  readonly stamp: FileStamp;
}

const COLUMNS = 4;
/** Lines before the first entry's. */
const HEADS = 1;

/**
 * A directory as it was read, for somebody who is told of every change in it: what was not doubted since is not looked at
 * again. Kept as the bytes of its manifest, so that one changed file costs one line and one digest of the text, and 20,000
 * files take some 3 MB.
 */
export class KeptDirectory {
  /** In byte order. */
  readonly #names: string[];
  /** Of the manifest: its head, and one a name. */
  readonly #lines: PackedLines;
  /** Of each file: mtime and ctime in milliseconds, size, inode. */
  readonly #stamps: number[];
  readonly #doubted: Set<string>;
  /** Names that are looked at now. One whose look failed stays here: the directory is never believed again. */
  readonly #looking = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  #digest: Digest | undefined;

  /**
   * @param entries in byte order of their names
   * @param stampAt of each the stat under which it was read
   * @param folders it and all in it, absolute, empty ones too: where one comes or goes, another directory is kept
   * @param doubted names of which a change was told while they were read
   */
  constructor(
    entries: readonly DirectoryEntry[],
    stampAt: (place: number) => FileStamp,
    readonly folders: readonly string[],
    doubted: ReadonlySet<string>,
  ) {
    this.#names = entries.map(({ name }) => name);
    this.#lines = new PackedLines(entries.length + HEADS, (line) => {
      const entry = entries[line - HEADS];
      return entry === undefined ? MANIFEST_HEAD : manifestLine(entry);
    });
    this.#stamps = [];
    for (const place of entries.keys()) this.#stamps.push(...columnsOf(stampAt(place)));
    this.#doubted = new Set(doubted);
  }

  get names(): readonly string[] {
    return this.#names;
  }

  get size(): number {
    return this.#names.length;
  }

  /** Whether something may have appeared, changed or gone that was not looked at yet. */
  get isDoubted(): boolean {
    return this.#doubted.size + this.#looking.size > 0;
  }

  /** Has `look` find out what became of each doubted name, one after the other; what is doubted meanwhile stays so. */
  async lookAtDoubted(look: (name: string) => Promise<void>): Promise<void> {
    const before = this.#turn;
    const turn = (async () => {
      await before.catch(() => undefined);
      for (const name of [...this.#doubted]) {
        this.#doubted.delete(name);
        this.#looking.add(name);
        await look(name);
        this.#looking.delete(name);
      }
    })();
    this.#turn = turn;
    await turn;
  }

  doubt(name: string): void {
    this.#doubted.add(name);
  }

  /** What is doubted is counted as it was. */
  get digest(): Digest {
    this.#digest ??= sha256(this.#lines.bytes);
    return this.#digest;
  }

  entries(): DirectoryEntry[] {
    return this.#names.map((_, place) => parseLine(this.#lines.at(place + HEADS)));
  }

  has(name: string): boolean {
    return this.#names[this.#place(name)] === name;
  }

  /** Whether files are kept below a folder of that name. */
  hasBelow(name: string): boolean {
    return this.#names[this.#place(`${name}/`)]?.startsWith(`${name}/`) === true;
  }

  /** Whether another name would be the same one on some file systems. Files of other folders are no twins. */
  hasTwin(name: string): boolean {
    const key = twinKey(name);
    return this.#names.some((other) => other !== name && other.length <= 2 * name.length && twinKey(other) === key);
  }

  /** The file is this now. */
  set({ entry, stamp }: KeptFile): void {
    const place = this.#place(entry.name);
    const isKnown = this.#names[place] === entry.name;
    if (isKnown) this.#lines.replace(place + HEADS, manifestLine(entry));
    else {
      this.#names.splice(place, 0, entry.name);
      this.#lines.insert(place + HEADS, manifestLine(entry));
    }
    this.#stamps.splice(place * COLUMNS, isKnown ? COLUMNS : 0, ...columnsOf(stamp));
    this.#digest = undefined;
  }

  /** There is no such file. */
  delete(name: string): void {
    const place = this.#place(name);
    if (this.#names[place] !== name) return;
    this.#names.splice(place, 1);
    this.#lines.delete(place + HEADS);
    this.#stamps.splice(place * COLUMNS, COLUMNS);
    this.#digest = undefined;
  }

  /**
   * Doubts every file that has another stat now.
   *
   * @param folder where the directory is, absolute
   * @returns false where there is something that is not kept
   */
  recheck(folder: string): boolean {
    if (!this.#holdsAllIn(folder)) return false;
    for (const [i, name] of this.#names.entries()) {
      const stats = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
      const at = i * COLUMNS;
      const same =
        stats?.mtimeMs === this.#stamps[at] &&
        stats?.ctimeMs === this.#stamps[at + 1] &&
        stats?.size === this.#stamps[at + 2] &&
        stats?.ino === this.#stamps[at + 3];
      if (!same) this.#doubted.add(name);
    }
    return true;
  }

  /** Whether nothing but kept files, and folders of kept files, is there: an empty folder may be filled by now. */
  #holdsAllIn(folder: string): boolean {
    const folders = new Set(['']);
    for (const name of this.#names) {
      for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1)) {
        const above = name.slice(0, end);
        if (folders.has(above)) break;
        folders.add(above);
      }
    }
    const known = new Set([...this.#names, ...folders]);
    for (const at of folders) {
      const prefix = at === '' ? '' : `${at}/`;
      for (const name of readdirSync(`${folder}/${at}`))
        if (!known.has(prefix + name) && !isIgnored(name)) return false;
    }
    return true;
  }

  /** Where the name is, or would be. */
  #place(name: string): number {
    let [from, to] = [0, this.#names.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (compareBytes(this.#names[middle] ?? '', name) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function columnsOf({ mtimeNs, ctimeNs, size, ino }: FileStamp): [number, number, number, number] {
  return [millisecondsOf(mtimeNs), millisecondsOf(ctimeNs), size, Number(ino)];
}
