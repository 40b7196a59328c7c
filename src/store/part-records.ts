import { hexOf, type Digest } from '../base/digest.js';
import { parseRecord, type IndexConnection } from './index-connection.js';
import type { ListedPartRecord, PartRecord } from './records.js';

type PartRow = [key: Digest, seconds: number, meta: PartRecord['meta'], outputs: PartRecord['outputs']];

interface PendingPart {
  readonly target: string;
  readonly record: PartRecord;
}

/** So many keys go into one query. */
const CHUNK = 5000;

const DIGEST_BYTES = 32;

/** The index's parts: writes are batched, reads see them at once. */
export class PartRecords {
  readonly #connection: IndexConnection;
  readonly #pending = new Map<Digest, PendingPart>();
  #writing: readonly (readonly [Digest, PendingPart])[] = [];

  constructor(connection: IndexConnection) {
    this.#connection = connection;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  get(keys: readonly Digest[]): Map<Digest, PartRecord> {
    return this.#connection.healing(() => this.#get(keys));
  }

  #get(keys: readonly Digest[]): Map<Digest, PartRecord> {
    const found = new Map<Digest, PartRecord>();
    for (let start = 0; start < keys.length; start += CHUNK) {
      const chunk = keys.slice(start, start + CHUNK);
      // One text of many records, parsed at once: better-sqlite3 takes longer to make a row than SQLite to find it.
      const [text] = this.#connection.row(
        `SELECT group_concat(parts.record) FROM json_each(?) AS wanted
         CROSS JOIN parts ON parts.key = unhex(wanted.value)`,
        JSON.stringify(chunk.map(hexOf)),
      ) ?? [null];
      if (typeof text === 'string')
        for (const [key, seconds, meta, outputs] of parseRecord(`[${text}]`) as PartRow[])
          found.set(key, { key, outputs, meta, seconds });
      if (this.#pending.size === 0) continue;
      for (const key of chunk) {
        const pending = this.#pending.get(key);
        if (pending !== undefined) found.set(key, pending.record);
      }
    }
    return found;
  }

  put(target: string, record: PartRecord): void {
    this.#pending.set(record.key, { target, record });
  }

  /** Within a transaction of the caller's: what is batched stays so until `written` says that it was committed. */
  write(): void {
    this.#writing = [...this.#pending.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, { target, record }] of this.#writing) {
      const row: PartRow = [record.key, record.seconds, record.meta, record.outputs];
      this.#connection.run(
        `INSERT INTO parts VALUES (?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET target = excluded.target, record = excluded.record`,
        bytesOf(record.key),
        target,
        JSON.stringify(row),
      );
    }
  }

  /** After the transaction. What was put meanwhile stays batched. */
  written(): void {
    for (const [key, part] of this.#writing) if (this.#pending.get(key) === part) this.#pending.delete(key);
    this.#writing = [];
  }

  list(target: string): ListedPartRecord[] {
    return this.#connection.healing(() => {
      const [ids, keys] = this.#connection.row('SELECT ids, keys FROM part_lists WHERE target = ?', target) ?? [];
      if (typeof ids !== 'string' || !Buffer.isBuffer(keys)) return [];
      const hex = keys.toString('hex');
      const width = 2 * DIGEST_BYTES;
      return (parseRecord(ids) as string[]).map((id, i) => ({
        id,
        key: `sha256:${hex.slice(i * width, (i + 1) * width)}` as const,
      }));
    });
  }

  putList(target: string, list: readonly ListedPartRecord[]): void {
    this.#connection.run(
      'INSERT OR REPLACE INTO part_lists VALUES (?, ?, ?)',
      target,
      JSON.stringify(list.map(({ id }) => id)),
      Buffer.from(list.map(({ key }) => hexOf(key)).join(''), 'hex'),
    );
  }
}

/** The 32 bytes of a digest. */
export function bytesOf(digest: Digest): Buffer {
  return Buffer.from(hexOf(digest), 'hex');
}
