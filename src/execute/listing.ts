import type { Digest } from '../base/digest.js';
import type { PackedParts } from '../host/packed-parts.js';
import type { Index } from '../store/index-db.js';
import { PartColumns, type OutputColumn, type PartResult } from '../store/part-columns.js';
import { bytesAt, digestAt, digestCount, isSame, KeyTable } from '../store/part-keys.js';
import { PARTS_PER_BLOCK, type PartBlock } from '../store/part-lists.js';
import { columnsOf, PartResults } from '../store/part-results.js';
import { MissingParts } from './missing-parts.js';

type ListedBlock = Omit<PartBlock, 'made'>;

/** Parts listed one after the other. */
interface Stretch extends ListedBlock {
  /** What they came to: the latter until all is known. */
  results: PartColumns | PartResults;
}

/** Parts of one block, one after the other: the rows from `start` to `end`. */
export interface KnownParts {
  readonly outputs: Readonly<Record<string, OutputColumn>>;
  readonly start: number;
  readonly end: number;
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
  /** The parts to be made. */
  readonly missing = new MissingParts();
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

  /** Takes the next parts. Gives the rows of those that are to be made, of each key the first. */
  add({ ids, keys }: ListedBlock): readonly number[] {
    const before = this.#recorded[this.#stretches.length];
    const results = this.#resultsOf(keys, before);
    const count = digestCount(keys);
    this.#total += count;
    const rows = results instanceof PartColumns ? [] : rowsWithout(results);
    this.#remembered += count - rows.length;
    this.#stretches.push({ ids, keys, results: closed(results) });
    return this.missing.add(this.#stretches.length - 1, { ids, keys }, rows);
  }

  /** What making the missing parts of the next block that has any takes. */
  describe(parts: PackedParts): void {
    this.missing.describe(parts);
  }

  /** Takes what a missing part came to. */
  took(part: number, result: PartResult): void {
    const { block, row } = this.missing.place(part);
    const results = this.#stretches[block]?.results;
    if (results instanceof PartResults) results.set(row, result);
  }

  /** Once all are made that can be. */
  fill(): void {
    for (const stretch of this.#stretches) {
      const { keys, results } = stretch;
      if (results instanceof PartColumns) continue;
      if (!results.isComplete) this.#fillTwins(results, keys);
      stretch.results = closed(results);
    }
  }

  /** Parts that have their key of another one. */
  #fillTwins(results: PartResults, keys: Uint8Array): void {
    const parts = this.missing.withKeys(keys);
    for (const row of rowsWithout(results)) {
      const { block, row: at } = this.missing.place(parts[row] ?? -1);
      const twin = this.#stretches[block]?.results.result(at);
      if (twin !== undefined) results.set(row, twin);
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
      const known = Array.from({ length: results.count }, (_, row) => row).filter((row) => results.has(row));
      const names = JSON.parse(ids) as string[];
      return {
        ids: JSON.stringify(known.map((row) => names[row])),
        keys: Buffer.concat(known.map((row) => bytesAt(keys, row))),
        made: columnsOf(known.flatMap((row) => results.result(row) ?? [])),
      };
    });
  }

  /** What came of the parts from the `first` on, up to one of which nothing is known yet. */
  *knownFrom(first: number): Generator<KnownParts> {
    for (let at = first; ;) {
      // All blocks but the last are full.
      const results = this.#stretches[Math.floor(at / PARTS_PER_BLOCK)]?.results;
      if (results === undefined) return;
      const start = at % PARTS_PER_BLOCK;
      let end = results instanceof PartColumns ? results.count : start;
      while (results instanceof PartResults && results.has(end)) end++;
      if (end > start) yield { outputs: results.outputs, start, end };
      if (end < PARTS_PER_BLOCK) return;
      at += end - start;
    }
  }

  /** Ids of the parts of which nothing came, in order. */
  missingIds(): string[] {
    return this.#stretches.flatMap(({ ids, results }) => {
      if (results instanceof PartColumns) return [];
      return (JSON.parse(ids) as string[]).filter((_, row) => !results.has(row));
    });
  }

  #resultsOf(keys: Uint8Array, before: PartBlock | undefined): Stretch['results'] {
    const forget = this.#forget;
    const results = new PartResults(digestCount(keys));
    if (forget === 'all') return results;
    const columns = before === undefined ? undefined : this.#columnsOf(before);
    if (columns !== undefined && forget.size === 0 && before !== undefined && isSame(before.keys, keys)) return columns;
    const take = (row: number, result: PartResult | undefined): void => {
      if (result !== undefined && !(forget.size > 0 && forget.has(digestAt(keys, row)))) results.set(row, result);
    };
    let open: number[] = [];
    for (let row = 0; row < results.count; row++) {
      if (columns !== undefined && before !== undefined && isSame(bytesAt(before.keys, row), bytesAt(keys, row)))
        take(row, columns.result(row));
      else open.push(row);
    }
    if (open.length > FEW) {
      const places = this.#placesOf(keys);
      for (const row of open) take(row, this.#resultAt(places[row] ?? -1));
      open = open.filter((row) => !results.has(row));
    }
    const found = this.#index.parts(open.map((row) => digestAt(keys, row)));
    for (const row of open) take(row, found.get(digestAt(keys, row)));
    return results;
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

/** By column where all is known. */
function closed(results: Stretch['results']): Stretch['results'] {
  return results instanceof PartResults && results.isComplete ? results.columns() : results;
}

function rowsWithout(results: PartResults): number[] {
  return Array.from({ length: results.count }, (_, row) => row).filter((row) => !results.has(row));
}
