import type { IndexConnection } from './index-connection.js';
import { Damage } from './record-text.js';
import type { StatRecord } from './records.js';
import { printOfBlock, StatFolder } from './stat-folder.js';

/** What a stat record is of. */
export interface StatKey {
  readonly path: string;
  readonly kind: string;
}

/** A folder as it is held. */
interface Held {
  folder: StatFolder;
  /** By block: the print of what the table has, as it was last read or written. */
  stored: Map<number, string>;
  /** What was put and is not written yet: names, and blocks, each with a number that grows whenever that happens again. */
  readonly names: Map<string, number>;
  readonly blocks: Map<number, number>;
}

/** What a transaction has written of a folder. */
interface Writing {
  readonly held: Held;
  readonly names: ReadonlyMap<string, number>;
  readonly blocks: ReadonlyMap<number, number>;
  readonly stored: Map<number, string>;
}

/**
 * The index's stat records, by folder: writes are batched, reads see them at once. What others write meanwhile is not
 * seen before this process writes to the same folder; a record only saves reading, and is believed by its times alone.
 */
export class StatRecords {
  readonly #connection: IndexConnection;
  readonly #held = new Map<string, Held>();
  #writing: Writing[] = [];
  #pending = 0;
  #count = 0;

  constructor(connection: IndexConnection) {
    this.#connection = connection;
  }

  get pendingCount(): number {
    return this.#pending;
  }

  get(path: string, kind: string): StatRecord | undefined {
    const [folder, name] = placeOf(path, kind);
    return this.#hold(folder).folder.get(name);
  }

  put(path: string, kind: string, record: StatRecord): void {
    const [folder, name] = placeOf(path, kind);
    this.#put(this.#hold(folder), name, record);
  }

  /** Within a transaction of the caller's: what is batched stays so until `written` says that it was committed. */
  write(): void {
    this.#writing = [];
    for (const [path, held] of this.#held) {
      if (held.names.size === 0) continue;
      this.#mergeOthers(path, held);
      const writing = { held, names: new Map(held.names), blocks: new Map(held.blocks), stored: new Map(held.stored) };
      for (const block of held.blocks.keys()) {
        const bytes = held.folder.encode(block);
        this.#connection.run('INSERT OR REPLACE INTO stats VALUES (?, ?, ?)', path, block, bytes);
        writing.stored.set(block, printOfBlock(bytes));
      }
      this.#writing.push(writing);
    }
  }

  /** After the transaction. What was put meanwhile stays batched. */
  written(): void {
    for (const { held, names, blocks, stored } of this.#writing) {
      held.stored = stored;
      forget(held.blocks, blocks);
      this.#pending -= forget(held.names, names);
    }
    this.#writing = [];
  }

  /** Paths with their kinds, of all that is written. */
  keys(): StatKey[] {
    return this.#connection.healing(() =>
      this.#connection.rows('SELECT DISTINCT folder FROM stats').flatMap(([folder]) =>
        this.#read(String(folder))
          .folder.names()
          .map((name) => {
            const colon = name.indexOf(':');
            return { path: pathOf(String(folder), name.slice(colon + 1)), kind: name.slice(0, colon) };
          }),
      ),
    );
  }

  /** Within a transaction of the caller's. */
  drop(keys: readonly StatKey[]): void {
    const gone = new Map<string, string[]>();
    for (const { path, kind } of keys) {
      const [folder, name] = placeOf(path, kind);
      gone.set(folder, [...(gone.get(folder) ?? []), name]);
    }
    for (const [path, names] of gone) {
      const { folder, stored } = this.#read(path);
      const changed = new Set(names.flatMap((name) => folder.delete(name)));
      for (const block of changed)
        if (block < folder.blocks)
          this.#connection.run('INSERT OR REPLACE INTO stats VALUES (?, ?, ?)', path, block, folder.encode(block));
      for (const block of stored.keys())
        if (block >= folder.blocks)
          this.#connection.run('DELETE FROM stats WHERE folder = ? AND block = ?', path, block);
    }
  }

  #hold(path: string): Held {
    let held = this.#held.get(path);
    if (held === undefined) {
      held = { ...this.#connection.healing(() => this.#read(path)), names: new Map(), blocks: new Map() };
      this.#held.set(path, held);
    }
    return held;
  }

  #put(held: Held, name: string, record: StatRecord): void {
    if (!held.names.has(name)) this.#pending++;
    this.#count++;
    held.names.set(name, this.#count);
    held.blocks.set(held.folder.set(name, record), this.#count);
  }

  /** Where somebody else has written to the folder since: what they left, with what is batched here. */
  #mergeOthers(path: string, held: Held): void {
    const rows = this.#connection.rows('SELECT block, substr(records, 1, 32) FROM stats WHERE folder = ?', path);
    const isSame =
      rows.length === held.stored.size &&
      rows.every(([block, print]) => Buffer.isBuffer(print) && held.stored.get(Number(block)) === printOfBlock(print));
    if (isSame) return;
    const mine = [...held.names.keys()].map((name) => [name, held.folder.get(name)] as const);
    Object.assign(held, this.#read(path));
    held.blocks.clear();
    for (const [name, record] of mine) if (record !== undefined) this.#put(held, name, record);
  }

  #read(path: string): Pick<Held, 'folder' | 'stored'> {
    const folder = new StatFolder();
    const stored = new Map<number, string>();
    const rows = this.#connection.rows('SELECT block, records FROM stats WHERE folder = ? ORDER BY block', path);
    folder.expect(rows.flatMap(([, bytes]) => (Buffer.isBuffer(bytes) ? [bytes] : [])));
    for (const [block, bytes] of rows) {
      if (!Buffer.isBuffer(bytes) || !folder.decode(bytes))
        throw new Damage('stat records are not as they were written');
      stored.set(Number(block), printOfBlock(bytes));
    }
    return { folder, stored };
  }
}

/** Forgets what has not been put again since; gives how many. */
function forget<K>(all: Map<K, number>, done: ReadonlyMap<K, number>): number {
  let count = 0;
  for (const [key, number] of done) if (all.get(key) === number && all.delete(key)) count++;
  return count;
}

function placeOf(path: string, kind: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash + 1), `${kind}:${path.slice(slash + 1)}`];
}

/** The folder ends in a slash, or is empty. */
function pathOf(folder: string, name: string): string {
  return folder + name;
}
