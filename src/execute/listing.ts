import type { Digest } from '../base/digest.js';
import type { ListedPart } from '../host/protocol.js';
import type { Index } from '../store/index-db.js';
import { PartColumns, type PartResult } from '../store/part-columns.js';
import { bytesAt, digestAt, digestCount, isSame, KeyTable } from '../store/part-keys.js';
import { PARTS_PER_BLOCK, type PartBlock } from '../store/part-lists.js';

type ListedBlock = Omit<PartBlock, 'made'>;

/** Parts listed one after the other. */
interface Stretch extends ListedBlock {
  /** What they came to: by column where that is known of all, else of each that it is known of. */
  results: PartColumns | (PartResult | undefined)[];
}

/** So many parts of a block are looked up one by one before all of the last listing are put in order for it. */
const FEW = 50;

/**
 * A target's parts as its rule lists them now, with what is remembered of each. Listings are long and mostly like the last
 * one, so they are compared a block at a time: an object for each of 100,000 parts takes longer than making the one that
 * changed.
 */
export class Listing {
  readonly #index: Index;
  readonly #target: string;
  readonly #forget: ReadonlySet<Digest> | 'all';
  #last: readonly PartBlock[] | undefined;
  readonly #columns = new Map<PartBlock, PartColumns | undefined>();
  readonly #stretches: Stretch[] = [];
  readonly #missing = new Map<Digest, ListedPart | undefined>();
  #places: KeyTable | undefined;
  #total = 0;
  #remembered = 0;

  /** @param forget keys of parts whose remembered results are not taken */
  constructor(index: Index, target: string, forget: ReadonlySet<Digest> | 'all') {
    this.#index = index;
    this.#target = target;
    this.#forget = forget;
  }

  /** The last listing, as the index has it when it is first asked for. */
  get #recorded(): readonly PartBlock[] {
    return (this.#last ??= this.#index.partBlocks(this.#target));
  }

  get total(): number {
    return this.#total;
  }

  /** Whether the target never listed parts before. */
  get isFirst(): boolean {
    return this.#recorded.length === 0;
  }

  /** How many were remembered when they were listed. */
  get remembered(): number {
    return this.#remembered;
  }

  /** How many parts are to be made, each key once. */
  get missingCount(): number {
    return this.#missing.size;
  }

  /** The parts to be made of which `describe` has told, each key once. */
  get missing(): ListedPart[] {
    return [...this.#missing.values()].filter((part) => part !== undefined);
  }

  /** Takes the next parts. Gives the rows of those that are to be made, of each key the first. */
  add({ ids, keys }: ListedBlock): number[] {
    const before = this.#recorded[this.#stretches.length];
    const results = this.#resultsOf(keys, before);
    this.#stretches.push({ ids, keys, results });
    const count = digestCount(keys);
    this.#total += count;
    if (results instanceof PartColumns) {
      this.#remembered += count;
      return [];
    }
    const rows: number[] = [];
    for (const [row, result] of results.entries()) {
      const key = digestAt(keys, row);
      if (result !== undefined) this.#remembered++;
      else if (!this.#missing.has(key)) {
        this.#missing.set(key, undefined);
        rows.push(row);
      }
    }
    return rows;
  }

  /** What making parts takes. */
  describe(parts: readonly ListedPart[]): void {
    for (const part of parts) this.#missing.set(part.key, part);
  }

  /** Takes what missing parts came to. */
  fill(made: ReadonlyMap<Digest, PartResult>): void {
    for (const stretch of this.#stretches) {
      const { keys, results } = stretch;
      if (results instanceof PartColumns) continue;
      const filled = results.map((result, row) => result ?? made.get(digestAt(keys, row)));
      const known = filled.filter((result) => result !== undefined);
      stretch.results = known.length === filled.length ? PartColumns.of(known) : filled;
    }
  }

  /** Makes this the target's last listing, with what the parts came to in each block of which all is known. */
  record(): void {
    const blocks = this.#stretches.map(({ ids, keys, results }, n): PartBlock => {
      const columns = results instanceof PartColumns ? results : undefined;
      const before = this.#recorded[n];
      if (before?.ids === ids && isSame(before.keys, keys) && this.#columnsOf(before) === columns) return before;
      const block = { ids, keys, made: columns?.encode(keys) ?? null };
      this.#columns.set(block, columns);
      return block;
    });
    this.#index.putPartBlocks(this.#target, blocks, this.#recorded);
    this.#last = blocks;
  }

  /** The parts of which something came, in order. */
  made(): { readonly ids: string; readonly keys: Uint8Array; readonly made: PartColumns }[] {
    return this.#stretches.map(({ ids, keys, results }) => {
      if (results instanceof PartColumns) return { ids, keys, made: results };
      const known = [...results.entries()].flatMap(([row, result]) => (result === undefined ? [] : [{ row, result }]));
      const names = JSON.parse(ids) as string[];
      return {
        ids: JSON.stringify(known.map(({ row }) => names[row])),
        keys: Buffer.concat(known.map(({ row }) => bytesAt(keys, row))),
        made: PartColumns.of(known.map(({ result }) => result)),
      };
    });
  }

  /** Ids of the parts of which nothing came, in order. */
  missingIds(): string[] {
    return this.#stretches.flatMap(({ ids, results }) => {
      if (results instanceof PartColumns) return [];
      return (JSON.parse(ids) as string[]).filter((_, row) => results[row] === undefined);
    });
  }

  #resultsOf(keys: Uint8Array, before: PartBlock | undefined): Stretch['results'] {
    const forget = this.#forget;
    if (forget === 'all') return Array.from({ length: digestCount(keys) }, () => undefined);
    const columns = before === undefined ? undefined : this.#columnsOf(before);
    if (columns !== undefined && forget.size === 0 && before !== undefined && isSame(before.keys, keys)) return columns;
    const results: (PartResult | undefined)[] = [];
    let open: number[] = [];
    for (let row = 0; row < digestCount(keys); row++) {
      const here =
        columns !== undefined && before !== undefined && isSame(bytesAt(before.keys, row), bytesAt(keys, row));
      results.push(here ? columns.result(row) : undefined);
      if (!here) open.push(row);
    }
    if (open.length > FEW) {
      const places = this.#placesOf(keys);
      for (const row of open) results[row] = this.#resultAt(places[row] ?? -1);
      open = open.filter((row) => results[row] === undefined);
    }
    const found = this.#index.parts(open.map((row) => digestAt(keys, row)));
    for (const row of open) results[row] = found.get(digestAt(keys, row));
    return forget.size === 0 ? results : results.map((one, row) => (forget.has(digestAt(keys, row)) ? undefined : one));
  }

  /** Where in the last listing parts are. */
  #placesOf(keys: Uint8Array): Int32Array {
    this.#places ??= new KeyTable(Buffer.concat(this.#recorded.map((block) => block.keys)));
    return this.#places.rowsOf(keys);
  }

  #resultAt(place: number): PartResult | undefined {
    // All blocks but the last are full.
    const block = this.#recorded[Math.floor(place / PARTS_PER_BLOCK)];
    return block === undefined ? undefined : this.#columnsOf(block)?.result(place % PARTS_PER_BLOCK);
  }

  #columnsOf(block: PartBlock): PartColumns | undefined {
    if (!this.#columns.has(block)) {
      const columns = block.made === null ? undefined : PartColumns.decode(block.made, block.keys);
      this.#columns.set(block, columns);
    }
    return this.#columns.get(block);
  }
}
