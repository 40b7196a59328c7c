import { deserialize, serialize } from 'node:v8';
import { hash } from 'node:crypto';
import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import { DIGEST_BYTES, digestAt } from './part-keys.js';
import type { PartRecord, StoredOutput } from './records.js';

/** What a part came to. */
export type PartResult = Pick<PartRecord, 'outputs' | 'meta'>;

/** One output of many parts. */
export interface OutputColumn {
  readonly kind: string;
  /** Of the bytes; -1 where the part has no such output. */
  readonly sizes: Float64Array;
  /** Digests of the bytes, one after the other. */
  readonly sha256: Uint8Array;
  /** The artifacts' own digests; null where they are those of the bytes. */
  readonly digests: Uint8Array | null;
  /** Which of `blobs` the bytes lie in, from `from` on; -1 where they are an object of their own. */
  readonly holders: Int32Array;
  readonly from: Float64Array;
  readonly blobs: readonly Digest[];
}

export interface Columns {
  readonly count: number;
  readonly outputs: Readonly<Record<string, OutputColumn>>;
  /** A JSON array; null where no part says anything of itself. */
  readonly metas: string | null;
}

/**
 * What many parts came to, by column: most of them are read together, to be joined, and as so many objects they would take
 * longer to parse than to join.
 */
export class PartColumns {
  readonly count: number;
  readonly outputs: Readonly<Record<string, OutputColumn>>;
  readonly #metas: string | null;
  #parsed: readonly JsonObject[] | undefined;

  constructor({ count, outputs, metas }: Columns) {
    this.count = count;
    this.outputs = outputs;
    this.#metas = metas;
  }

  /** @param keys of the parts: their results are believed with these alone */
  encode(keys: Uint8Array): Buffer {
    const { count, outputs } = this;
    const body = serialize({ count, outputs, metas: this.#metas } satisfies Columns);
    return Buffer.concat([checksum(keys, body), body]);
  }

  /** Undefined for what was not encoded so: SQLite does not notice a byte that changed on the disk. */
  static decode(bytes: Uint8Array, keys: Uint8Array): PartColumns | undefined {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset + DIGEST_BYTES, Math.max(0, bytes.length - DIGEST_BYTES));
    if (!checksum(keys, body).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
    const columns = deserialize(body) as Columns;
    return columns.count * DIGEST_BYTES === keys.length ? new PartColumns(columns) : undefined;
  }

  result(row: number): PartResult {
    const outputs: Record<string, StoredOutput> = {};
    for (const [name, column] of Object.entries(this.outputs)) {
      const output = outputAt(column, row);
      if (output !== undefined) outputs[name] = output;
    }
    return { outputs, meta: this.meta(row) };
  }

  /** What a part says of itself: it takes less than its outputs. */
  meta(row: number): JsonObject {
    this.#parsed ??= this.#metas === null ? [] : (JSON.parse(this.#metas) as JsonObject[]);
    return this.#parsed[row] ?? {};
  }
}

/** Undefined where the part has no such output. */
export function outputAt(column: OutputColumn, row: number): StoredOutput | undefined {
  const size = column.sizes[row] ?? -1;
  if (size < 0) return undefined;
  const sha256 = digestAt(column.sha256, row);
  const blob = column.blobs[column.holders[row] ?? -1];
  const bytes = blob === undefined ? { sha256, size } : { sha256, size, inside: { blob, from: column.from[row] ?? 0 } };
  return { kind: column.kind, digest: column.digests === null ? sha256 : digestAt(column.digests, row), bytes };
}

function checksum(keys: Uint8Array, body: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', Buffer.concat([keys, body]), 'hex'), 'hex');
}
