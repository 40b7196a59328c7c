import { fstatSync } from 'node:fs';
import type { XXHashAPI } from 'xxhash-wasm';
import { collectGarbage } from '../base/collect-garbage.js';
import { readFully } from '../base/read-fully.js';
import { Turn } from './pieces.js';
import { piecesAhead } from './pieces-ahead.js';
import { xxh64, xxh64Hex } from './xxh64.js';

/**
 * A database file looked at page by page, without reading a row: https://sqlite.org/fileformat2.html. A row's content
 * follows from the page of the table that holds it, and from the overflow pages that hold the rest of it; so where these
 * have the bytes that they had, nothing has to be read to know the row.
 */
export interface DatabasePages {
  /** Stands for the bytes of all pages. */
  readonly id: string;
  /** By name: the tables asked for. One that is kept otherwise than the format says is missing, and counts as changed. */
  readonly tables: ReadonlyMap<string, LeafRuns>;
}

/**
 * The leaves of a table that have rows, in rowid order and in runs of some eight: where a run ends follows from the bytes
 * of its last leaf, so that a change of one leaves the other runs as they are.
 */
export interface LeafRuns {
  /** Rowids. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** How many rows. */
  readonly rows: Float64Array;
  /** xxh64 of the leaves and of the overflow pages of their rows. */
  readonly hash: BigUint64Array;
}

/** What a table needs to be found: its name and the number of its first page, as `sqlite_schema` has them. */
export interface TableRoot {
  readonly name: string;
  readonly rootpage: number;
}

const PIECE = 1 << 20;
const MAGIC = 'SQLite format 3\0';
export const HEADER = 100;
const PAGE_SIZE = 16;
const RESERVED = 20;
const CHANGE_COUNTER = 24;
const PAGE_COUNT = 28;
const VERSION_VALID_FOR = 92;
export const INTERIOR = 5;
export const LEAF = 13;
/** A leaf ends a run where its hash has none of these bits, which is one in eight; or where the run is so long. */
const RUN_END = 7n;
const LONGEST_RUN = 64;
/** What is noted of so many, some 20 bytes each, is given back before rows are read: 10 GB of pages are 60 MB. */
const MANY_PAGES = 1 << 18;
/** A byte says so much: the next page of most rows is nearer. */
const NEAR = 128;

/**
 * Reads all pages of a database, in whose file nothing changes meanwhile: in a read transaction, and with no log beside
 * it. Undefined for what is not laid out as it says.
 *
 * @param file closed by the caller after the transaction's end: SQLite's locks end when any file of theirs is closed
 */
export async function readPages(file: number, tables: readonly TableRoot[]): Promise<DatabasePages | undefined> {
  const api = await xxh64();
  const layout = pageLayout(file);
  if (layout === undefined) return undefined;
  const found = await readAll(new Pages(api, file, layout.size, layout.usable, layout.count), tables);
  if (layout.count >= MANY_PAGES) collectGarbage();
  return found;
}

async function readAll(pages: Pages, tables: readonly TableRoot[]): Promise<DatabasePages> {
  await pages.read();
  const found = new Map<string, LeafRuns>();
  for (const { name, rootpage } of tables) {
    const leaves = await pages.leaves(rootpage);
    if (leaves !== undefined) found.set(name, leaves);
  }
  return { id: pages.id, tables: found };
}

export interface PageLayout {
  /** Bytes of a page. */
  readonly size: number;
  /** Of them without what extensions reserve. */
  readonly usable: number;
  /** How many pages there are; the first has the number 1. */
  readonly count: number;
}

/** Undefined for a file that is not laid out as it says. */
export function pageLayout(file: number): PageLayout | undefined {
  const header = Buffer.alloc(HEADER);
  if (readFully(file, header, 0) < HEADER || header.toString('latin1', 0, 16) !== MAGIC) return undefined;
  const written = header.readUInt16BE(PAGE_SIZE);
  const size = written === 1 ? 65_536 : written;
  if (size < 512 || (size & (size - 1)) !== 0) return undefined;
  const count = pageCount(header, fstatSync(file).size / size);
  return count === undefined ? undefined : { size, usable: size - header.readUInt8(RESERVED), count };
}

