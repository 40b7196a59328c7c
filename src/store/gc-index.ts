import type { Digest } from '../base/digest.js';
import { IndexConnection } from './index-connection.js';
import type { CacheLayout } from './layout.js';
import { digestsOf } from './part-keys.js';
import { bytesOf } from './part-records.js';
import { parseRecord, recordText } from './record-text.js';
import type { ActionRecord, OutputPathRecord, OutputPathRow, PartRecord, RunRecord, StoredOutput } from './records.js';
import { StatRecords, type StatKey } from './stat-records.js';

export interface IndexedPart {
  readonly key: Digest;
  readonly target: string;
  readonly outputs: PartRecord['outputs'];
}

/** Rows to remove, by what names them. */
export interface RowsToDrop {
  readonly actions: readonly Digest[];
  readonly parts: readonly Digest[];
  readonly runs: readonly string[];
  readonly stats: readonly StatKey[];
  readonly outputPaths: readonly string[];
}

/** Where a piece of a blob lies now; undefined where it was not moved. */
type PlaceOf = (blob: Digest, from: number) => { readonly blob: Digest; readonly from: number } | undefined;

type PartRow = [key: Digest, seconds: number, meta: unknown, outputs: Record<string, StoredOutput>];

/** The index as the collector sees it: whole tables, on a connection of its own. */
export class IndexTables {
  readonly #connection: IndexConnection;

  constructor(layout: CacheLayout) {
    this.#connection = new IndexConnection(layout);
  }

  close(): void {
    this.#connection.close();
  }

  /** Why the index was made anew when it was opened or since: what was read before does not belong to what followed. */
  get repaired(): string | undefined {
    return this.#connection.repaired;
  }

  /** Grows with every run that begins. */
  runSequence(): number {
    return Number(this.#connection.row('SELECT coalesce(max(seq), 0) FROM runs')?.[0] ?? 0);
  }

  /** Newest first. */
  actions(): ActionRecord[] {
    return this.#records('SELECT record FROM actions ORDER BY seq DESC') as ActionRecord[];
  }

  parts(): IndexedPart[] {
    const rows = this.#connection.rows('SELECT target, record FROM parts');
    return rows.map(([target, record]) => {
      const [key, , , outputs] = parseRecord(record) as PartRow;
      return { key, target: String(target), outputs };
    });
  }

  /** Keys of the parts that targets listed last, by target. */
  partLists(): Map<string, readonly Digest[]> {
    const lists = new Map<string, Digest[]>();
    for (const [target, keys] of this.#connection.rows('SELECT target, keys FROM part_lists ORDER BY target, block')) {
      const list = lists.get(String(target)) ?? [];
      lists.set(String(target), list);
      if (Buffer.isBuffer(keys)) for (const key of digestsOf(keys)) list.push(key);
    }
    return lists;
  }

  /** Newest first. */
  runs(): RunRecord[] {
    return this.#records('SELECT record FROM runs ORDER BY seq DESC') as RunRecord[];
  }

  lastSuccesses(): Map<string, Digest> {
    const rows = this.#connection.rows('SELECT target, key FROM last_success');
    return new Map(rows.map(([target, key]) => [String(target), String(key) as Digest]));
  }

  outputPaths(): Map<string, OutputPathRecord> {
    const rows = this.#connection.rows('SELECT path, record FROM output_paths');
    return new Map(rows.map(([path, record]) => [String(path), (parseRecord(record) as OutputPathRow)[0]]));
  }

  statKeys(): StatKey[] {
    return new StatRecords(this.#connection).keys();
  }

  /** All or nothing. */
  drop(rows: RowsToDrop): void {
    const connection = this.#connection;
    connection.transaction(() => {
      for (const key of rows.actions) {
        connection.run('DELETE FROM actions WHERE key = ?', key);
        connection.run('DELETE FROM last_success WHERE key = ?', key);
      }
      for (const key of rows.parts) connection.run('DELETE FROM parts WHERE key = ?', bytesOf(key));
      for (const id of rows.runs) connection.run('DELETE FROM runs WHERE id = ?', id);
      new StatRecords(connection).drop(rows.stats);
      for (const path of rows.outputPaths) connection.run('DELETE FROM output_paths WHERE path = ?', path);
    });
  }

  /** Records that what lies in some blobs lies elsewhere now, or nothing of it. */
  movePieces(placeOf: PlaceOf): void {
    const connection = this.#connection;
    connection.transaction(() => {
      this.forgetMadeParts();
      for (const [row, record] of connection.rows('SELECT rowid, record FROM parts')) {
        const [key, seconds, meta, outputs] = parseRecord(record) as PartRow;
        const moved = movedOutputs(outputs, placeOf);
        if (moved !== undefined)
          connection.run(
            'UPDATE parts SET record = ? WHERE rowid = ?',
            recordText([key, seconds, meta, moved]),
            row ?? 0,
          );
      }
      for (const action of this.actions()) {
        const outputs = movedOutputs(action.outputs, placeOf);
        if (outputs !== undefined)
          connection.run('UPDATE actions SET record = ? WHERE key = ?', recordText({ ...action, outputs }), action.key);
      }
    });
  }

  /** Lets lists of parts no longer tell what the parts came to: where that lies is told by the parts' own rows alone. */
  forgetMadeParts(): void {
    this.#connection.run('UPDATE part_lists SET made = NULL WHERE made IS NOT NULL');
  }

  #records(sql: string): unknown[] {
    return this.#connection.rows(sql).map(([text]) => parseRecord(text));
  }
}

/** Undefined where none of them was moved. */
function movedOutputs(
  outputs: Readonly<Record<string, StoredOutput>>,
  placeOf: PlaceOf,
): Readonly<Record<string, StoredOutput>> | undefined {
  const places = Object.entries(outputs).map(([name, output]) => {
    const { inside } = output.bytes;
    return [name, output, inside === undefined ? undefined : placeOf(inside.blob, inside.from)] as const;
  });
  if (places.every(([, , place]) => place === undefined)) return undefined;
  return Object.fromEntries(
    places.map(([name, output, inside]) => [
      name,
      inside === undefined ? output : { ...output, bytes: { ...output.bytes, inside } },
    ]),
  );
}
