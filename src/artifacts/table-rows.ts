import type { Database } from 'better-sqlite3';
import type { RowsQuery } from './kind.js';
import { gatherPayload, type PageWindow } from './page-window.js';
import { isRowidOf } from './sqlite-columns.js';
import { HEADER, INTERIOR, LEAF } from './sqlite-pages.js';

/** What a row has in a column. A number is an integer. */
export type RowValue = null | number | string | Buffer;
/** The values of the columns; `absent` where there is no such row, `odd` for one that SQLite must be asked for. */
export type RowFound = RowValue[] | 'absent' | 'odd';

/** Longer rows are left to SQLite. */
const MOST_PAYLOAD = 1 << 29;
/** A longer buffer is given up with its row. */
const KEPT = 4 << 20;
const MOST_DEPTH = 24;
const [ABSENT, ODD] = [-1, -2];
/** In a place among the fields of a row: the rowid itself. */
const ROWID = -1;

interface Column {
  /** Its place among the fields of a row. */
  readonly field: number;
  readonly isBytes: boolean;
  /** Of integer affinity: what is stored as an integer is one, and not a REAL that was stored so to save room. */
  readonly isInteger: boolean;
}

/** A page on the way to a row, and which of its cells the last row was behind. */
interface Level {
  number: number;
  readonly page: Buffer;
  cell: number;
}

/**
 * Rows of one table by rowid, taken from the pages of a database file as they are laid out:
 * https://sqlite.org/fileformat2.html. SQLite reads a long row page by page, each through a call of the system, and once
 * more for a column that stands behind a long one.
 *
 * Nothing in the file may change meanwhile, as for `readPages`. What is not as it should be makes a row odd; so are numbers
 * that may be stored as what they are not.
 */
export class TableRows {
  readonly #levels: Level[] = [];
  /** How many pages the last leaf was below. */
  #leafDepth = 0;
  /** The leaf at hand: where its cells are listed, how many there are, and of which rows. */
  #leaf: Buffer = Buffer.alloc(0);
  #cells = 0;
  #count = 0;
  #first = Infinity;
  #last = -Infinity;
  /** The bytes of a row. */
  #row: Buffer = Buffer.allocUnsafeSlow(1 << 16);
  /** Of fields: what kind of value each has, and where it begins. */
  readonly #kinds: Float64Array;
  readonly #starts: Float64Array;

  private constructor(
    private readonly window: PageWindow,
    private readonly root: number,
    /** In the order of those that are asked for. */
    readonly columns: readonly Column[],
  ) {
    const fields = Math.max(0, ...columns.map(({ field }) => field + 1));
    this.#kinds = new Float64Array(fields);
    this.#starts = new Float64Array(fields + 1);
  }

  /** Undefined for what SQLite must be asked. The database keeps its text in UTF-8. */
  static of(database: Database, window: PageWindow, query: RowsQuery): TableRows | undefined {
    const { table, by, columns, bytes = [] } = query;
    if (!isRowidOf(database, table, by) || new Set(columns).size < columns.length) return undefined;
    const root = database
      .prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?")
      .pluck()
      .get(table);
    const stored = database
      .prepare<[string], { name: string; type: string; hidden: number }>(
        'SELECT name, type, hidden FROM pragma_table_xinfo(?)',
      )
      .all(table);
    // Some that are computed are not stored: then the others have other places.
    if (typeof root !== 'number' || stored.some(({ hidden }) => hidden !== 0)) return undefined;
    const places = columns.flatMap((column): Column | [] => {
      const isBytes = bytes.includes(column);
      if (isRowidOf(database, table, column)) return isBytes ? [] : { field: ROWID, isBytes, isInteger: true };
      const field = stored.findIndex(({ name }) => name.toLowerCase() === column.toLowerCase());
      // https://sqlite.org/datatype3.html#determination_of_column_affinity
      return field < 0 ? [] : { field, isBytes, isInteger: /INT/i.test(stored[field]?.type ?? '') };
    });
    return places.length < columns.length ? undefined : new TableRows(window, root, places);
  }

  /** Bytes that are asked for as such are valid until the next row is read. */
  read(rowid: number | string): RowFound {
    if (typeof rowid === 'string' || !Number.isSafeInteger(rowid) || rowid < 0) return 'odd';
    const cell = this.#find(rowid);
    if (cell === ABSENT) return 'absent';
    const length = cell === ODD ? ODD : this.#gather(cell);
    return length !== ODD && this.#split(length) ? this.#values(rowid) : 'odd';
  }

