import type { IndexConnection } from './index-connection.js';
import { digestsOf } from './part-keys.js';
import { Damage } from './record-text.js';
import type { ListedPartRecord } from './records.js';

/** So many parts of a listing, in order, are read and written together. */
export const PARTS_PER_BLOCK = 1000;

export interface PartBlock {
  /** A JSON array of their ids. */
  readonly ids: string;
  /** Their keys, 32 bytes each. */
  readonly keys: Uint8Array;
  /** What all of them came to, see part-columns.ts; null where that is not known of each. */
  readonly made: Uint8Array | null;
}

/** The index's lists of parts, as the targets listed them last. */
export class PartLists {
  readonly #connection: IndexConnection;

  constructor(connection: IndexConnection) {
    this.#connection = connection;
  }

  blocks(target: string): PartBlock[] {
    const rows = this.#connection.rows(
      'SELECT ids, keys, made FROM part_lists WHERE target = ? ORDER BY block',
      target,
    );
    return rows.flatMap(([ids, keys, made]) =>
      typeof ids === 'string' && Buffer.isBuffer(keys)
        ? [{ ids, keys, made: Buffer.isBuffer(made) ? made : null }]
        : [],
    );
  }

  /** Replaces the list. Blocks that are the same objects as in `before`, which is what is there, are not written. */
  put(target: string, blocks: readonly PartBlock[], before: readonly PartBlock[]): void {
    const changed = blocks.some((block, n) => block !== before[n]);
    if (!changed && blocks.length >= before.length) return;
    this.#connection.transaction(() => {
      for (const [n, block] of blocks.entries()) {
        if (block === before[n]) continue;
        const { ids, keys, made } = block;
        const values = [Buffer.from(keys), made === null ? null : Buffer.from(made)] as const;
        this.#connection.run('INSERT OR REPLACE INTO part_lists VALUES (?, ?, ?, ?, ?)', target, n, ids, ...values);
      }
      this.#connection.run('DELETE FROM part_lists WHERE target = ? AND block >= ?', target, blocks.length);
    });
  }

  list(target: string): ListedPartRecord[] {
    return this.#connection.healing(() =>
      this.blocks(target).flatMap(({ ids, keys }) => {
        const names = namesIn(ids);
        return digestsOf(keys).map((key, row) => ({ id: names[row] ?? '', key }));
      }),
    );
  }
}

/** @throws Damage */
function namesIn(ids: string): readonly string[] {
  try {
    return JSON.parse(ids) as string[];
  } catch {
    throw new Damage('a list of parts is not JSON');
  }
}
