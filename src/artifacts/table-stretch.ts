import type { PageWindow } from './page-window.js';
import { ShortRowsGathered, type ShortPiece } from './short-rows.js';
import { CHUNK, ChunkDigests, type Chunks } from './sqlite-chunks.js';
import { HEADER, INTERIOR, varint } from './sqlite-pages.js';
import { TableScan, type ScannedColumn } from './table-scan.js';

/** Rows of a table, whole chunks of them: they are digested by themselves, in any order, by any thread. */
export interface TableStretch {
  readonly table: string;
  /** The number of the table's first page. */
  readonly root: number;
  readonly columns: readonly ScannedColumn[];
  /** Whether chunks are divided by the value of the key, which is the rowid, or by place. */
  readonly chunks: 'by key' | 'by place';
  /** The first rowid, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

export interface StretchDigest {
  readonly chunks: Chunks;
  readonly shortRows: readonly ShortPiece[];
}

/** Of a table there are at most so many stretches, so that each is worth its message. */
const MOST_STRETCHES = 1 << 10;
/** So many pages without a page below them, or with some hundreds below each, make a stretch. */
const [LEAVES, INTERIORS] = [64, 1];
/** With so many pages on a level of the tree none below is looked at. */
const ENOUGH = 64;

/** Divides a table in stretches of about as many pages, as its tree tells; they need not be right to be used. */
export function stretchesOf(window: PageWindow, table: Omit<TableStretch, 'from' | 'to'>): TableStretch[] {
  // Where the chunks begin is known only when all before are counted.
  const keys = table.chunks === 'by key' ? dividingKeys(window, table.root) : [];
  const stretches: TableStretch[] = [];
  let from = -Infinity;
  for (const key of keys) {
    const to = Math.floor(key / CHUNK) * CHUNK;
    if (!(to > from && to > 0)) continue;
    stretches.push({ ...table, from, to });
    from = to;
  }
  return [...stretches, { ...table, from, to: Infinity }];
}

/** Keys that divide the rows of a table, rising where the tree is as it should be. */
function dividingKeys(window: PageWindow, root: number): number[] {
  let pages = [root];
  let keys: number[] = [];
  for (;;) {
    const below = belowAll(window, pages, keys);
    if (below === undefined) return thinned(keys, LEAVES);
    ({ pages, keys } = below);
    if (pages.length >= ENOUGH) return thinned(keys, isInterior(window, pages[0] ?? 0) ? INTERIORS : LEAVES);
  }
}

interface LevelOfTree {
  readonly pages: number[];
  /** Between each page and the next. */
  readonly keys: number[];
}

/** Undefined where the pages are leaves, or one is not what it should be. */
function belowAll(window: PageWindow, above: readonly number[], between: readonly number[]): LevelOfTree | undefined {
  const [pages, keys]: [number[], number[]] = [[], []];
  const { size, usable } = window.layout;
  for (const [i, number] of above.entries()) {
    const at = window.at(number);
    if (at < 0) return undefined;
    const page = window.bytes.subarray(at, at + size);
    const head = number === 1 ? HEADER : 0;
    const cells = page.readUInt16BE(head + 3);
    if (page[head] !== INTERIOR || head + 12 + 2 * cells > usable) return undefined;
    for (let cell = 0; cell < cells; cell++) {
      const start = page.readUInt16BE(head + 12 + 2 * cell);
      if (start + 5 > usable) return undefined;
      pages.push(page.readUInt32BE(start));
      keys.push(varint(page, start + 4)[0]);
    }
    pages.push(page.readUInt32BE(head + 8));
    const key = between[i];
    if (key !== undefined) keys.push(key);
  }
  return { pages, keys };
}

function isInterior(window: PageWindow, number: number): boolean {
  const at = window.at(number);
  return at >= 0 && window.bytes[at + (number === 1 ? HEADER : 0)] === INTERIOR;
}

function thinned(keys: readonly number[], least: number): number[] {
  const step = Math.max(least, Math.ceil((keys.length + 1) / MOST_STRETCHES));
  return keys.filter((_, i) => i % step === step - 1);
}

/** Digests stretches, one after the other. */
export class StretchDigester {
  readonly #window: PageWindow;
  readonly #digests = new ChunkDigests();
  readonly #shortRows: ShortRowsGathered | undefined;
  /** Of the last table. */
  #scan: { readonly table: string; readonly scan: TableScan } | undefined;

  /** @param shortRows whether they are wanted */
  constructor(window: PageWindow, shortRows: 'with short rows' | 'alone') {
    this.#window = window;
    this.#shortRows = shortRows === 'alone' ? undefined : new ShortRowsGathered();
  }

  /** Tells after each chunk how many bytes it had. Undefined where a row is odd. */
  *digest(stretch: TableStretch): Generator<number, StretchDigest | undefined> {
    const digests = this.#digests;
    const shortRows = this.#shortRows;
    const isKeyed = stretch.chunks === 'by key';
    const scan = this.#scanOf(stretch);
    digests.takeBack(0);
    shortRows?.taken();
    let number = isKeyed ? NaN : 0;
    for (let found = scan.next(); found !== 'end'; found = scan.next()) {
      if (found === 'odd') return undefined;
      const own = isKeyed ? Math.floor(scan.rowid / CHUNK) : number + (digests.rows === CHUNK ? 1 : 0);
      if (own !== number && digests.rows > 0) yield digests.end(number);
      number = own;
      scan.addTo(digests);
      if (shortRows === undefined) digests.row();
      else digests.rowOf(scan.rowid, shortRows);
    }
    digests.end(number);
    return { chunks: digests.taken(), shortRows: shortRows?.taken() ?? [] };
  }

  #scanOf({ table, root, columns, from, to }: TableStretch): TableScan {
    if (this.#scan?.table !== table) this.#scan = { table, scan: new TableScan(this.#window, root, columns) };
    this.#scan.scan.restart(from, to);
    return this.#scan.scan;
  }
}
