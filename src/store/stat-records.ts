import type { IndexConnection } from './index-connection.js';
import { Damage } from './record-text.js';
import type { StatRecord } from './records.js';
import { blockOf, printOfBlock, StatFolder } from './stat-folder.js';

/** What a stat record is of. */
export interface StatKey {
  readonly path: string;
  readonly kind: string;
}

/** A folder as it is held. Places of records in it stay what they are, for nothing is dropped from a held one. */
interface Held {
  folder: StatFolder;
  /** By block: the print of what the table has, as it was last read or written. */
  stored: Map<number, string>;
  /** Places that were put since the last `write`. */
  put: Set<number>;
  /** Places that it wrote, until `written`. Where its transaction was none, the next one writes them. */
  readonly writing: Set<number>;
  /** As `stored`, of what it wrote. */
  readonly prints: Map<number, string>;
}

/**
 * The index's stat records, by folder: writes are batched, reads see them at once. What others write meanwhile is not
 * seen before this process writes to the same folder; a record only saves reading, and is believed by its times alone.
 */
export class StatRecords {
  readonly #connection: IndexConnection;
  readonly #held = new Map<string, Held>();
  #pending = 0;

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
    const held = this.#hold(folder);
    const before = held.put.size;
    held.put.add(held.folder.set(name, record));
    this.#pending += held.put.size - before;
  }

  /** Within a transaction of the caller's: what is batched stays so until `written` says that it was committed. */
  write(): void {
    for (const [path, held] of this.#held) {
      if (held.put.size === 0 && held.writing.size === 0) continue;
      this.#mergeOthers(path, held);
      for (const place of held.put) held.writing.add(place);
      held.put.clear();
      held.prints.clear();
      for (const block of new Set([...held.writing].map(blockOf))) {
        const bytes = held.folder.encode(block);
        this.#connection.run('INSERT OR REPLACE INTO stats VALUES (?, ?, ?)', path, block, bytes);
        held.prints.set(block, printOfBlock(bytes));
      }
    }
    this.#count();
  }

  /** After the transaction. What was put meanwhile stays batched. */
  written(): void {
    for (const held of this.#held.values()) {
      for (const [block, print] of held.prints) held.stored.set(block, print);
      held.prints.clear();
      held.writing.clear();
    }
    this.#count();
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

  #count(): void {
    this.#pending = 0;
    for (const { put, writing } of this.#held.values()) this.#pending += put.size + writing.size;
  }

  #hold(path: string): Held {
    let held = this.#held.get(path);
    if (held === undefined) {
      const read = this.#connection.healing(() => this.#read(path));
      held = { ...read, put: new Set(), writing: new Set(), prints: new Map() };
      this.#held.set(path, held);
    }
    return held;
  }

  /** Where somebody else has written to the folder since: what they left, with what is batched here. */
  #mergeOthers(path: string, held: Held): void {
    const rows = this.#connection.rows('SELECT block, substr(records, 1, 32) FROM stats WHERE folder = ?', path);
    const isSame =
      rows.length === held.stored.size &&
      rows.every(([block, print]) => Buffer.isBuffer(print) && held.stored.get(Number(block)) === printOfBlock(print));
    if (isSame) return;
    const mine = held.folder;
    const batched = [...held.writing, ...held.put];
    Object.assign(held, this.#read(path));
    held.writing.clear();
    held.put.clear();
    for (const place of batched) {
      const name = mine.nameAt(place);
      const record = mine.get(name);
      if (record !== undefined) held.put.add(held.folder.set(name, record));
    }
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

function placeOf(path: string, kind: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash + 1), `${kind}:${path.slice(slash + 1)}`];
}

/** The folder ends in a slash, or is empty. */
function pathOf(folder: string, name: string): string {
  return folder + name;
}
