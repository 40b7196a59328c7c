import { hexOf, type Digest } from '../base/digest.js';
import type { IndexConnection } from './index-connection.js';
import { parseRecords, recordText } from './record-text.js';
import type { PartRecord } from './records.js';

type PartRow = [key: Digest, seconds: number, meta: PartRecord['meta'], outputs: PartRecord['outputs']];

/** A part that is to be written: as its text, for there may be thousands. */
interface PendingPart {
  readonly target: string;
  readonly text: string;
}

/** So many keys, or rows, go into one query. */
const CHUNK = 5000;

/** Where so many times the wanted parts are more than there are, all are read. */
const SCAN_RATIO = 2;

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
    if (keys.length >= CHUNK && keys.length * SCAN_RATIO >= this.#lastRow()) this.#scan(keys, found);
    else {
      for (let start = 0; start < keys.length; start += CHUNK) {
        const [text] = this.#connection.row(
          `SELECT group_concat(parts.record, char(10)) FROM json_each(?) AS wanted
           CROSS JOIN parts ON parts.key = unhex(wanted.value)`,
          JSON.stringify(keys.slice(start, start + CHUNK).map(hexOf)),
        ) ?? [null];
        for (const record of recordsOf(text)) found.set(record.key, record);
      }
    }
    if (this.#pending.size === 0) return found;
    for (const key of keys) {
      const pending = this.#pending.get(key);
      if (pending !== undefined) for (const record of recordsOf(pending.text)) found.set(key, record);
    }
    return found;
  }

  /** Reads all parts in the order in which they lie, which costs a fifth of looking for each. */
  #scan(keys: readonly Digest[], found: Map<Digest, PartRecord>): void {
    const wanted = new Set(keys);
    const last = this.#lastRow();
    for (let row = 0; row < last; row += CHUNK) {
      const [text] = this.#connection.row(
        'SELECT group_concat(record, char(10)) FROM parts WHERE rowid > ? AND rowid <= ?',
        row,
        row + CHUNK,
      ) ?? [null];
      for (const record of recordsOf(text)) if (wanted.has(record.key)) found.set(record.key, record);
    }
  }

  /** At least as large as the number of parts. */
  #lastRow(): number {
    const [row] = this.#connection.row('SELECT max(rowid) FROM parts') ?? [];
    return typeof row === 'number' ? row : 0;
  }

  put(target: string, record: PartRecord): void {
    const row: PartRow = [record.key, record.seconds, record.meta, record.outputs];
    this.#pending.set(record.key, { target, text: recordText(row) });
  }

  /** Within a transaction of the caller's: what is batched stays so until `written` says that it was committed. */
  write(): void {
    this.#writing = [...this.#pending.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, { target, text }] of this.#writing) {
      this.#connection.run(
        `INSERT INTO parts VALUES (?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET target = excluded.target, record = excluded.record`,
        bytesOf(key),
        target,
        text,
      );
    }
  }

  /** After the transaction. What was put meanwhile stays batched. */
  written(): void {
    for (const [key, part] of this.#writing) if (this.#pending.get(key) === part) this.#pending.delete(key);
    this.#writing = [];
  }
}

/** Of one text of many records, parsed at once: better-sqlite3 takes longer to make a row than SQLite to find it. */
function* recordsOf(text: unknown): Generator<PartRecord> {
  if (typeof text !== 'string') return;
  for (const [key, seconds, meta, outputs] of parseRecords(text) as PartRow[]) yield { key, outputs, meta, seconds };
}

/** The 32 bytes of a digest. */
export function bytesOf(digest: Digest): Buffer {
  return Buffer.from(hexOf(digest), 'hex');
}