  /** Where the row begins in the leaf at hand. */
  #find(rowid: number): number {
    if ((rowid < this.#first || rowid > this.#last) && !this.#descend(rowid)) return ODD;
    const leaf = this.#leaf;
    let [low, high] = [0, this.#count - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const cell = leaf.readUInt16BE(this.#cells + 2 * middle);
      const found = rowidOf(leaf, cell);
      if (found === rowid) return cell;
      if (Number.isNaN(found)) return ODD;
      if (found < rowid) low = middle + 1;
      else high = middle - 1;
    }
    return ABSENT;
  }

  /** Takes the leaf in hand that has the row if any has. */
  #descend(rowid: number): boolean {
    this.#first = Infinity;
    this.#last = -Infinity;
    const { usable, size } = this.window.layout;
    let number = this.root;
    for (let depth = 0; depth < MOST_DEPTH; depth++) {
      const level = (this.#levels[depth] ??= { number: 0, page: Buffer.allocUnsafeSlow(size), cell: 0 });
      const { page } = level;
      if (level.number !== number && !this.#take(number, level, depth)) return false;
      const head = number === 1 ? HEADER : 0;
      const isLeaf = page[head] === LEAF;
      const cells = head + (isLeaf ? 8 : 12);
      const count = page.readUInt16BE(head + 3);
      if ((!isLeaf && page[head] !== INTERIOR) || cells + 2 * count > usable) return false;
      if (isLeaf) {
        this.#leafDepth = depth;
        this.#leaf = page;
        this.#cells = cells;
        this.#count = count;
        if (count === 0) return true;
        const first = rowidOf(page, page.readUInt16BE(cells));
        const last = rowidOf(page, page.readUInt16BE(cells + 2 * (count - 1)));
        // Not so where one is NaN.
        if (!(first <= last)) return false;
        this.#first = first;
        this.#last = last;
        return true;
      }
      number = childOf(level, head, cells, count, rowid);
    }
    return false;
  }

  #take(number: number, level: Level, depth: number): boolean {
    level.number = 0;
    // All leaves are as deep: the pages above them lie anywhere.
    if (depth < this.#leafDepth) {
      if (!this.window.copy(number, level.page)) return false;
    } else {
      const at = this.window.at(number);
      if (at < 0) return false;
      this.window.bytes.copy(level.page, 0, at, at + this.window.layout.size);
    }
    level.number = number;
    return true;
  }

  /** Copies the bytes of a row together, and tells how many there are. */
  #gather(cell: number): number {
    const leaf = this.#leaf;
    const payload = varint(leaf, cell);
    varint(leaf, varintEnd);
    const start = varintEnd;
    // Not so where it is NaN, too.
    if (!(payload <= MOST_PAYLOAD)) return ODD;
    return gatherPayload(this.window, leaf, start, payload, this.#reserve(payload)) ? payload : ODD;
  }

  #reserve(length: number): Buffer {
    if (length > this.#row.length || (this.#row.length > KEPT && length <= KEPT))
      this.#row = Buffer.allocUnsafeSlow(length > KEPT ? length : Math.min(KEPT, Math.max(1 << 16, 2 * length)));
    return this.#row;
  }

  /** Finds the fields that are asked for. False where the row is shorter than that, as rows before a new column are. */
  #split(length: number): boolean {
    const row = this.#row;
    const fields = this.#kinds.length;
    const headerEnd = varint(row, 0);
    if (!(headerEnd <= length)) return false;
    let [at, start] = [varintEnd, headerEnd];
    for (let field = 0; field < fields; field++) {
      if (at >= headerEnd) return false;
      let kind = row[at] as number;
      if (kind < 0x80) at++;
      else {
        kind = varint(row, at);
        at = varintEnd;
      }
      this.#kinds[field] = kind;
      this.#starts[field] = start;
      start += kind >= 12 ? Math.floor((kind - 12) / 2) : (SIZES[kind] as number);
    }
    this.#starts[fields] = start;
    return at <= headerEnd && start <= length;
  }

  #values(rowid: number): RowValue[] | 'odd' {
    const row = this.#row;
    const values: RowValue[] = [];
    for (const { field, isBytes, isInteger } of this.columns) {
      if (field === ROWID) {
        values.push(rowid);
        continue;
      }
      const kind = this.#kinds[field] as number;
      if (kind === 0) {
        values.push(null);
        continue;
      }
      if (kind < 12) {
        const size = SIZES[kind] as number;
        if (!isInteger || isBytes || size > 6 || kind > 9) return 'odd';
        values.push(kind >= 8 ? kind - 8 : row.readIntBE(this.#starts[field] as number, size));
        continue;
      }
      const [start, end] = [this.#starts[field] as number, this.#starts[field + 1] as number];
      if (isBytes) values.push(row.subarray(start, end));
      else if (kind % 2 === 0) values.push(Buffer.from(row.subarray(start, end)));
      else {
        const text = row.toString('utf8', start, end);
        // What SQLite's reader makes of bytes that are no UTF-8 is for it to say.
        if (text.includes('\ufffd')) return 'odd';
        values.push(text);
      }
    }
    return values;
  }
}

/** Bytes of the values of the kinds below 12; of those that are reserved, any. */
const SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

function rowidOf(leaf: Buffer, cell: number): number {
  varint(leaf, cell);
  return varint(leaf, varintEnd);
}

/** The page below an interior one that has the rowid if any has; 0 for a key that is not exact as a number. */
function childOf(level: Level, head: number, cells: number, count: number, rowid: number): number {
  const { page } = level;
  let [low, high] = [0, count];
  // Rows mostly come one after the other.
  for (let cell = level.cell - 1; cell <= level.cell + 1; cell++) {
    if (cell < low || cell >= high) continue;
    const key = keyAt(page, cells, cell);
    if (Number.isNaN(key)) return 0;
    if (key < rowid) low = cell + 1;
    else high = cell;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = keyAt(page, cells, middle);
    if (Number.isNaN(key)) return 0;
    if (key < rowid) low = middle + 1;
    else high = middle;
  }
  level.cell = low;
  if (low === count) return page.readUInt32BE(head + 8);
  const cell = page.readUInt16BE(cells + 2 * low);
  return cell + 4 <= page.length ? page.readUInt32BE(cell) : 0;
}

/** That no rowid behind a cell of an interior page is above. */
function keyAt(page: Buffer, cells: number, cell: number): number {
  return varint(page, page.readUInt16BE(cells + 2 * cell) + 4);
}

/** Where the last `varint` ended. */
let varintEnd = 0;

/** A variable-length integer: NaN where it is not exact as a number. Without anything for the collector: rows have some 40. */
function varint(page: Buffer, at: number): number {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = page[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      varintEnd = at + i + 1;
      return value <= Number.MAX_SAFE_INTEGER ? value : NaN;
    }
  }
  varintEnd = at + 9;
  return NaN;
}
