import { hexOf, type Digest } from '../base/digest.js';
import { PartColumns, outputAt, type OutputColumn, type PartResult } from './part-columns.js';
import { DIGEST_BYTES } from './part-keys.js';
import type { StoredOutput } from './records.js';

/**
 * What parts came to, gathered row by row into columns: there may be a hundred thousand, and as objects they would be most
 * of what a build holds.
 */
export class PartResults {
  readonly #outputs = new Map<string, GatheredOutput>();
  /** What a part says of itself, as JSON; undefined where nothing is known of it. */
  readonly #metas: (string | undefined)[];
  #known = 0;

  constructor(readonly count: number) {
    this.#metas = new Array<string | undefined>(count).fill(undefined);
  }

  get isComplete(): boolean {
    return this.#known === this.count;
  }

  has(row: number): boolean {
    return this.#metas[row] !== undefined;
  }

  /** Of each row once. */
  set(row: number, { outputs, meta }: PartResult): void {
    for (const [name, output] of Object.entries(outputs)) {
      let gathered = this.#outputs.get(name);
      if (gathered === undefined) this.#outputs.set(name, (gathered = new GatheredOutput(this.count, output.kind)));
      gathered.set(row, output);
    }
    if (this.#metas[row] === undefined) this.#known++;
    const isSilent = Object.keys(meta).length === 0;
    this.#metas[row] = isSilent ? SILENT : JSON.stringify(meta);
  }

  result(row: number): PartResult | undefined {
    const meta = this.#metas[row];
    if (meta === undefined) return undefined;
    const outputs: Record<string, StoredOutput> = {};
    for (const [name, gathered] of this.#outputs) {
      const output = outputAt(gathered.column, row);
      if (output !== undefined) outputs[name] = output;
    }
    return { outputs, meta: JSON.parse(meta) as PartResult['meta'] };
  }

  /** Of the rows that are known, by name. */
  get outputs(): Readonly<Record<string, OutputColumn>> {
    const outputs: Record<string, OutputColumn> = {};
    for (const [name, gathered] of this.#outputs) outputs[name] = gathered.column;
    return outputs;
  }

  /** Of all rows, once all are known. */
  columns(): PartColumns {
    if (!this.isComplete) throw new Error('it is not known what all parts came to');
    const { outputs } = this;
    const isSilent = this.#metas.every((meta) => meta === SILENT);
    return new PartColumns({ count: this.count, outputs, metas: isSilent ? null : `[${this.#metas.join(',')}]` });
  }
}

const SILENT = '{}';

/** What so many parts came to. */
export function columnsOf(results: readonly PartResult[]): PartColumns {
  const gathered = new PartResults(results.length);
  for (const [row, result] of results.entries()) gathered.set(row, result);
  return gathered.columns();
}

/** One output. */
class GatheredOutput {
  readonly column: OutputColumn & { digests: Uint8Array | null };
  readonly #sha256: Buffer;
  /** From the first row on where they are not those of the bytes. */
  #digests: Buffer | undefined;
  readonly #blobs: Digest[] = [];
  readonly #holders = new Map<Digest, number>();

  constructor(count: number, kind: string) {
    this.#sha256 = Buffer.alloc(count * DIGEST_BYTES);
    this.column = {
      kind,
      sizes: new Float64Array(count).fill(-1),
      sha256: this.#sha256,
      digests: null,
      holders: new Int32Array(count).fill(-1),
      from: new Float64Array(count),
      blobs: this.#blobs,
    };
  }

  set(row: number, { kind, digest, bytes: { sha256, size, inside } }: StoredOutput): void {
    const { column } = this;
    // An output of a rule has one kind; parts of another code have other keys.
    if (kind !== column.kind) throw new Error(`one output is a ${kind} and a ${column.kind}`);
    column.sizes[row] = size;
    this.#sha256.write(hexOf(sha256), row * DIGEST_BYTES, 'hex');
    if (digest !== sha256) column.digests = this.#digests ??= Buffer.from(this.#sha256);
    this.#digests?.write(hexOf(digest), row * DIGEST_BYTES, 'hex');
    if (inside === undefined) return;
    let holder = this.#holders.get(inside.blob);
    if (holder === undefined) {
      this.#holders.set(inside.blob, (holder = this.#blobs.length));
      this.#blobs.push(inside.blob);
    }
    column.holders[row] = holder;
    column.from[row] = inside.from;
  }
}
