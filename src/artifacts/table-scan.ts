import { gatherPayload, type PageWindow } from './page-window.js';
import type { ChunkDigests } from './sqlite-chunks.js';
import { HEADER, INTERIOR, LEAF, varint } from './sqlite-pages.js';

/** How a column's values are to be understood. */
export interface ScannedColumn {
  /** It is the rowid: what the row has in its place means nothing. */
  readonly isRowid: boolean;
  /** Of REAL affinity: numbers without a fraction are stored as integers, to save room, and are none. */
  readonly isReal: boolean;
}

/** A page of the tree, and where in its list of cells the scan is. */
interface Level {
  readonly page: Buffer;
  head: number;
  cells: number;
  next: number;
}

/** Longer rows are left to SQLite. */
const MOST_PAYLOAD = 1 << 29;
const MOST_DEPTH = 24;
/** Bytes of the values of the kinds below 12. */
const SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
const [INTEGER_8, REAL, ZERO, ONE, FIRST_BYTES] = [6, 7, 8, 9, 12];
const NAN_EXPONENT = 0x7ff;

/**
 * Rows of one table in rowid order, with all their values, from the pages of a database file as they are laid out:
 * https://sqlite.org/fileformat2.html. SQLite reads a long row page by page, each through a call of the system.
 *
 * Nothing in the file may change meanwhile, and the tree is one of which `readPages` told the leaves: its rowids rise.
 * Its text is in UTF-8.
 *
 *     before a row --next--> at a row --addTo--> at a row --next--> … --> end --restart--> before a row
 *           '-------next-------'-----------> odd: what is laid out otherwise than expected is for SQLite to read
 */
export class TableScan {
  rowid = -1;
  /** Which rows are wanted: the rowid of the first, and that of the one behind the last. */
  #from = -Infinity;
  #to = Infinity;
  readonly #levels: Level[] = [];
  #depth = 0;
  /** So many pages may be entered: who enters more goes round in a circle. */
  #pagesLeft = 0;
  #row: Buffer = Buffer.allocUnsafeSlow(1 << 16);
  readonly #kinds: Float64Array;
  readonly #starts: Float64Array;

  constructor(
    private readonly window: PageWindow,
    private readonly root: number,
    private readonly columns: readonly ScannedColumn[],
  ) {
    this.#kinds = new Float64Array(columns.length);
    this.#starts = new Float64Array(columns.length + 1);
    this.restart(-Infinity, Infinity);
  }

