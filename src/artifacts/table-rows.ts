import type { Database } from 'better-sqlite3';
import type { RowsQuery } from './kind.js';
import { RowFinder } from './row-finder.js';
import { isRowidOf } from './sqlite-columns.js';
import type { PageLayout } from './sqlite-pages.js';

/** What a row has in a column. A number is an integer. */
export type RowValue = null | number | string | Buffer;
/**
 * The values of the columns, in a list that the next row is read into; `absent` where there is no such row, `odd` for one
 * that SQLite must be asked for.
 */
export type RowFound = RowValue[] | 'absent' | 'odd';

/** In a place among the fields of a row: the rowid itself. */
const ROWID = -1;

interface Column {
  /** Its place among the fields of a row. */
  readonly field: number;
  readonly isBytes: boolean;
  /** Of integer affinity: what is stored as an integer is one, and not a REAL that was stored so to save room. */
  readonly isInteger: boolean;
}

/**
 * Rows of one table by rowid, taken from the pages of a database file as they are laid out. SQLite reads a long row page by
 * page, each through a call of the system, and once more for a column that stands behind a long one.
 *
 * Nothing in the file may change meanwhile, as for `readPages`. What is not as it should be makes a row odd; so are numbers
 * that may be stored as what they are not.
 */
export class TableRows {
  /** By column: the last short text, as the finder keeps it. */
  readonly #texts: (string | undefined)[] = [];
  readonly #values: RowValue[];

  private constructor(
    private readonly finder: RowFinder,
    /** In the order of those that are asked for. */
    readonly columns: readonly Column[],
  ) {
    this.#values = columns.map(() => null);
  }

  /** Undefined for what SQLite must be asked. The database keeps its text in UTF-8. */
  static of(database: Database, file: number, layout: PageLayout, query: RowsQuery): TableRows | undefined {
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
    if (places.length < columns.length) return undefined;
    const fields = Math.max(0, ...places.map(({ field }) => field + 1));
    const finder = RowFinder.of(file, layout, root, fields);
    return finder && new TableRows(finder, places);
  }

  /** Bytes that are asked for as such are valid until the next row is read. */
  read(rowid: number | string): RowFound {
    if (typeof rowid === 'string' || !Number.isSafeInteger(rowid) || rowid < 0) return 'odd';
    const found = this.finder.find(rowid);
    if (found === 'absent') return found;
    const values = found === 'found' ? this.#take(rowid) : found;
    // Not all of its texts were looked at.
    if (values === 'odd') this.#texts.length = 0;
    return values;
  }

  #take(rowid: number): RowValue[] | 'odd' {
    const { finder, columns } = this;
    const { bytes } = finder;
    const values = this.#values;
    for (let column = 0; column < columns.length; column++) {
      const { field, isBytes, isInteger } = columns[column] as Column;
      if (field === ROWID) {
        values[column] = rowid;
        continue;
      }
      const kind = finder.kind(field);
      if (kind === 0) {
        values[column] = null;
        continue;
      }
      if (kind < 12) {
        // An integer of 8 bytes, a real number, and what is reserved.
        if (!isInteger || isBytes || kind === 6 || kind === 7 || kind > 9) return 'odd';
        values[column] = kind >= 8 ? kind - 8 : finder.integer(field);
        continue;
      }
      const start = finder.start(field);
      const end = finder.start(field + 1);
      if (isBytes) values[column] = bytes.subarray(start, end);
      else if (kind % 2 === 0) values[column] = Buffer.from(bytes.subarray(start, end));
      else {
        const before = finder.isAsBefore(field) ? this.#texts[column] : undefined;
        const text = before ?? bytes.toString(undefined, start, end);
        // What SQLite's reader makes of bytes that are no UTF-8 is for it to say.
        if (before === undefined && text.includes('\ufffd')) return 'odd';
        this.#texts[column] = text;
        values[column] = text;
      }
    }
    return values;
  }
}