/** Of the bytes of a row in a table, what stays in its leaf where that is not all: the rest is in overflow pages. */
export function keptInLeaf(payload: number, usable: number): number {
  const most = mostInLeaf(usable);
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const kept = least + ((payload - least) % (usable - 4));
  return kept <= most ? kept : least;
}

/** A row with no more bytes has no overflow pages. */
export function mostInLeaf(usable: number): number {
  return usable - 35;
}

/** Undefined where the file ends within a page, of which SQLite reads what there is, or has more or fewer than it says. */
function pageCount(header: Buffer, held: number): number | undefined {
  const told = header.readUInt32BE(PAGE_COUNT);
  const isTold = told !== 0 && header.readUInt32BE(CHANGE_COUNTER) === header.readUInt32BE(VERSION_VALID_FOR);
  return Number.isInteger(held) && (!isTold || told === held) ? held : undefined;
}

/** What is ahead in a tree: a page, or a key that no rowid before it is above, and every one after it is. */
type Ahead = { readonly page: number } | { readonly key: number };

class Pages {
  /** Of each page, from 1 on: xxh64 of its bytes. */
  readonly #hashes: BigUint64Array;
  /** Of each: how far behind it the page is that its first four bytes name, as an overflow page does; 0 where that is far. */
  readonly #ahead: Int8Array;
  readonly #named = Buffer.allocUnsafe(4);
  /** The pages that look like leaves, in order. Columns are as long as there are pages: what is never written takes no memory. */
  readonly #leafPage: Uint32Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  readonly #rows: Uint16Array;
  /** Where the leaf's overflow chains end among all chains. */
  readonly #chainsEnd: Uint32Array;
  #leaves = 0;
  readonly #chainStart: Uint32Array;
  readonly #chainLength: Uint32Array;
  #chains = 0;
  /** Of a page inside of a tree. */
  readonly #page: Buffer;
  #scratch = new BigUint64Array(64);
  private readonly turn = new Turn();

  constructor(
    private readonly api: XXHashAPI,
    private readonly file: number,
    private readonly size: number,
    /** Bytes of a page without what extensions reserve. */
    private readonly usable: number,
    private readonly count: number,
  ) {
    this.#hashes = new BigUint64Array(count + 1);
    this.#ahead = new Int8Array(count + 1);
    this.#leafPage = new Uint32Array(count);
    this.#first = new Float64Array(count);
    this.#last = new Float64Array(count);
    this.#rows = new Uint16Array(count);
    this.#chainsEnd = new Uint32Array(count);
    this.#chainStart = new Uint32Array(count);
    this.#chainLength = new Uint32Array(count);
    this.#page = Buffer.allocUnsafe(size);
  }

  /** Reads all pages once. Which of them are whose is not known yet: what looks like a leaf may be a free page. */
  async read(): Promise<void> {
    const { api, file, size, count, turn } = this;
    let number = 1;
    // Pieces come in two buffers by turns: a view of each page of these, and no more.
    const views = new Map<ArrayBufferLike, readonly Buffer[]>();
    for await (const piece of piecesAhead(file)) {
      const pages = views.get(piece.buffer) ?? pagesOf(piece, size);
      views.set(piece.buffer, pages);
      for (const page of pages) {
        if (number > count || page.byteOffset + size > piece.byteOffset + piece.length) break;
        this.#hashes[number] = api.h64Raw(page);
        const ahead = page.readUInt32BE(0) - number;
        if (ahead > -NEAR && ahead < NEAR) this.#ahead[number] = ahead;
        this.#look(page, number);
        number++;
      }
      if (turn.due(piece.length)) await turn.pass();
    }
  }