  /** Begins anew, before the first row with a rowid of at least `from`; rows from `to` on are not wanted. */
  restart(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
    this.rowid = -1;
    this.#depth = 0;
    this.#pagesLeft = this.window.layout.count;
    if (!this.#enter(this.root)) this.#depth = -2;
  }

  next(): 'row' | 'odd' | 'end' {
    for (;;) {
      if (this.#depth < 0) return this.#depth === -1 ? 'end' : 'odd';
      const level = this.#levels[this.#depth] as Level;
      const { page, head, cells } = level;
      if (page[head] === LEAF) {
        if (level.next < cells) {
          const cell = page.readUInt16BE(head + 8 + 2 * level.next++);
          const found = this.#take(page, cell);
          if (found !== 'before') return found;
        } else this.#depth--;
      } else if (level.next > cells) this.#depth--;
      else {
        if (this.rowid < this.#from) skipBefore(level, this.#from);
        const child = childAt(page, head, cells, level.next++);
        this.#depth++;
        if (!this.#enter(child)) this.#depth = -2;
      }
    }
  }

  /** Adds the values of the row at hand. */
  addTo(digests: ChunkDigests): void {
    const row = this.#row;
    for (let i = 0; i < this.columns.length; i++) {
      const { isRowid, isReal } = this.columns[i] as ScannedColumn;
      const kind = this.#kinds[i] as number;
      const start = this.#starts[i] as number;
      if (isRowid) digests.addInteger(this.rowid);
      else if (kind === 0) digests.add(null);
      else if (kind >= FIRST_BYTES) {
        const end = this.#starts[i + 1] as number;
        if (kind % 2 === 0) digests.addBytesOf(row, start, end);
        else digests.addTextOf(row, start, end);
      } else if (kind === REAL) digests.add(row.readDoubleBE(start));
      else if (kind === INTEGER_8) digests.add(row.readBigInt64BE(start));
      else {
        const value = kind === ZERO ? 0 : kind === ONE ? 1 : row.readIntBE(start, SIZES[kind] as number);
        if (isReal) digests.add(value);
        else digests.addInteger(value);
      }
    }
  }

  #enter(number: number): boolean {
    if (this.#depth >= MOST_DEPTH || this.#pagesLeft-- === 0) return false;
    const { size, usable } = this.window.layout;
    const level = (this.#levels[this.#depth] ??= { page: Buffer.allocUnsafeSlow(size), head: 0, cells: 0, next: 0 });
    const at = this.window.at(number);
    if (at < 0) return false;
    const { page } = level;
    this.window.bytes.copy(page, 0, at, at + size);
    level.head = number === 1 ? HEADER : 0;
    level.cells = page.readUInt16BE(level.head + 3);
    level.next = 0;
    const type = page[level.head];
    if (type !== LEAF && type !== INTERIOR) return false;
    return level.head + (type === LEAF ? 8 : 12) + 2 * level.cells <= usable;
  }

  /** Takes a row in hand, if it is wanted. */
  #take(page: Buffer, cell: number): 'row' | 'odd' | 'end' | 'before' {
    const [payload, afterPayload] = varint(page, cell);
    const [rowid, start] = varint(page, afterPayload);
    // Not so where one is NaN.
    if (!(payload <= MOST_PAYLOAD && rowid > this.rowid)) return 'odd';
    if (rowid >= this.#to) {
      this.#depth = -1;
      return 'end';
    }
    this.rowid = rowid;
    if (rowid < this.#from) return 'before';
    if (payload > this.#row.length) this.#row = Buffer.allocUnsafeSlow(2 * payload);
    return gatherPayload(this.window, page, start, payload, this.#row) && this.#split(payload) ? 'row' : 'odd';
  }

  /** Finds the fields. False where there are fewer, as rows have that were there before a column, or more. */
  #split(length: number): boolean {
    const row = this.#row;
    const fields = this.#kinds.length;
    const [headerEnd, afterSize] = varint(row, 0);
    if (!(headerEnd <= length)) return false;
    let [at, start] = [afterSize, headerEnd];
    for (let field = 0; field < fields; field++) {
      if (at >= headerEnd) return false;
      let kind = row[at] as number;
      if (kind < 0x80) at++;
      else [kind, at] = varint(row, at);
      this.#kinds[field] = kind;
      this.#starts[field] = start;
      if (kind >= FIRST_BYTES) start += Math.floor((kind - FIRST_BYTES) / 2);
      else {
        // Reserved; or no number, which SQLite reads as NULL.
        if (kind > ONE || (kind === REAL && isNaNAt(row, start))) return false;
        start += SIZES[kind] as number;
        // So large a number is no integer that was once a REAL.
        if (kind === INTEGER_8 && this.columns[field]?.isReal === true) return false;
      }
    }
    this.#starts[fields] = start;
    return at === headerEnd && start <= length;
  }
}

function isNaNAt(row: Buffer, start: number): boolean {
  return start + 8 > row.length || ((row.readUInt16BE(start) >> 4) & NAN_EXPONENT) === NAN_EXPONENT;
}

/** Passes over the pages below an interior one that have no row with a rowid of at least `from`. */
function skipBefore(level: Level, from: number): void {
  const { page, head, cells } = level;
  while (level.next < cells && keyAt(page, head, level.next) < from) level.next++;
}

/** What no rowid below the page before it is above. NaN where that is not told. */
function keyAt(page: Buffer, head: number, index: number): number {
  const [key] = varint(page, page.readUInt16BE(head + 12 + 2 * index) + 4);
  return key;
}

/** The page below an interior one; the last stands in its head. 0 where there is none. */
function childAt(page: Buffer, head: number, cells: number, index: number): number {
  if (index === cells) return page.readUInt32BE(head + 8);
  const cell = page.readUInt16BE(head + 12 + 2 * index);
  return cell + 4 <= page.length ? page.readUInt32BE(cell) : 0;
}

/**
 * Whether a declared type has REAL affinity, by the rules of SQLite:
 * https://sqlite.org/datatype3.html#determination_of_column_affinity
 */
export function isRealType(declared: string): boolean {
  return !/INT|CHAR|CLOB|TEXT|BLOB/i.test(declared) && /REAL|FLOA|DOUB/i.test(declared);
}
