import type { Database } from 'better-sqlite3';
import { UserError } from 'vlmbuild';

/** A table that is there, and its columns; names in lower case, as SQLite compares them. */
interface TraceTable {
  /** SQL for a column under the table's alias: `NULL` where the table has no such column. */
  column(alias: string, name: string): string;
  has(name: string): boolean;
  /** The column that is the rowid, if one is. */
  readonly rowid: string | undefined;
  /**
   * What names each row: the rowid, as an `id` that is no key may be missing in some rows or be in several, and no index
   * finds it; `id` in a view, or in a table without rowids; undefined where that is not there.
   */
  readonly address: 'id' | 'rowid' | undefined;
  /** Whether a column's values are integers where they can be: of integer affinity. */
  isInteger(name: string): boolean;
}

/** The tables an export reads. Databases of older recorders lack some of them, or some of their columns. */
export interface TraceTables {
  readonly events: TraceTable;
  readonly eventRewards: TraceTable | undefined;
  readonly outcomeRewards: TraceTable | undefined;
  /** SQL to order by a text column in the byte order of its UTF-8. */
  readonly inByteOrder: (column: string) => string;
}

const REQUIRED = ['id', 'session_id', 'event_type', 'model_name', 'provider', 'metadata', 'call_records'];

/** @throws UserError for a file that is no trace database, or too old a one to export. */
export function traceTables(db: Database, path: string): TraceTables {
  const events = tableOf(db, 'events');
  if (events === undefined) {
    throw new UserError(`\`${path}\` is no trace database: it has no table \`events\``, {
      next: 'give the input `db` a database that a rollout has recorded',
    });
  }
  const missing = REQUIRED.filter((name) => !events.has(name));
  if (missing.length > 0) {
    throw new UserError(
      `\`${path}\` is too old to export: \`events\` lacks ${missing.map((name) => `\`${name}\``).join(', ')}`,
      { next: 'record it again, or let its own tools bring it up to date' },
    );
  }
  const isUtf8 = db.pragma('encoding', { simple: true }) === 'UTF-8';
  // SQLite compares the bytes that the database keeps, and UTF-16 orders otherwise.
  if (!isUtf8) db.function('utf8_bytes', { deterministic: true }, (text: unknown) => Buffer.from(String(text)));
  return {
    events,
    eventRewards: tableOf(db, 'event_rewards'),
    outcomeRewards: tableOf(db, 'outcome_rewards'),
    inByteOrder: (column) => (isUtf8 ? `${column} COLLATE BINARY` : `utf8_bytes(${column})`),
  };
}

/** An error as people are told it: SQLite's own are about the file. */
export function unreadable(path: string, error: unknown): unknown {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  return new UserError(`\`${path}\` cannot be read as a database: ${(error as Error).message}`, {
    next: 'check the file with `sqlite3 FILE "pragma integrity_check"`, or take it from a backup',
    cause: error,
  });
}

function tableOf(db: Database, name: string): TraceTable | undefined {
  const stored = db
    .prepare<[string], { name: string; type: string; pk: number }>('SELECT name, type, pk FROM pragma_table_xinfo(?)')
    .all(name);
  if (stored.length === 0) return undefined;
  const types = new Map(stored.map((column) => [column.name.toLowerCase(), column.type.toUpperCase()]));
  // SQLite keeps an index for any primary key that is not the rowid.
  const origins = db.prepare('SELECT origin FROM pragma_index_list(?)').pluck().all(name);
  const [key, ...more] = stored.filter(({ pk }) => pk > 0);
  const hasRowids = db
    .prepare("SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND type = 'table' AND wr = 0")
    .get(name);
  const isRowid = key?.type.toUpperCase() === 'INTEGER' && more.length === 0 && !origins.includes('pk');
  const isIdRowid = isRowid && key.name.toLowerCase() === 'id';
  return {
    has: (column) => types.has(column),
    // Checked, because SQLite takes a quoted name that is no column for a string.
    column: (alias, column) => (types.has(column) ? `${alias}."${column}"` : 'NULL'),
    rowid: isRowid ? key.name.toLowerCase() : undefined,
    address:
      isIdRowid || hasRowids === undefined || types.has('rowid') ? (types.has('id') ? 'id' : undefined) : 'rowid',
    // By the first rule of https://sqlite.org/datatype3.html#determination_of_column_affinity
    isInteger: (column) => types.get(column)?.includes('INT') === true,
  };
}