  get id(): string {
    const state = this.api.create64();
    // What is given at once is copied, into memory that stays.
    for (let i = 0; i < this.#hashes.length; i += PIECE / 8)
      state.update(bytesOf(this.#hashes.subarray(i, i + PIECE / 8)));
    return xxh64Hex(state);
  }

  /**
   * Undefined where the tree is none of a table with rowids, or has rowids that are negative or not exact as numbers; or
   * where these do not rise as the keys say, so that SQLite would not find what a scan finds.
   */
  async leaves(root: number): Promise<LeafRuns | undefined> {
    const { size, turn } = this;
    const found = new FoundLeaves(this.api);
    const ahead: Ahead[] = [{ page: root }];
    let seen = 0;
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if ('key' in next) found.divide(next.key);
      // What has more pages than there are has one twice.
      else if (++seen > this.count || !this.#follow(next.page, found, ahead)) return undefined;
      if (turn.due(size)) await turn.pass();
    }
    return found.taken();
  }

  #follow(number: number, found: FoundLeaves, ahead: Ahead[]): boolean {
    const leaf = this.#leafOf(number);
    return leaf === undefined ? this.#interior(number, ahead) : this.#leaf(number, leaf, found);
  }

  #leafOf(number: number): number | undefined {
    let [low, high] = [0, this.#leaves];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#leafPage[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low < this.#leaves && this.#leafPage[low] === number ? low : undefined;
  }

  /** Reads one page in some hundred a second time: to keep what they say of others takes more memory than all else. */
  #interior(number: number, ahead: Ahead[]): boolean {
    const page = this.#page;
    if (number < 1 || number > this.count) return false;
    if (readFully(this.file, page, (number - 1) * this.size) < this.size) return false;
    // What is read now is what was read before.
    if (this.api.h64Raw(page) !== this.#hashes[number]) return false;
    const head = number === 1 ? HEADER : 0;
    const cells = page.readUInt16BE(head + 3);
    if (page[head] !== INTERIOR || head + 12 + 2 * cells > this.usable) return false;
    // The last one is taken from it first.
    ahead.push({ page: page.readUInt32BE(head + 8) });
    for (let i = cells - 1; i >= 0; i--) {
      const at = page.readUInt16BE(head + 12 + 2 * i);
      if (at + 5 > this.usable) return false;
      const [key] = varint(page, at + 4);
      if (Number.isNaN(key)) return false;
      ahead.push({ key }, { page: page.readUInt32BE(at) });
    }
    return true;
  }

  #leaf(number: number, leaf: number, found: FoundLeaves): boolean {
    if (this.#rows[leaf] === 0) return true;
    let length = 1;
    this.#scratch[0] = this.#hashes[number] ?? 0n;
    for (let chain = this.#chainsEnd[leaf - 1] ?? 0; chain < (this.#chainsEnd[leaf] ?? 0); chain++) {
      let page = this.#chainStart[chain] ?? 0;
      for (let left = this.#chainLength[chain] ?? 0; left > 0; left--) {
        if (page < 1 || page > this.count) return false;
        if (length === this.#scratch.length) this.#grow();
        this.#scratch[length++] = this.#hashes[page] ?? 0n;
        if (left > 1) page = this.#next(page);
      }
    }
    const hash = this.api.h64Raw(bytesOf(this.#scratch.subarray(0, length)));
    found.add(this.#first[leaf] ?? 0, this.#last[leaf] ?? 0, this.#rows[leaf] ?? 0, hash);
    return true;
  }

  /** The page that an overflow page names. */
  #next(number: number): number {
    const ahead = this.#ahead[number] ?? 0;
    if (ahead !== 0) return number + ahead;
    readFully(this.file, this.#named, (number - 1) * this.size);
    return this.#named.readUInt32BE(0);
  }

  /** Notes what a leaf of a table's tree says of its rows, if the page is one. */
  #look(page: Buffer, number: number): void {
    const head = number === 1 ? HEADER : 0;
    const cells = page.readUInt16BE(head + 3);
    if (page[head] !== LEAF || head + 8 + 2 * cells > this.usable) return;
    const chains = this.#chains;
    let [first, last] = [0, 0];
    for (let i = 0; i < cells; i++) {
      const cell = page.readUInt16BE(head + 8 + 2 * i);
      const [payload, afterPayload] = cell < this.usable ? varint(page, cell) : NOTHING;
      const [rowid, afterRowid] = varint(page, afterPayload);
      // Negative ones too have nine bytes.
      let isRight = !Number.isNaN(payload + rowid) && (i === 0 || rowid > last);
      if (i === 0) first = rowid;
      last = rowid;
      if (isRight && payload > mostInLeaf(this.usable)) {
        const kept = keptInLeaf(payload, this.usable);
        const length = Math.ceil((payload - kept) / (this.usable - 4));
        // A chain has a page, at least: there are not more of them than pages, but where free pages look like leaves.
        isRight = afterRowid + kept + 4 <= this.usable && length <= this.count && this.#chains < this.count;
        if (isRight) {
          this.#chainStart[this.#chains] = page.readUInt32BE(afterRowid + kept);
          this.#chainLength[this.#chains++] = length;
        }
      }
      if (!isRight) {
        this.#chains = chains;
        return;
      }
    }
    const leaf = this.#leaves++;
    this.#first[leaf] = first;
    this.#last[leaf] = last;
    this.#rows[leaf] = cells;
    this.#chainsEnd[leaf] = this.#chains;
    this.#leafPage[leaf] = number;
  }

  #grow(): void {
    const larger = new BigUint64Array(4 * this.#scratch.length);
    larger.set(this.#scratch);
    this.#scratch = larger;
  }
}

/** Views of a whole buffer that a piece is at the beginning of. */
function pagesOf({ buffer, byteOffset }: Buffer, size: number): readonly Buffer[] {
  const count = Math.floor((buffer.byteLength - byteOffset) / size);
  return Array.from({ length: count }, (_, i) => Buffer.from(buffer, byteOffset + i * size, size));
}

/** Leaves as they are found, in columns. */
class FoundLeaves {
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #rows: number[] = [];
  readonly #hash: bigint[] = [];
  /** Hashes of the leaves of the run that is begun. */
  readonly #run = new BigUint64Array(LONGEST_RUN);
  #length = 0;
  /** What all rowids to come are above. */
  #floor = -1;
  #rises = true;

  constructor(private readonly api: XXHashAPI) {}

  add(first: number, last: number, rows: number, hash: bigint): void {
    if (first <= this.#floor) this.#rises = false;
    this.#floor = last;
    if (this.#length === 0) {
      this.#first.push(first);
      this.#last.push(last);
      this.#rows.push(rows);
    } else {
      this.#last[this.#last.length - 1] = last;
      this.#rows[this.#rows.length - 1] = (this.#rows.at(-1) ?? 0) + rows;
    }
    this.#run[this.#length++] = hash;
    if ((hash & RUN_END) === 0n || this.#length === LONGEST_RUN) this.#endRun();
  }

  /** What was added is up to the key, what will be is above. */
  divide(key: number): void {
    if (key < this.#floor) this.#rises = false;
    this.#floor = key;
  }

  /** Undefined where rowids do not rise. */
  taken(): LeafRuns | undefined {
    if (this.#length > 0) this.#endRun();
    if (!this.#rises) return undefined;
    return {
      first: Float64Array.from(this.#first),
      last: Float64Array.from(this.#last),
      rows: Float64Array.from(this.#rows),
      hash: BigUint64Array.from(this.#hash),
    };
  }

  #endRun(): void {
    this.#hash.push(this.api.h64Raw(bytesOf(this.#run.subarray(0, this.#length))));
    this.#length = 0;
  }
}

const NOTHING = [NaN, 0] as const;

/** A variable-length integer and where it ends: NaN where it is not exact as a number. */
export function varint(page: Buffer, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = page[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value <= Number.MAX_SAFE_INTEGER ? value : NaN, at + i + 1];
  }
  return [NaN, at + 9];
}

function bytesOf(words: BigUint64Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
